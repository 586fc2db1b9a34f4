import json
from collections import Counter
from math import sqrt
from pathlib import Path
from random import Random

import original
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from albert_keras.pretraining.segments import (
    draw_target_length,
    segment_pairs,
    truncate_pair,
)

ORIGINAL = json.loads(
    Path(__file__).with_name(original.GOLDENS).read_text("utf-8")
)["pairs"]


def cut(documents, index, length, rng, short=0.0, **options):
    return list(
        segment_pairs(
            documents,
            index,
            max_seq_length=length,
            short_seq_prob=short,
            rng=rng,
            **options,
        )
    )


def numbered(segments: int, tokens: int, first: int = 0) -> list[list[int]]:
    """A document whose tokens count up."""
    return [
        list(range(first + i * tokens, first + (i + 1) * tokens))
        for i in range(segments)
    ]


def is_run(ids: list[int]) -> bool:
    return ids == list(range(ids[0], ids[0] + len(ids)))


@pytest.mark.parametrize(
    ("case", "expected"),
    list(zip(original.PAIR_CASES, ORIGINAL, strict=True)),
    ids=str,
)
def test_the_same_pairs_as_the_original(case, expected):
    """Drawn from the same generator, they are the same to the last token."""
    documents = original.documents()
    for index, expected_pairs in enumerate(expected):
        made = cut(
            documents,
            index,
            case["max_seq_length"],
            Random(f"{case['seed']}:{index}"),
            short=case["short_seq_prob"],
            random_next=case.get("random_next", False),
        )
        assert [
            [a[0], a[-1], b[0], b[-1], label] for a, b, label in made
        ] == expected_pairs
        assert all(is_run(a) and is_run(b) for a, b, _ in made)


def test_label_1_is_the_swapped_pair():
    document = numbered(segments=8, tokens=5)
    labels = Counter()
    for seed in range(400):
        ((a, b, label),) = cut([document], 0, 100, Random(seed))
        labels[label] += 1
        first, second = (b, a) if label == 1 else (a, b)
        assert first + second == list(range(40))
    assert abs(labels[1] - 200) < 5 * sqrt(400 / 4)


def test_a_pair_is_split_between_segments_anywhere():
    document = numbered(segments=5, tokens=5)
    splits = Counter()
    for seed in range(400):
        ((a, b, label),) = cut([document], 0, 100, Random(seed))
        splits[len(b if label == 1 else a)] += 1
    assert set(splits) == {5, 10, 15, 20}
    assert all(abs(n - 100) < 5 * sqrt(75) for n in splits.values())


def test_segments_gather_until_the_target_and_none_is_lost():
    document = numbered(segments=12, tokens=5)
    pairs = cut([document], 0, 18, Random(0))
    # Three segments make the 15 tokens that fit.
    assert len(pairs) == 4
    assert sorted(t for a, b, _ in pairs for t in a + b) == list(range(60))


@pytest.mark.parametrize("single_segment", ["random", "skip"])
def test_a_lone_segment(single_segment):
    other = numbered(segments=6, tokens=4, first=1000)
    for seed in range(50):
        pairs = cut(
            [other, [[1, 2, 3]], other],
            1,
            20,
            Random(seed),
            single_segment=single_segment,
        )
        if single_segment == "skip":
            assert pairs == []
            continue
        ((a, b, label),) = pairs
        assert (a, label) == ([1, 2, 3], 1)
        assert b[0] >= 1000
        assert is_run(b)
        # From where it begins, to the target or to the document's end.
        assert len(b) >= 14 or b[-1] == other[-1][-1]


def test_the_target_is_drawn_once_a_document():
    document = numbered(segments=500, tokens=1)
    for seed in range(20):
        pairs = cut([document], 0, 50, Random(seed), short=1.0)
        lengths = {len(a) + len(b) for a, b, _ in pairs[:-1]}
        assert len(lengths) <= 1


def test_target_lengths():
    rng = Random(0)
    drawn = Counter(draw_target_length(6, 0.5, rng) for _ in range(4000))
    assert set(drawn) == {2, 3, 4, 5, 6}
    for length in (2, 3, 4, 5):
        assert abs(drawn[length] - 400) < 5 * sqrt(360)
    assert {draw_target_length(6, 0.0, rng) for _ in range(99)} == {6}


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(2, 70), st.randoms())
def test_truncation_shortens_the_longer_side(length_a, length_b, most, rng):
    a, b = list(range(length_a)), list(range(100, 100 + length_b))
    short_a, short_b = truncate_pair(a, b, most, rng)
    assert is_run(short_a)
    assert is_run(short_b)
    assert set(short_a) <= set(a)
    assert set(short_b) <= set(b)
    assert len(short_a) + len(short_b) == min(most, length_a + length_b)
    if len(short_a) < length_a and len(short_b) < length_b:
        assert len(short_a) - len(short_b) in (0, 1)


def test_truncation_takes_from_both_ends_alike():
    fronts = sum(
        truncate_pair(list(range(100)), [0], 51, Random(seed))[0][0]
        for seed in range(200)
    )
    assert abs(fronts - 5000) < 5 * sqrt(200 * 50 / 4)


@settings(deadline=None)
@given(
    st.lists(
        st.lists(st.lists(st.integers(5, 99), min_size=1), min_size=1),
        min_size=1,
        max_size=4,
    ),
    st.integers(5, 40),
    st.floats(0, 1),
    st.randoms(),
)
def test_pairs_of_any_documents_fit(documents, length, short, rng):
    for index in range(len(documents)):
        for a, b, label in cut(documents, index, length, rng, short):
            assert a
            assert b
            assert len(a) + len(b) <= length - 3
            assert label in (0, 1)
