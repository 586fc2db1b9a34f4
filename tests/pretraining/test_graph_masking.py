"""Masks drawn in the graph, held against the original's and the definition."""

import json
from math import sqrt
from pathlib import Path

import numpy as np
import original
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from albert_keras.pretraining.graph_masking import GraphMasker
from albert_keras.pretraining.graph_random import ExampleRandom
from albert_keras.pretraining.masking import prediction_budget

ORIGINAL = json.loads(
    Path(__file__).with_name(original.GOLDENS).read_text("utf-8")
)["masks"]
MASK = 4
VOCABULARY = 1000
MOST = 99


def masker(**options) -> GraphMasker:
    return GraphMasker(
        **{
            "mask_id": MASK,
            "vocabulary_size": VOCABULARY,
            "max_predictions_per_seq": 20,
            "masked_lm_prob": 0.15,
            "ngram": 3,
            "favor_shorter_ngram": True,
        }
        | options
    )


def mask(masker, rows, *, seed=1, epoch=0, first=0, width=None):
    """Masks rows of word starts; every token has an id of its own."""
    width = width or max(map(len, rows))
    starts = np.zeros((len(rows), width), bool)
    tokens = np.zeros((len(rows), width), "int32")
    for number, row in enumerate(rows):
        starts[number, : len(row)] = list(row)
        tokens[number, : len(row)] = 100 + np.arange(len(row))
    examples = first + tf.range(len(rows), dtype=tf.int64)
    masked = masker.mask(
        tf.constant(tokens),
        tf.constant([len(row) for row in rows]),
        tf.constant(starts),
        ExampleRandom(seed, tf.zeros_like(examples) + epoch, examples),
    )
    return tokens, [part.numpy() for part in masked]


def chosen_of(masked):
    """The positions of each row, without what fills up."""
    _, positions, _, weights = masked
    return [
        row[weight > 0].tolist()
        for row, weight in zip(positions, weights, strict=True)
    ]


words = st.lists(st.booleans(), max_size=40).map(bytes)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(
    st.lists(words, min_size=1, max_size=4).filter(any),
    st.integers(1, 25),
    st.floats(0, 1),
    st.integers(1, 5),
    st.booleans(),
    st.integers(0, 2**40),
)
def test_any_masks(rows, most, prob, ngram, shorter, seed):
    tokens, masked = mask(
        masker(
            max_predictions_per_seq=most,
            masked_lm_prob=prob,
            ngram=ngram,
            favor_shorter_ngram=shorter,
        ),
        rows,
        seed=seed,
    )
    changed, positions, labels, weights = masked
    assert positions.shape == labels.shape == weights.shape
    assert positions.shape[1] == most
    for number, (row, chosen) in enumerate(
        zip(rows, chosen_of(masked), strict=True)
    ):
        # The budget is never exceeded.
        length = len(row) + 3
        assert len(chosen) <= prediction_budget(length, most, prob)
        # Ascending, so none twice; and no padding among them.
        assert chosen == sorted(set(chosen))
        assert all(place < len(row) for place in chosen)
        # What fills up is zero.
        assert not positions[number, len(chosen) :].any()
        assert not labels[number, len(chosen) :].any()
        # The originals can be put back, and nothing else was touched.
        restored = changed[number].copy()
        restored[chosen] = labels[number, : len(chosen)]
        assert restored.tolist() == tokens[number].tolist()
        # A word is masked whole or not at all; the first token begins one.
        is_chosen = [place in chosen for place in range(len(row))]
        for before, now, starts in zip(
            is_chosen, is_chosen[1:], row[1:], strict=False
        ):
            assert starts or before == now


def test_of_one_token_that_token_is_masked():
    _, masked = mask(masker(), [b"\0", b"", b"\1"])
    assert chosen_of(masked) == [[0], [], [0]]


def test_a_word_larger_than_the_budget_is_left():
    # One word of nine tokens and one of one token; budget 2.
    _, masked = mask(masker(), [bytes([1] + [0] * 8 + [1])] * 50)
    assert chosen_of(masked) == [[9]] * 50


@pytest.mark.parametrize("name", original.MASK_CASES)
def test_the_same_statistics_as_the_original(name):
    case = original.MASK_CASES[name]
    sequences = [
        pair
        for pair in original.mask_sequences()
        for _ in range(original.MASK_REPEATS)
    ]
    _, masked = mask(
        masker(masked_lm_prob=original.MASK_PROB, ngram=original.NGRAM, **case),
        [a + b for a, b in sequences],
    )
    rows = [
        original.mask_statistics(
            a, b, [place + 1 + (place >= len(a)) for place in chosen]
        )
        for (a, b), chosen in zip(sequences, chosen_of(masked), strict=True)
    ]
    for statistic, (expected, variance) in ORIGINAL[name].items():
        mean = sum(row[statistic] for row in rows) / len(rows)
        # Both means have about this variance.
        assert abs(mean - expected) <= 4.5 * sqrt(2 * variance), statistic


