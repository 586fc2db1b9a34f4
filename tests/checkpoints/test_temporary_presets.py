"""Models in other forms, where a preset is expected."""

import tempfile
import zipfile

import keras
import pytest
from command_call import call

import albert_keras as ak


@pytest.fixture
def keras_file(small_models, tmp_path):
    path = tmp_path / "model.keras"
    small_models["masked_lm"].save(path)
    return path


def test_messages_name_the_file_that_was_given(keras_file, capsys):
    model = ak.AlbertTextClassifier.from_preset(keras_file, num_classes=2)
    assert model.num_classes == 2
    said = capsys.readouterr().err
    assert str(keras_file) in said.replace("\n", "")
    assert tempfile.gettempdir() + "/albert-keras-" not in said
    with pytest.raises(ValueError, match=r"must be 32.*model\.keras"):
        ak.AlbertTextClassifier.from_preset(
            keras_file, num_classes=2, max_sequence_length=64
        )


def test_a_file_that_was_written_again_is_read_again(keras_file, small_models):
    before = ak.AlbertBackbone.from_preset(keras_file)
    small_models["classifier"].save(keras_file)
    after = ak.AlbertBackbone.from_preset(keras_file)
    expected = small_models["classifier"].backbone.get_weights()
    for weight, wanted in zip(after.get_weights(), expected, strict=True):
        assert (weight == wanted).all()
    assert len(before.weights) == len(after.weights)


@pytest.mark.parametrize("what", ["another model", "no archive", "a zip"])
def test_other_files_are_refused_in_a_sentence(tmp_path, what):
    path = tmp_path / "model.keras"
    if what == "another model":
        model = keras.Sequential([keras.layers.Input((2,))])
        model.add(keras.layers.Dense(1))
        model.save(path)
    elif what == "no archive":
        path.write_bytes(b"PK\x03\x04 and no more")
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("config.json", '["a", "list"]')
    for words in (
        ("fill-mask", str(path), "A [MASK]."),
        ("convert", str(path), str(tmp_path / "out"), "--to", "huggingface"),
        ("export", "tflite", str(path), str(tmp_path / "out.tflite")),
    ):
        ended = call(*words)
        assert ended.code == 2
        assert ended.stdout == ""
        assert ended.stderr.count("\n") == 1
        assert str(path) in ended.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["model.keras"]
