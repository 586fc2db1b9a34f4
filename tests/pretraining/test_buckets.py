"""The lengths that batches are padded to."""

from itertools import combinations

import numpy as np
import pytest

from albert_keras.pretraining.buckets import (
    Buckets,
    choose_lengths,
    padding_share,
)


def computed(lengths, buckets):
    """Tokens of all examples, each padded to the first bucket it fits."""
    return sum(min(b for b in buckets if b >= length) for length in lengths)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("most", [1, 2, 3])
def test_no_other_lengths_leave_less_padding(seed, most):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 12, rng.integers(1, 30)) ** 2 % 19 + 1
    chosen = choose_lengths(np.bincount(lengths), most=most, padding=0.0)
    ends = np.unique(lengths)
    best = min(
        computed(lengths, [*others, ends[-1]])
        for others in combinations(ends[:-1], min(most, len(ends)) - 1)
    )
    assert len(chosen) <= most
    assert computed(lengths, chosen) == best


def test_no_more_lengths_than_the_padding_asks_for():
    histogram = np.bincount([10] * 50 + [20] * 50 + [30] * 50)
    # 60 of 90 tokens with one length; (10 + 30 + 30) with two, or 20 + 20 + 30.
    assert choose_lengths(histogram, padding=0.34) == (30,)
    assert choose_lengths(histogram, padding=0.33) in ((10, 30), (20, 30))
    assert choose_lengths(histogram, padding=0.14) == (10, 20, 30)


def test_lengths_are_multiples_that_hold_the_longest():
    lengths = [3, 9, 10, 17, 33]
    chosen = choose_lengths(np.bincount(lengths), padding=0.0, multiple_of=8)
    assert chosen == (8, 16, 24, 40)


def test_batches_of_as_many_tokens():
    buckets = Buckets.of_tokens((64, 100, 128), tokens=1024, multiple_of=4)
    assert buckets.batch_sizes == (16, 8, 8)
    # No batch is too small to be shared by the replicas.
    assert Buckets.of_tokens((512,), 100, multiple_of=6).batch_sizes == (6,)
    assert Buckets.of_batch_size((8, 16), 5).batch_sizes == (5, 5)


def test_examples_go_to_the_smallest_that_holds_them():
    buckets = Buckets.of_batch_size((4, 8), 3)
    assert buckets.bucket_of([1, 4, 5, 8]).tolist() == [0, 0, 1, 1]
    histogram = np.bincount([1, 4, 4, 4, 5])
    assert buckets.counts(histogram).tolist() == [4, 1]
    # One of the four is left and joins the longer one.
    assert buckets.batches(histogram).tolist() == [1, 1]
    # 18 real tokens; a batch of 3 × 4 and one of 3 × 8.
    assert padding_share(histogram, buckets) == pytest.approx(1 - 18 / 36)
    assert buckets.batches(np.bincount([4] * 6)).tolist() == [2, 0]
    with pytest.raises(ValueError, match=r"8 tokens\. Received: one of 9"):
        buckets.bucket_of([3, 9])


def test_what_is_out_of_range_is_refused():
    for lengths in ((), (8, 8), (0, 4), (16, 8)):
        with pytest.raises(ValueError, match="must be positive and ascend"):
            Buckets.of_batch_size(lengths, 1)
    with pytest.raises(ValueError, match="positive batch size"):
        Buckets((8,), (0,))
    with pytest.raises(ValueError, match="no examples"):
        choose_lengths([0, 0])
    with pytest.raises(ValueError, match="most=0"):
        choose_lengths([0, 1], most=0)
