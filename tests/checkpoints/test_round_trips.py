"""Out and in again: the same bits, in every form."""

import json

import numpy as np
import pytest
from checkpoint_models import differing, randomized, tiny_backbone

import albert_keras as ak
from albert_keras.checkpoints.model_parts import parts_of
from albert_keras.models.albert_masked_lm_preprocessor import (
    AlbertMaskedLMPreprocessor,
)
from albert_keras.models.albert_text_classifier_preprocessor import (
    AlbertTextClassifierPreprocessor,
)

MODELS = {
    "backbone": lambda p: tiny_backbone(),
    "pretrainer": lambda p: ak.AlbertPretrainer(tiny_backbone()),
    "masked_lm": lambda p: ak.AlbertMaskedLM(tiny_backbone()),
    "classifier": lambda p: ak.AlbertTextClassifier(tiny_backbone(), 3, p),
    "regression": lambda p: ak.AlbertTextClassifier(tiny_backbone(), 1),
    "token_classifier": lambda p: ak.AlbertTokenClassifier(tiny_backbone(), 5),
    "multiple_choice": lambda p: ak.AlbertMultipleChoice(tiny_backbone()),
    "question_answering": lambda p: ak.AlbertQuestionAnswering(tiny_backbone()),
    "conditional_spans": lambda p: ak.AlbertQuestionAnswering(
        tiny_backbone(), head="v2"
    ),
}


@pytest.fixture
def preprocessor(spiece):
    return AlbertTextClassifierPreprocessor(ak.AlbertTokenizer(str(spiece)))


@pytest.mark.parametrize("name", MODELS)
def test_every_weight_has_googles_names(name, preprocessor):
    """A variable that `parts_of` forgets would stay random."""
    model = MODELS[name](preprocessor)
    weights = {id(v) for v in model.weights}
    parts = list(parts_of(model))
    assert {id(part.variable) for part in parts} == weights
    names = [name for part in parts for name in part.names]
    assert len(names) == len(set(names))


def test_fused_kernel_is_query_key_value_side_by_side(tmp_path):
    import tensorflow as tf

    backbone = randomized(tiny_backbone())
    ak.checkpoints.save(backbone, tmp_path / "out", "tensorflow")
    reader = tf.train.load_checkpoint(str(tmp_path / "out/model.ckpt-best"))
    fused = backbone.encoder.blocks[3].attention.query_key_value.kernel.numpy()
    scope = "bert/encoder/transformer/group_1/inner_group_1/attention_1/self"
    for number, part in enumerate(("query", "key", "value")):
        np.testing.assert_array_equal(
            reader.get_tensor(f"{scope}/{part}/kernel"),
            fused[:, 16 * number : 16 * (number + 1)],
        )


def test_tokenizer_travels(preprocessor, tmp_path):
    tokenizer = preprocessor.tokenizer
    model = ak.AlbertMaskedLM(
        tiny_backbone(), AlbertMaskedLMPreprocessor(tokenizer)
    )
    text = "Wrap the [MASK] text, 2,010."
    for form in ("keras", "huggingface", "tensorflow"):
        folder = ak.checkpoints.save(model, tmp_path / form, form)
        again = ak.checkpoints.load(folder)
        assert type(again) is ak.AlbertMaskedLM
        assert again.preprocessor.tokenizer.encode(text) == tokenizer.encode(
            text
        )


def test_tokenizer_json_cuts_the_same(preprocessor, tmp_path):
    import tokenizers

    tokenizer = preprocessor.tokenizer
    model = MODELS["classifier"](preprocessor)
    ak.checkpoints.save(model, tmp_path / "out", "huggingface")
    theirs = tokenizers.Tokenizer.from_file(
        str(tmp_path / "out" / "tokenizer.json")
    )
    for text in ("Wrap the Text", "a [MASK] of it", "naïve   ﬁne", "2,010, x"):
        expected = [2, *tokenizer.encode(text), 3]
        assert theirs.encode(text).ids == expected, text
    settings = json.loads((tmp_path / "out/tokenizer_config.json").read_text())
    assert settings["do_lower_case"] is True


def test_the_same_preset_as_other_classes(tmp_path):
    pretrainer = randomized(ak.AlbertPretrainer(tiny_backbone()))
    ak.checkpoints.save(pretrainer, tmp_path / "out")
    load = ak.checkpoints.load
    backbone = load(tmp_path / "out", ak.AlbertBackbone)
    assert differing(pretrainer.backbone, backbone) == []
    masked_lm = load(tmp_path / "out", ak.AlbertMaskedLM)
    for ours, theirs in zip(
        masked_lm.masked_lm_head.get_weights(),
        pretrainer.masked_lm_head.get_weights(),
        strict=True,
    ):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(ValueError, match=r"classifier.*init_missing_heads"):
        load(tmp_path / "out", ak.AlbertTextClassifier, num_classes=2)
    classifier = load(
        tmp_path / "out",
        ak.AlbertTextClassifier,
        num_classes=2,
        init_missing_heads=True,
    )
    assert differing(pretrainer.backbone, classifier.backbone) == []


