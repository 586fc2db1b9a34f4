"""Which form a model is in, what it takes to load it, and what is refused."""

import json
import shutil
import subprocess
import sys

import pytest

import albert_keras as ak
from albert_keras.inference.loading import load_model

LOAD = """
import sys
import albert_keras as ak
model = ak.inference.load(sys.argv[1])
print(model.task)
print(model("a parser of options")["label"])
print(sorted({"tensorflow", "keras_hub"} & set(sys.modules)))
"""


@pytest.mark.parametrize(
    ("form", "modules"),
    [("saved_model", "['tensorflow']"), ("tflite", "[]")],
)
def test_an_export_loads_no_more_than_it_takes(model_form, form, modules):
    path = model_form("classifier", form)
    said = subprocess.run(
        [sys.executable, "-c", LOAD, str(path)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    expected = ak.inference.load(model_form("classifier", "preset"))
    label = expected("a parser of options")["label"]
    assert said == ["classify", str(label), modules]


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("backbone", "embed"),
        ("masked_lm", "fill-mask"),
        ("pretrainer", "fill-mask"),
        ("classifier", "classify"),
        ("reader_v2", "answer"),
        ("tagger", "tag"),
        ("chooser", "choose"),
    ],
)
def test_a_preset_says_what_it_is_for(model_form, name, task):
    assert ak.inference.load(model_form(name, "preset")).task == task


def test_the_newest_version_is_loaded(model_form, tmp_path):
    source = model_form("classifier", "saved_model") / "1"
    for version in ("2", "10", "notes"):
        shutil.copytree(source, tmp_path / version)
    about = tmp_path / "10" / "assets.extra" / "model.json"
    content = json.loads(about.read_text())
    about.write_text(json.dumps({**content, "labels": ["x", "y", "z"]}))
    assert load_model(tmp_path).labels == ("x", "y", "z")
    assert load_model(tmp_path / "2").labels is None


def test_a_preset_embeds_whatever_its_head(model_form):
    embed = ak.inference.Embed(model_form("classifier", "preset"))
    assert embed("a text").shape == (16,)


ASK = """
import sys
import albert_keras as ak
print(ak.inference.load(sys.argv[1])("who?", "Ann did.")["score"])
"""


def test_a_class_that_nobody_has_imported(model_form):
    path = str(model_form("reader", "preset"))
    found = subprocess.check_output([sys.executable, "-c", ASK, path])
    expected = ak.inference.load(path)("who?", "Ann did.")["score"]
    assert float(found) == pytest.approx(expected, abs=1e-6)


def test_a_released_model_brings_its_tokenizer(
    small_models, small_tokenizer, monkeypatch
):
    asked = []

    def load(name, model_class):
        asked.append((name, model_class))
        return small_models["masked_lm"]

    monkeypatch.setattr("albert_keras.checkpoints.load", load)
    embed = ak.inference.Embed("albert_base_v2")
    backbone = small_models["masked_lm"].backbone
    expected = ak.inference.Embed(backbone, small_tokenizer)("a text")
    assert embed("a text") == pytest.approx(expected, abs=1e-6)
    assert ak.FillMask("hf://user/model")("a [MASK]", top_k=1)
    names = ["albert_base_v2", "hf://user/model"]
    assert asked == [(names[0], None), (names[1], ak.AlbertMaskedLM)]


def test_labels_go_with_a_preset_and_its_exports(model_form, tmp_path):
    preset = tmp_path / "preset"
    shutil.copytree(model_form("classifier", "preset"), preset)
    # As older releases wrote them.
    (preset / "labels.json").write_text('{"labels": ["a", "é", "c"]}', "utf-8")
    assert load_model(preset).labels == ("a", "é", "c")
    model = ak.AlbertTextClassifier.from_preset(preset)
    assert model.labels == ("a", "é", "c")
    model.labels = ["x", "y", "é"]
    model.save_to_preset(str(preset))
    assert not (preset / "labels.json").exists()
    assert load_model(preset).labels == ("x", "y", "é")
    loaded = ak.AlbertTextClassifier.from_preset(preset)
    assert loaded.labels == ("x", "y", "é")
    new = ak.AlbertTextClassifier.from_preset(preset, num_classes=2)
    assert new.labels is None
    (preset / "task.json").unlink()
    (preset / "labels.json").write_text('{"labels": "abc"}')
    with pytest.raises(ValueError, match=r"labels.json` must hold a list"):
        load_model(preset)


