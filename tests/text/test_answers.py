"""Answers from windows: by hand, by a plain search, and by the original."""

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest

from albert_keras.text import answers
from albert_keras.text.answers import Passage, Span


def passage(first, words, max_context=None):
    """Windows over "w0 w1 w2 ...": each word a token of its own."""
    starts = np.array([3 * word for word in words])
    flags = np.ones(len(words), bool) if max_context is None else max_context
    return Passage(first, starts, starts + 2, np.array(flags))


GOLDENS = json.loads(
    Path(__file__).with_name("answer_goldens.json").read_text("utf-8")
)
CONTEXT = " ".join(f"w{i}" for i in range(10))


def brute_force(start, end, part, n_best, longest):
    """The definition: every pair of tokens, the best `n_best` of each side."""
    tokens = range(len(part.starts))
    by = {
        name: sorted(tokens, key=lambda t, s=s: -s[part.first + t])[:n_best]
        for name, s in (("start", start), ("end", end))
    }
    return {
        (
            part.starts[s],
            part.ends[e],
            start[part.first + s],
            end[part.first + e],
        )
        for s, e in itertools.product(by["start"], by["end"])
        if s <= e < s + longest and part.is_max_context[s]
    }


@pytest.mark.parametrize("seed", range(20))
def test_logits_against_all_pairs(seed):
    random = np.random.default_rng(seed)
    part = passage(4, range(7), random.random(7) < 0.7)
    start, end = random.normal(size=(2, 14)).astype("float32")
    n_best, longest = int(random.integers(1, 9)), int(random.integers(1, 8))
    found = answers.spans_of_logits(start, end, part, n_best, longest)
    assert set(found) == brute_force(start, end, part, n_best, longest)
    assert len(set(found)) == len(found)


def test_the_question_and_padding_take_no_place_among_the_best():
    start = end = np.array([9, 8, 7, 1, 2, 6, 5.0])
    found = answers.spans_of_logits(start, end, passage(3, [0, 1]), n_best=2)
    assert set(found) == {(0, 2, 1, 1), (0, 5, 1, 2), (3, 5, 2, 2)}


def beam(pairs):
    """Rows as the model gives them, of {start: {end: score}}."""
    return {
        "start_top_index": np.array(list(pairs)),
        "start_top_log_probs": np.array([-float(s) for s in pairs]),
        "end_top_index": np.array([e for ends in pairs.values() for e in ends]),
        "end_top_log_probs": np.array(
            [float(v) for ends in pairs.values() for v in ends.values()]
        ),
    }


def test_a_beam_keeps_its_ends_with_their_starts():
    rows = beam({5: {5: -1, 6: -2}, 6: {5: -3, 7: -4}})
    found = answers.spans_of_beam(rows, passage(5, [0, 1, 2]))
    assert set(found) == {(0, 2, -5, -1), (0, 5, -5, -2), (3, 8, -6, -4)}


@pytest.mark.parametrize(
    "ends",
    [
        {0: {0: 0}},  # [CLS]: no answer
        {4: {6: 0}},  # in the question
        {6: {5: 0}},  # ends before it begins
        {6: {8: 0}},  # ends behind the passage
        {5: {7: 0}},  # three tokens
        {7: {7: 0}},  # another window has more context
    ],
)
def test_what_no_beam_may_answer(ends):
    part = passage(5, [0, 1, 2], [True, True, False])
    assert answers.spans_of_beam(beam(ends), part, 2) == []


def test_windows_are_ranked_together():
    spans = [
        Span(0, 2, 1.0, 1.0),
        Span(3, 8, 2.0, 1.0),
        Span(0, 2, 0.5, 0.0),  # the same text from another window
        Span(9, 11, -1.0, 0.0),
    ]
    best = answers.rank(CONTEXT, spans, n_best=2)
    assert [entry["text"] for entry in best] == ["w1 w2", "w0"]
    odds = math.exp(3 - 2)
    assert best[0]["probability"] == pytest.approx(odds / (1 + odds))
    assert [(b["start"], b["end"]) for b in best] == [(3, 8), (0, 2)]
    assert best[1]["start_log_prob"] == best[1]["end_log_prob"] == 1


def test_offsets_are_those_of_the_text():
    (best,) = answers.rank("a  bc  d", [Span(1, 7, 0.0, 0.0)])
    assert (best["text"], best["start"], best["end"]) == ("bc", 3, 5)


def test_no_span_is_an_empty_answer():
    (best,) = answers.rank("abc", [])
    assert (best["text"], best["probability"]) == ("", 1)


def test_the_threshold_decides_for_no_answer():
    ranked = {q: [{"text": q}] for q in "abc"}
    odds = {"a": -1.0, "b": 0.0, "c": 2.0}
    assert answers.choose(ranked) == {q: q for q in "abc"}
    assert answers.choose(ranked, odds) == {q: q for q in "abc"}
    chosen = answers.choose(ranked, odds, threshold=0)
    assert chosen == {"a": "a", "b": "", "c": ""}


def original_spans(golden, head):
    for window in golden["windows"]:
        part = passage(
            window["first"], window["words"], window["is_max_context"]
        )
        start, end = np.array(window["start"]), np.array(window["end"])
        if head == "v1":
            yield from answers.spans_of_logits(start, end, part, 6, 4)
        else:
            rows = {
                "start_top_index": np.array(window["beam_start"]),
                "start_top_log_probs": start[window["beam_start"]],
                "end_top_index": np.array(window["beam_end"]),
                "end_top_log_probs": end[window["beam_end"]],
            }
            yield from answers.spans_of_beam(rows, part, 4)


@pytest.mark.parametrize("golden", GOLDENS)
@pytest.mark.parametrize("head", ["v1", "v2"])
def test_the_original_answers_alike(golden, head):
    spans = original_spans(golden, head)
    found = answers.rank(golden["context"], spans, n_best=6)
    for ours, theirs in zip(found, golden[head], strict=True):
        for name, value in theirs.items():
            assert ours[name] == pytest.approx(value, abs=1e-12), name
    if head == "v2":
        odds = {"q": min(w["cls"] for w in golden["windows"])}
        assert odds["q"] == golden["null_odds"]
        chosen = answers.choose({"q": found}, odds, threshold=0)
        assert chosen["q"] == golden["prediction"]