def test_equal_sizes_have_no_projection(tmp_path):
    """google has none; what is written for Hugging Face is the identity."""
    backbone = randomized(tiny_backbone(embedding_dim=16))
    assert backbone.embeddings.projection is None
    for form in ("huggingface", "tensorflow"):
        folder = ak.checkpoints.save(backbone, tmp_path / form, form)
        again = ak.checkpoints.load(folder, ak.AlbertBackbone)
        assert differing(backbone, again) == []


def test_settings_travel(tmp_path):
    backbone = tiny_backbone(
        dropout=0.25,
        attention_dropout=0.125,
        activation="gelu_erf",
        layer_norm_epsilon=1e-7,
    )
    model = ak.AlbertTextClassifier(backbone, 3, dropout=0.5)
    ak.checkpoints.save(model, tmp_path / "out", "huggingface")
    settings = json.loads((tmp_path / "out" / "config.json").read_text())
    assert settings["hidden_act"] == "gelu"  # Hugging Face's name of erf's
    again = ak.checkpoints.load(tmp_path / "out")
    assert again.backbone.get_config() | {"name": ""} == (
        backbone.get_config() | {"name": ""}
    )
    assert again.dropout == 0.5
    norm = again.backbone.encoder.blocks[0].attention_layer_norm
    assert norm.epsilon == 1e-7


def test_overrides(tmp_path):
    ak.checkpoints.save(tiny_backbone(), tmp_path / "out", "tensorflow")
    model = ak.checkpoints.load(
        tmp_path / "out", num_heads=4, activation="relu", dtype="mixed_bfloat16"
    )
    assert (model.num_heads, model.activation) == (4, "relu")
    assert model.dtype_policy.name == "mixed_bfloat16"


def test_a_loaded_model_can_be_trained(preprocessor, tmp_path):
    model = MODELS["classifier"](preprocessor)
    ak.checkpoints.save(model, tmp_path / "out", "huggingface")
    again = ak.checkpoints.load(tmp_path / "out")
    before = again.backbone.pooler.kernel.numpy()
    again.fit(["wrap text", "a list"], [0, 1], verbose=0)
    assert not np.array_equal(before, again.backbone.pooler.kernel.numpy())


def test_what_a_form_has_no_place_for(tmp_path):
    erf = tiny_backbone(activation="gelu_erf")
    with pytest.raises(ValueError, match="activation that google's code has"):
        ak.checkpoints.save(erf, tmp_path / "out", "tensorflow")
    loose = tiny_backbone(layer_norm_epsilon=1e-5)
    with pytest.raises(ValueError, match=r"epsilon.*1e-12.*Received: 1e-05"):
        ak.checkpoints.save(loose, tmp_path / "out", "tensorflow")
    two = ak.AlbertMaskedLM(tiny_backbone(), head_layer_norm_epsilon=1e-5)
    with pytest.raises(ValueError, match="one epsilon"):
        ak.checkpoints.save(two, tmp_path / "out", "huggingface")
    spans = ak.AlbertQuestionAnswering(tiny_backbone(), head="v2")
    with pytest.raises(ValueError, match="head that one of Hugging Face's"):
        ak.checkpoints.save(spans, tmp_path / "out", "huggingface")
    assert list(tmp_path.iterdir()) == []


def test_what_peers_ignore_is_said(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr("albert_keras.checkpoints.saving.say", said.append)
    ak.checkpoints.save(
        ak.AlbertTextClassifier(tiny_backbone(), 2, activation="softmax"),
        tmp_path / "classifier",
        "tensorflow",
    )
    ak.checkpoints.save(
        ak.AlbertTokenClassifier(tiny_backbone(), 2),
        tmp_path / "tagger",
        "huggingface",
    )
    activation, pooler = said
    assert "activation (softmax) is stored for albert-keras alone" in activation
    assert "AlbertForTokenClassification has no pooler" in pooler


def test_nothing_is_replaced_unasked(tmp_path):
    backbone = tiny_backbone()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "precious").write_text("x")
    for form in ("keras", "huggingface", "tensorflow"):
        with pytest.raises(FileExistsError, match="overwrite"):
            ak.checkpoints.save(backbone, tmp_path / "out", form)
    assert (tmp_path / "out" / "precious").read_text() == "x"
    ak.checkpoints.save(backbone, tmp_path / "out", overwrite=True)
    assert not (tmp_path / "out" / "precious").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