def test_80_10_10_for_each_token():
    tokens, masked = mask(
        masker(masked_lm_prob=1.0, max_predictions_per_seq=MOST),
        [b"\1" * MOST] * 400,
    )
    changed = masked[0]
    is_chosen = np.zeros_like(tokens, bool)
    for row, chosen in zip(is_chosen, chosen_of(masked), strict=True):
        row[chosen] = True
    total = is_chosen.sum()
    assert total > 30_000
    is_mask = is_chosen & (changed == MASK)
    is_other = is_chosen & (changed != tokens) & ~is_mask
    for found, expected in (
        # One random replacement in a thousand is the mask, another the token.
        (is_mask.sum(), 0.8 + 0.1 / VOCABULARY),
        (is_other.sum(), 0.1 - 0.2 / VOCABULARY),
    ):
        error = sqrt(expected * (1 - expected) / total)
        assert abs(found / total - expected) < 4.5 * error
    # Replacements come from the whole vocabulary, special symbols included.
    counts = np.bincount(changed[is_other], minlength=VOCABULARY)
    assert len(counts) == VOCABULARY
    expected = is_other.sum() / VOCABULARY
    excess = ((np.delete(counts, MASK) - expected) ** 2 / expected).sum()
    assert abs(excess - VOCABULARY) < 4.5 * sqrt(2 * VOCABULARY)
    # Neighbours are drawn apart from each other, not n-gram by n-gram.
    neighbours = is_chosen[:, 1:] & is_chosen[:, :-1]
    both = (is_mask[:, 1:] & is_mask[:, :-1]).sum() / neighbours.sum()
    assert abs(both - 0.64) < 0.015


def test_decided_by_seed_epoch_and_number_alone():
    rows = [b"\1" * n for n in range(20, 60)]
    _, whole = mask(masker(), rows, width=64)
    # The same examples in other batches, of other widths and orders.
    _, part = mask(masker(), rows[10:20], first=10)
    for all_of_it, some in zip(whole[1:], part[1:], strict=True):
        assert all_of_it[10:20].tolist() == some.tolist()
    for other in ({"seed": 2}, {"epoch": 1}, {"first": 1}):
        _, again = mask(masker(), rows, width=64, **other)
        same = sum(
            a == b
            for a, b in zip(chosen_of(whole), chosen_of(again), strict=True)
        )
        assert same < 4


def test_random_numbers_are_uniform_and_independent():
    examples = tf.range(300, dtype=tf.int64)
    draws = [
        ExampleRandom(seed, examples * 0 + epoch, examples)
        .uniform(purpose, 300)
        .numpy()
        for seed, epoch, purpose in (
            (0, 0, 0),
            (0, 0, 1),
            (0, 1, 0),
            (1, 0, 0),
            (2**62, 5, 4),
        )
    ]
    for number, drawn in enumerate(draws):
        assert 0 <= drawn.min() < drawn.max() < 1
        counts, _ = np.histogram(drawn, 100, (0, 1))
        excess = ((counts - 900) ** 2 / 900).sum()
        assert abs(excess - 99) < 4.5 * sqrt(2 * 99)
        rows = np.corrcoef(drawn)[np.triu_indices(300, 1)]
        assert abs(rows).max() < 0.35
        for other in draws[:number]:
            correlation = np.corrcoef(drawn.ravel(), other.ravel())[0, 1]
            assert abs(correlation) < 0.015


@settings(deadline=None, max_examples=40, derandomize=True)
@given(
    st.lists(words, min_size=1, max_size=4).filter(any),
    st.integers(1, 25),
    st.integers(0, 2**40),
)
def test_permuted_tokens_change_places(rows, most, seed):
    # Random replacements are special ids here, which no token of the text is.
    tokens, masked = mask(
        masker(
            vocabulary_size=5,
            max_predictions_per_seq=most,
            do_permutation=True,
        ),
        rows,
        seed=seed,
    )
    changed, positions, labels, _ = masked
    assert positions.shape[1] == 2 * most
    for number, (row, chosen) in enumerate(
        zip(rows, chosen_of(masked), strict=True)
    ):
        assert chosen == sorted(set(chosen))
        assert len(chosen) <= 2 * prediction_budget(len(row) + 3, most, 0.15)
        restored = changed[number].copy()
        restored[chosen] = labels[number, : len(chosen)]
        assert restored.tolist() == tokens[number].tolist()
        # Kept or moved: the same tokens, in another order.
        there = [place for place in chosen if changed[number, place] >= 100]
        assert sorted(changed[number, there]) == tokens[number, there].tolist()


def test_as_many_tokens_are_moved_as_masked():
    tokens, masked = mask(
        masker(ngram=1, do_permutation=True), [b"\1" * 117] * 200
    )
    changed, _, _, weights = masked
    assert (weights.sum(axis=1) == 2 * 18).all()
    still = moved = 0
    for row, new, chosen in zip(
        tokens, changed, chosen_of(masked), strict=True
    ):
        there = [place for place in chosen if new[place] >= 100]
        still += (row[there] == new[there]).sum()
        moved += len(there)
    # As in test_masking.py.
    assert abs(still / 200 - (1 + 1.8)) < 0.6
    assert abs(moved / 200 - (18 + 3.6)) < 0.6
