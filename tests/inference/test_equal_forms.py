"""The same 200 inputs to Keras, SavedModel and .tflite: the same answers."""

import functools

import numpy as np
import pytest

import albert_keras as ak
from albert_keras.inference import (
    Answer,
    Choose,
    Classify,
    Embed,
    FillMask,
    Tag,
)

INPUTS = 200
TOLERANCE = 1e-4
# Of 200 answers a few stand on two scores that are equal to the last bit.
TIES = 2
OTHERS = ["saved_model", "tflite"]


@pytest.fixture(scope="module")
def ask(model_form):
    """What a model answers in the form of a preset, and in another form."""

    @functools.cache
    def loaded(name, each):
        return ak.inference.load(model_form(name, each)).model

    def ask(task, name, other, *inputs, **options):
        models = [
            task(loaded(name, each), **options) for each in ("preset", other)
        ]
        return [list(model(*inputs)) for model in models]

    return ask


def scores_and_rest(answer):
    """All scores of an answer, in order, and the answer without them."""
    if isinstance(answer, float):
        return [answer], None
    if isinstance(answer, dict):
        scores, rest = scores_and_rest(list(answer.values()))
        return scores, dict(zip(answer, rest, strict=True))
    if not isinstance(answer, list):
        return [], answer
    parts = [scores_and_rest(each) for each in answer]
    scores = [score for each, _ in parts for score in each]
    return scores, [rest for _, rest in parts]


def assert_all_close(expected, found, least_different):
    assert len(expected) == len(found) == INPUTS
    # Inputs that all got one answer would show nothing.
    assert len({repr(each) for each in expected}) >= least_different
    different = []
    for one, other in zip(expected, found, strict=True):
        (scores, rest), (others, other_rest) = map(
            scores_and_rest, (one, other)
        )
        if rest != other_rest:
            different.append((one, other))
        if len(scores) == len(others):
            assert others == pytest.approx(scores, abs=TOLERANCE)
    assert len(different) <= TIES, different


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
        expected, found = ask(
            Embed, "backbone", other, lines[:INPUTS], **options
        )
        np.testing.assert_allclose(found, expected, atol=TOLERANCE)
        assert np.std(expected, axis=0).min() > 10 * TOLERANCE


@pytest.mark.parametrize("other", OTHERS)
def test_classify(ask, lines, other):
    answers = ask(Classify, "classifier", other, lines[:INPUTS])
    assert_all_close(*answers, INPUTS // 2)
    others = lines[100:][:INPUTS]
    pairs = ask(Classify, "classifier", other, lines[:INPUTS], others)
    assert_all_close(*pairs, INPUTS // 2)
    assert pairs[0] != answers[0]


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("name", ["reader", "reader_v2"])
def test_answer(ask, lines, name, other):
    passages = [
        "\n".join(lines[number : number + 2 + number % 5])
        for number in range(INPUTS)
    ]
    questions = lines[-INPUTS:]
    few, _ = ask(Answer, name, other, questions[::10], passages[::10])
    # So that about half of the questions have no answer.
    median = float(np.median([each.get("null_odds", 0) for each in few]))
    options = {"top_k": 2, "null_threshold": median + 0.01}
    expected, found = ask(Answer, name, other, questions, passages, **options)
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
    contexts = lines[50:][:INPUTS]
    answers = ask(Choose, "chooser", other, lines[:INPUTS], options, contexts)
    assert_all_close(*answers, INPUTS // 2)
