"""Fine-tuning starts from a model of any form."""

import keras
import numpy as np
import pytest

import albert_keras as ak
from albert_keras.tasks.start import Start


def weights_of(backbone):
    return {v.path: v.numpy() for v in backbone.weights}


def assert_same(backbone, expected):
    found, expected = weights_of(backbone), weights_of(expected)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


@pytest.mark.parametrize(
    ("form", "name"),
    [
        *(
            ("keras", name)
            for name in (
                *("masked_lm", "pretrainer", "classifier", "reader"),
                *("reader_v2", "tagger", "chooser"),
            )
        ),
        ("huggingface", "classifier"),
        *(("tensorflow", name) for name in ("pretrainer", "classifier")),
    ],
)
def test_encoder_and_tokenizer_of_every_form(
    small_models, small_tokenizer, tmp_path, form, name
):
    model = small_models[name]
    folder = ak.checkpoints.save(model, tmp_path / "model", format=form)
    backbone, tokenizer = Start(preset=str(folder)).load(0.3, "float32")
    assert_same(backbone, model.backbone)
    assert (backbone.dropout, backbone.attention_dropout) == (0.3, 0.3)
    assert tokenizer.proto == small_tokenizer.proto


def test_a_pooler_that_is_missing_is_said(small_models, tmp_path, capsys):
    folder = tmp_path / "without-pooler"
    ak.checkpoints.save(small_models["masked_lm"], folder, format="huggingface")
    backbone, _ = Start(preset=str(folder)).load(None, "float32")
    found = weights_of(backbone)
    for name, value in weights_of(small_models["masked_lm"].backbone).items():
        if not name.startswith("pooler"):
            np.testing.assert_array_equal(found[name], value)
    said = "has no pooler; that of the model begins with random values."
    assert said in capsys.readouterr().err


def test_an_encoder_takes_a_tokenizer_beside_it_or_another(
    small_models, small_tokenizer, tiny_vocabulary, tmp_path
):
    folder = str(tmp_path / "bare")
    small_models["backbone"].save_to_preset(folder)
    with pytest.raises(ValueError, match="must hold a tokenizer, or a vocab"):
        Start(preset=folder).load(None, "float32")
    other = tiny_vocabulary("a", "film")
    start = Start(preset=folder, tokenizer=str(other))
    backbone, tokenizer = start.load(None, "float32")
    assert_same(backbone, small_models["backbone"])
    assert tokenizer.proto == other.read_bytes()
    small_tokenizer.save_to_preset(folder)
    _, tokenizer = Start(preset=folder).load(None, "float32")
    assert tokenizer.proto == small_tokenizer.proto


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "bfloat16"])
def test_a_preset_of_another_dtype(
    small_models, small_tokenizer, tmp_path, dtype
):
    from export_models import backbone as make_backbone

    made = make_backbone(dtype=dtype)
    preprocessor = small_models["classifier"].preprocessor
    model = ak.AlbertTextClassifier(made, 2, preprocessor)
    model.save_to_preset(str(tmp_path / "preset"))
    start = Start(preset=str(tmp_path / "preset"))
    backbone, _ = start.load(None, "float32")
    assert backbone.dtype_policy == keras.DTypePolicy("float32")
    for name, value in weights_of(made).items():
        found = weights_of(backbone)[name]
        np.testing.assert_array_equal(found, value.astype("float32"))


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"config": "albert_mini"},
        {"tokenizer": "spiece.model"},
        {"preset": "x", "config": "albert_mini", "tokenizer": "spiece.model"},
    ],
)
def test_what_is_no_start_is_refused(given):
    with pytest.raises(ValueError, match="Either `preset`, or `config` and"):
        Start(**given)
