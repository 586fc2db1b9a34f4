"""What surrounds the weights: out and in again, for every class and format."""

import functools

import keras
import numpy as np
import pytest
from checkpoint_models import differing, randomized, tiny_backbone

import albert_keras as ak
from albert_keras.models.albert_masked_lm_preprocessor import (
    AlbertMaskedLMPreprocessor,
)
from albert_keras.models.albert_text_classifier_preprocessor import (
    AlbertTextClassifierPreprocessor,
)

FORMATS = ["keras", "huggingface", "tensorflow"]
MULTI_LABEL = "multi_label_classification"
CLASSES = {
    "backbone": lambda b, m, t: b,
    "pretrainer": lambda b, m, t: ak.AlbertPretrainer(b, m),
    "masked_lm": lambda b, m, t: ak.AlbertMaskedLM(b, m),
    "classifier": lambda b, m, t: ak.AlbertTextClassifier(
        b, 2, t, dropout=0.5, labels=["näher", "far, far"]
    ),
    "no_names": lambda b, m, t: ak.AlbertTextClassifier(b, 2, t),
    "multi_label": lambda b, m, t: ak.AlbertTextClassifier(
        b, 3, t, labels=list("abc"), problem_type=MULTI_LABEL
    ),
    "regression": lambda b, m, t: ak.AlbertTextClassifier(
        b, 1, t, problem_type="regression"
    ),
    "probabilities": lambda b, m, t: ak.AlbertTextClassifier(
        b, 2, t, activation="softmax"
    ),
    "tagger": lambda b, m, t: ak.AlbertTokenClassifier(
        b, 3, t, dropout=0.25, labels=["O", "B-PER", "I-PER"]
    ),
    "chooser": lambda b, m, t: ak.AlbertMultipleChoice(b, t, dropout=0.25),
    "reader": lambda b, m, t: ak.AlbertQuestionAnswering(b, "v1", t),
    "reader_v2": lambda b, m, t: ak.AlbertQuestionAnswering(b, "v2", t),
}
# What a format has no place for; everything else travels.
REFUSED = {("reader_v2", "huggingface"): "head that one of Hugging Face's"}
# Hugging Face's classes of these have no pooler; no output depends on it.
WITHOUT_POOLER = ("masked_lm", "tagger", "reader")
# The tokenizer's files do not depend on the class.
CASES = [(name, "SentencePiece") for name in CLASSES] + [
    (name, "WordPiece") for name in ("pretrainer", "multi_label")
]


@pytest.fixture(scope="module")
def tokenizers(spiece):
    """With options that are not the defaults."""
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "É", "##b"]
    return {
        "SentencePiece": ak.AlbertTokenizer(
            str(spiece), False, True, True, special_symbols=False
        ),
        "WordPiece": ak.AlbertWordPieceTokenizer(
            pieces, lowercase=False, keep_accents=True
        ),
    }


@pytest.fixture(scope="module")
def model_of(tokenizers):
    @functools.cache
    def make(name, kind):
        tokenizer = tokenizers[kind]
        return randomized(
            CLASSES[name](
                tiny_backbone(dropout=0.25, attention_dropout=0.125),
                AlbertMaskedLMPreprocessor(tokenizer, sequence_length=24),
                AlbertTextClassifierPreprocessor(tokenizer, sequence_length=24),
            )
        )

    return make


def settings(model):
    """All that a model is made of but the weights and Keras' names."""

    def unnamed(value):
        if isinstance(value, dict):
            return {k: unnamed(v) for k, v in value.items() if k != "name"}
        return value

    config = keras.saving.serialize_keras_object(model)["config"]
    return unnamed(config)


def outputs(model):
    rows = np.random.default_rng(1).integers(5, 200, (2, 3, 8))
    ids = {
        name: rows if len(tensor.shape) == 3 else rows[:, 0]
        for name, tensor in model.input.items()
    }
    for name in ids:
        if name != "token_ids":
            ids[name] = np.ones_like(ids[name])
    found = model(ids, training=False)
    found = found if isinstance(found, dict) else {"logits": found}
    return {name: np.asarray(each) for name, each in found.items()}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("name", "kind"), CASES)
def test_everything_travels(name, kind, form, model_of, tmp_path):
    model = model_of(name, kind)
    if (name, form) in REFUSED:
        with pytest.raises(ValueError, match=REFUSED[name, form]):
            ak.checkpoints.save(model, tmp_path / "out", form)
        return
    ak.checkpoints.save(model, tmp_path / "out", form)
    again = ak.checkpoints.load(tmp_path / "out")
    assert type(again) is type(model)
    assert settings(again) == settings(model)
    lost = []
    if form == "huggingface" and name in WITHOUT_POOLER:
        lost = ["pooler/kernel", "pooler/bias"]
    assert sorted(differing(model, again)) == sorted(lost)
    expected = outputs(model)
    for output, value in outputs(again).items():
        np.testing.assert_array_equal(value, expected[output])
    if name != "backbone":
        ours, theirs = model.preprocessor, again.preprocessor
        text = "a [MASK] ''ÉB'' ab"
        assert theirs.tokenizer.encode(text) == ours.tokenizer.encode(text)
