"""The same 200 inputs to Keras, SavedModel and .tflite: the same answers."""

import functools

import numpy as np
import pytest

import albert_keras as ak
from albert_keras.inference import (
    Answer,
    Choose,
    Classify,
    FillMask,
    Tag,
)

INPUTS = 200
# A score may differ by as much; a decision only where two are as close.
TOLERANCE = 1e-4
OTHERS = ["saved_model", "tflite"]


@pytest.fixture(scope="module")
def ask(form):
    """What a model answers in the form of a preset, and in another form."""

    @functools.cache
    def loaded(name, each):
        return ak.inference.load(form(name, each)).model

    def ask(task, name, other, *inputs, **options):
        models = [
            task(loaded(name, each), **options) for each in ("preset", other)
        ]
        return [list(model(*inputs)) for model in models]

    return ask


def assert_close(expected, found):
    """Holds scores together, and all else the same, through any nesting."""
    if isinstance(expected, dict):
        assert expected.keys() == found.keys()
        for name in expected:
            assert_close(expected[name], found[name])
    elif isinstance(expected, list):
        assert len(expected) == len(found)
        for one, other in zip(expected, found, strict=True):
            assert_close(one, other)
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, abs=TOLERANCE)
    else:
        assert found == expected


def assert_all_close(expected, found, least_different):
    assert len(expected) == len(found) == INPUTS
    # Inputs that all got one answer would show nothing.
    assert len({repr(each) for each in expected}) >= least_different
    for one, other in zip(expected, found, strict=True):
        assert_close(one, other)


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("name", ["masked_lm", "pretrainer"])
def test_fill_mask(ask, lines, name, other):
    texts = []
    for number, line in enumerate(lines[:INPUTS]):
        words = line[:12].split(" ")
        words.insert(number % (len(words) + 1), "[MASK]")
        # More masks than the .tflite takes at once.
        texts.append(" ".join(words) + "[MASK]" * (number % 4))
    assert_all_close(*ask(FillMask, name, other, texts), INPUTS // 2)


@pytest.mark.parametrize("other", OTHERS)
def test_embed(ask, lines, other):
    for pooling in ("mean", "cls", "pooled"):
        options = {"pooling": pooling, "normalize": pooling != "cls"}
        expected, found = ask("backbone", other, lines[:INPUTS], **options)
        np.testing.assert_allclose(found, expected, atol=TOLERANCE)
        assert np.std(expected, axis=0).min() > 10 * TOLERANCE


@pytest.mark.parametrize("other", OTHERS)
def test_classify(ask, lines, other):
    answers = ask(Classify, "classifier", other, lines[:INPUTS])
    assert_all_close(*answers, INPUTS // 2)
    pairs = ask(
        Classify, "classifier", other, lines[:INPUTS], lines[100:][:INPUTS]
    )
    assert_all_close(*pairs, INPUTS // 2)
    assert pairs[0] != answers[0]


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("name", ["reader", "reader_v2"])
def test_answer(ask, lines, name, other):
    passages = [
        "\n".join(lines[number : number + 2 + number % 5])
        for number in range(INPUTS)
    ]
    expected, found = ask(
        Answer,
        name,
        other,
        lines[-INPUTS:],
        passages,
        top_k=2,
        null_threshold=0.2,
    )
    assert_all_close(expected, found, INPUTS // 2)
    if name == "reader_v2":
        assert 20 < sum(each["answer"] == "" for each in expected) < 180


@pytest.mark.parametrize("other", OTHERS)
def test_tag(ask, lines, other):
    texts = [" ".join(lines[n : n + 1 + n % 3]) for n in range(INPUTS)]
    tags = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
    expected, found = ask(Tag, "tagger", other, texts, labels=tags)
    assert_all_close(expected, found, INPUTS // 2)
    assert sum(len(each["entities"]) for each in expected) > INPUTS


@pytest.mark.parametrize("other", OTHERS)
def test_choose(ask, lines, other):
    options = [lines[n + 1 : n + 3 + n % 3] for n in range(INPUTS)]
    assert_all_close(
        *ask(
            Choose,
            "chooser",
            other,
            lines[:INPUTS],
            options,
            lines[50:][:INPUTS],
        ),
        INPUTS // 2,
    )
