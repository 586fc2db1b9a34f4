import argparse
import inspect

import numpy as np
import pytest
import tensorflow as tf
from export_models import backbone

import albert_keras as ak
from albert_keras.text.vocabulary import train_vocabulary


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vocabulary")
    lines = inspect.getsource(argparse).splitlines()
    train_vocabulary(
        [line for line in lines if line.strip()],
        folder,
        vocab_size=300,
        show_progress=False,
    )
    return ak.AlbertTokenizer(str(folder / "spiece.model"))


@pytest.fixture(scope="module")
def model():
    config = ak.AlbertConfig.named("albert_tiny_test")
    backbone = ak.AlbertBackbone.from_albert_config(
        config, vocabulary_size=300, initializer_range=0.3
    )
    return ak.AlbertPretrainer(backbone)


@pytest.fixture(scope="module")
def fill_mask(model, tokenizer):
    return ak.FillMask(model, tokenizer)


def probabilities(model, tokenizer, text):
    """Softmax at each mask, from the model called by hand, unpadded."""
    row = [
        tokenizer.cls_token_id,
        *tokenizer.encode(text),
        tokenizer.sep_token_id,
    ]
    ids = np.array([row])
    positions = np.flatnonzero(ids[0] == tokenizer.mask_token_id)
    logits = model(
        {
            "token_ids": ids,
            "segment_ids": np.zeros_like(ids),
            "padding_mask": np.ones_like(ids),
            "mask_positions": positions[None],
        }
    )["mlm_logits"][0]
    exponentials = np.exp(np.asarray(logits, "float64"))
    return exponentials / exponentials.sum(-1, keepdims=True)


def test_one_mask_gives_the_fields_of_the_model_card(
    fill_mask, model, tokenizer
):
    text = "Add the [MASK] to a parser."
    guesses = fill_mask(text, top_k=4)
    expected = probabilities(model, tokenizer, text)[0]
    assert len(guesses) == 4
    best = np.argsort(-expected)[:4]
    for guess, token in zip(guesses, best, strict=True):
        assert list(guess) == ["sequence", "score", "token", "token_str"]
        assert guess["token"] == token
        assert guess["score"] == pytest.approx(expected[token], rel=1e-4)
        assert guess["token_str"] == tokenizer.id_to_token(int(token))
        piece = guess["token_str"].replace("▁", " ").strip()
        if guess["token_str"].startswith("▁"):
            assert guess["sequence"] == f"add the {piece} to a parser."


def test_several_masks_keep_each_other(fill_mask, model, tokenizer):
    text = "Add [MASK] parser to [MASK]"
    first, second = fill_mask(text, top_k=2)
    expected = probabilities(model, tokenizer, text)
    assert [g["token"] for g in first] == list(np.argsort(-expected[0])[:2])
    assert [g["token"] for g in second] == list(np.argsort(-expected[1])[:2])
    assert all("[MASK]" in guess["sequence"] for guess in first + second)
    assert first[0]["sequence"].endswith("parser to[MASK]") or first[0][
        "sequence"
    ].endswith("parser to [MASK]")


def test_a_batch_gives_what_its_texts_give(fill_mask):
    texts = [
        "A [MASK].",
        "Print [MASK] and [MASK], a much longer line than the others",
        "[MASK] usage",
    ]
    batch = fill_mask(texts, top_k=3)
    assert len(batch) == 3
    for text, result in zip(texts, batch, strict=True):
        alone = fill_mask(text, top_k=3)
        if text.count("[MASK]") == 1:
            alone, result = [alone], [result]
        for ours, theirs in zip(result, alone, strict=True):
            assert [g["token"] for g in ours] == [g["token"] for g in theirs]
            np.testing.assert_allclose(
                [g["score"] for g in ours],
                [g["score"] for g in theirs],
                rtol=1e-4,
            )
    assert fill_mask([]) == []


def test_targets_restrict_the_guesses_and_not_the_scores(
    fill_mask, model, tokenizer
):
    text = "Add the [MASK] to it"
    expected = probabilities(model, tokenizer, text)[0]
    guesses = fill_mask(text, targets=["the", "of", "to"])
    assert {g["token_str"] for g in guesses} == {"▁the", "▁of", "▁to"}
    scores = [guess["score"] for guess in guesses]
    assert scores == sorted(scores, reverse=True)
    for guess in guesses:
        assert guess["score"] == pytest.approx(
            expected[guess["token"]], rel=1e-4
        )


@pytest.mark.parametrize(
    ("text", "options", "error", "message"),
    [
        ("no mask here", {}, ValueError, "at least one .MASK.*no mask here"),
        ("", {}, ValueError, "at least one .MASK"),
        (7, {}, TypeError, r"7 \(int\)"),
        ([7], {}, TypeError, r"7 \(int\)"),
        ("[MASK]", {"top_k": 0}, ValueError, "top_k=0"),
        ("[MASK]", {"targets": []}, ValueError, "non-empty list"),
        ("[MASK]", {"targets": "the"}, ValueError, "non-empty list"),
        ("[MASK]", {"targets": ["xylophone"]}, ValueError, "one piece"),
        ("[MASK] " + "a " * 40, {}, ValueError, "at most 30 tokens"),
    ],
)
def test_bad_input_is_named(fill_mask, text, options, error, message):
    with pytest.raises(error, match=message):
        fill_mask(text, **options)


def test_a_model_without_the_head(model, tokenizer):
    with pytest.raises(TypeError, match="AlbertBackbone"):
        ak.FillMask(model.backbone, tokenizer)


def test_a_model_without_a_tokenizer(model):
    with pytest.raises(ValueError, match="`tokenizer` must be given"):
        ak.FillMask(model)


@pytest.mark.parametrize("form", ["preset", "saved_model", "tflite"])
def test_rows_beyond_the_vocabulary_are_never_guessed(
    tokenizer, tmp_path, form
):
    pieces = tokenizer.vocabulary_size()
    model = ak.AlbertMaskedLM(
        backbone(vocabulary_size=pieces + 8),
        ak.AlbertMaskedLM.preprocessor_cls(tokenizer),
    )
    bias = model.masked_lm_head.output_bias
    bias.assign(np.where(np.arange(pieces + 8) < pieces, bias, 9.0))
    path = tmp_path / ("model.tflite" if form == "tflite" else "model")
    if form == "preset":
        model.save_to_preset(str(path))
    elif form == "saved_model":
        ak.export.saved_model(model, path, top_k=pieces)
    else:
        ak.export.tflite(model, path, sequence_length=16)
    guesses = ak.FillMask(path)("A [MASK] of it.", top_k=pieces)
    assert sorted(guess["token"] for guess in guesses) == list(range(pieces))
    assert sum(g["score"] for g in guesses) == pytest.approx(1.0, abs=1e-5)
    if form == "saved_model":
        served = tf.saved_model.load(str(path / "1"))
        found = served.signatures["fill_mask"](tf.constant(["A [MASK]."]))
        assert tf.reduce_max(found["tokens"]) == pieces - 1