def test_word_pieces_in_all_forms(tmp_path):
    from export_models import backbone, randomize

    from albert_keras.models.albert_text_classifier_preprocessor import (
        AlbertTextClassifierPreprocessor,
    )

    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "有", "層", "##x"]
    tokenizer = ak.AlbertWordPieceTokenizer(pieces)
    model = randomize(
        ak.AlbertTextClassifier(
            backbone(), 3, AlbertTextClassifierPreprocessor(tokenizer, 16)
        )
    )
    model.save_to_preset(str(tmp_path / "preset"))
    ak.export.saved_model(model, tmp_path / "served")
    ak.export.tflite(model, tmp_path / "model.tflite", sequence_length=16)
    texts = ["有層", "層 有x", ""]
    expected = ak.inference.Classify(model)(texts)
    assert len({each["score"] for each in expected}) == 3
    for form in ("preset", "served", "model.tflite"):
        found = ak.inference.load(tmp_path / form)(texts)
        for one, other in zip(expected, found, strict=True):
            assert one["label"] == other["label"]
            assert one["score"] == pytest.approx(other["score"], abs=1e-5)


def test_a_file_of_one_pooling(small_models, small_tokenizer, tmp_path):
    path = tmp_path / "cls.tflite"
    backbone = small_models["backbone"]
    ak.export.tflite(backbone, path, tokenizer=small_tokenizer, pooling="cls")
    expected = ak.inference.Embed(backbone, small_tokenizer, pooling="cls")
    found = ak.inference.Embed(path, pooling="cls")
    text = "a parser of options"
    assert found(text) == pytest.approx(expected(text), abs=1e-5)
    with pytest.raises(ValueError, match="must be cls, the one that"):
        ak.inference.Embed(path, pooling="mean")


@pytest.fixture(scope="module")
def broken(small_models, model_form, tmp_path_factory):
    """What is no model, by what is wrong with it."""
    tmp_path = tmp_path_factory.mktemp("broken")
    served = model_form("classifier", "saved_model") / "1"
    for name in ("cut", "strange", "foreign", "no-weights"):
        shutil.copytree(served, tmp_path / name)
    graph = tmp_path / "cut" / "saved_model.pb"
    graph.write_bytes(graph.read_bytes()[:1000])
    extra = "assets.extra/model.json"
    (tmp_path / "strange" / extra).write_text('{"model": "BERT"}')
    (tmp_path / "foreign" / extra).unlink()
    shutil.rmtree(tmp_path / "no-weights" / "variables")
    model = small_models["classifier"]
    ak.export.saved_model(model, tmp_path / "ids", text=False)
    ak.export.tflite(model, tmp_path / "ids.tflite", text=False)
    lite = model_form("classifier", "tflite").read_bytes()
    (tmp_path / "cut.tflite").write_bytes(lite[: len(lite) // 2])
    (tmp_path / "text.tflite").write_bytes(b"no model at all")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "error", "sentence"),
    [
        ("absent", FileNotFoundError, "where there is nothing. Models in"),
        ("absent.tflite", FileNotFoundError, "Models in .*cut.tflite"),
        ("cut", ValueError, "must be "),
        ("strange", ValueError, "must (hold|be of)"),
        ("foreign", ValueError, "that albert-keras wrote"),
        ("no-weights", ValueError, "must be a whole SavedModel"),
        ("ids", ValueError, "must hold a vocabulary"),
        ("ids.tflite", ValueError, "must hold a vocabulary"),
        ("cut.tflite", ValueError, "must be a whole TensorFlow Lite file"),
        ("text.tflite", ValueError, "must be a whole TensorFlow Lite file"),
    ],
)
def test_what_is_no_model_is_named(broken, name, error, sentence):
    with pytest.raises(error, match=sentence):
        load_model(broken / name)


def test_a_tokenizer_can_be_given(broken, small_tokenizer, small_models):
    expected = ak.inference.Classify(small_models["classifier"])("a parser")
    for name in ("ids", "ids.tflite"):
        classify = ak.inference.Classify(broken / name, small_tokenizer)
        assert classify("a parser")["label"] == expected["label"]
