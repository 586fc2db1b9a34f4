"""Which lengths batches are padded to, and how many examples each holds.

Padding all examples to the longest wastes most of what is computed where most
are short. So each example goes to the smallest of a few lengths that it fits:
few, as every shape is compiled once by XLA, and fitted to the data, as these
lengths decide how much padding is left.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True)
class Buckets:
    """The lengths of batches, and the examples in a batch of each.

    Args:
        lengths: Tokens of a padded example, ascending.
        batch_sizes: Examples in a batch of each length.

    Raises:
        ValueError: If the lengths do not ascend, or there is not a positive
            batch size for each.

    Example:

    ```python
    lengths = choose_lengths(histogram, most=8)
    buckets = Buckets.of_tokens(lengths, tokens=32 * 512, multiple_of=8)
    ```
    """

    lengths: tuple[int, ...]
    batch_sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        steps = np.diff([0, *self.lengths])
        if not self.lengths or (steps < 1).any():
            raise ValueError(
                "The lengths of buckets must be positive and ascend. "
                f"Received: {', '.join(map(str, self.lengths)) or 'none'}."
            )
        if len(self.batch_sizes) != len(self.lengths) or not all(
            size > 0 for size in self.batch_sizes
        ):
            raise ValueError(
                "Every bucket must have a positive batch size. Received: "
                f"lengths={self.lengths}, batch_sizes={self.batch_sizes}."
            )

    @classmethod
    def of_batch_size(cls, lengths: Iterable[int], batch_size: int) -> Buckets:
        """Batches of as many examples, whatever their length.

        That is what the batch size of a fine-tuning recipe means.

        Args:
            lengths: As for the class.
            batch_size: Examples in a batch.
        """
        lengths = tuple(lengths)
        return cls(lengths, (batch_size,) * len(lengths))

    @classmethod
    def of_tokens(
        cls, lengths: Iterable[int], tokens: int, multiple_of: int = 1
    ) -> Buckets:
        """Batches of about as many tokens, whatever their length.

        Args:
            lengths: As for the class.
            tokens: The most tokens in a batch, padding included.
            multiple_of: Every batch size is a multiple of it, and no smaller:
                the number of replicas, times that of micro-batches.
        """
        lengths = tuple(lengths)
        return cls(
            lengths,
            tuple(
                max(tokens // length // multiple_of, 1) * multiple_of
                for length in lengths
            ),
        )

    def bucket_of(self, lengths: Any) -> np.ndarray:
        """The index of the bucket that each example goes to.

        Args:
            lengths: Integers of any shape, the tokens of each example.

        Returns:
            int64 array of that shape.

        Raises:
            ValueError: If an example is longer than every bucket.
        """
        lengths = np.asarray(lengths)
        if lengths.size and lengths.max() > self.lengths[-1]:
            raise ValueError(
                "No example may be longer than the longest bucket, "
                f"{self.lengths[-1]} tokens. Received: one of {lengths.max()}."
            )
        return np.searchsorted(self.lengths, lengths)

    def counts(self, histogram: Sequence[int] | np.ndarray) -> np.ndarray:
        """How many examples each bucket gets.

        Args:
            histogram: Number of examples by their length, from 0.

        Returns:
            int64 array, in the order of the lengths.
        """
        present = np.flatnonzero(histogram)
        return np.bincount(
            self.bucket_of(present),
            np.asarray(histogram)[present],
            minlength=len(self.lengths),
        ).astype(np.int64)

    def batches(self, histogram: Sequence[int] | np.ndarray) -> np.ndarray:
        """How many batches of each bucket an epoch has.

        What does not fill a batch moves to the next longer bucket. So only the
        very last batch, in the longest one, need be filled up, and how many
        there are does not depend on the order.

        Args:
            histogram: As in `counts`.

        Returns:
            int64 array, in the order of the lengths.
        """
        batches = []
        left = 0
        for count, size in zip(
            self.counts(histogram), self.batch_sizes, strict=True
        ):
            full, left = divmod(int(count) + left, size)
            batches.append(full)
        batches[-1] += left > 0
        return np.array(batches)


def choose_lengths(
    histogram: Sequence[int] | np.ndarray,
    *,
    most: int = 8,
    padding: float = 0.04,
    multiple_of: int = 1,
) -> tuple[int, ...]:
    """The fewest lengths that leave little padding, or the best of so many.

    Of all lists with as many lengths it is the one that computes the fewest
    tokens: found by dynamic programming over the lengths that occur. What it
    costs that batches are to be full is not counted.

    Args:
        histogram: Number of examples by their length, from 0.
        most: The most lengths to use.
        padding: Share of the computed tokens that may be padding.
        multiple_of: Every length is a multiple of it.

    Returns:
        The lengths, ascending; the last one holds the longest example.

    Raises:
        ValueError: If there are no examples, or an argument is out of range.
    """
    histogram = np.asarray(histogram, np.int64)
    present = np.flatnonzero(histogram)
    if not present.size:
        raise ValueError(
            "Lengths are chosen for examples. Received: no examples."
        )
    if most < 1 or multiple_of < 1 or not 0 <= padding < 1:
        raise ValueError(
            "`most` and `multiple_of` must be positive and `padding` a share. "
            f"Received: most={most}, multiple_of={multiple_of}, "
            f"padding={padding}."
        )
    rounded = -(-present // multiple_of) * multiple_of
    ends = np.unique(rounded[rounded > 0]) if present[-1] else np.array([1])
    upto = np.concatenate(
        [[0], np.cumsum(histogram)[np.minimum(ends, len(histogram) - 1)]]
    )
    # cost[i, j]: tokens of the examples longer than the i-th end and no longer
    # than the j-th, all padded to the j-th. Row 0 is "longer than nothing".
    cost = ends * (upto[None, 1:] - upto[:, None]).astype(np.float64)
    cost[np.arange(len(ends))[None] < np.arange(len(ends) + 1)[:, None]] = (
        np.inf
    )
    allowed = float(present @ histogram[present]) / (1 - padding)
    total = cost[0]
    choices: list[np.ndarray] = []
    while total[-1] > allowed and len(choices) + 1 < min(most, len(ends)):
        # One length more: the best place i for the one before the last.
        extended = total[:, None] + cost[1:]
        choices.append(extended.argmin(axis=0))
        total = extended.min(axis=0)
    place = len(ends) - 1
    chosen = [place]
    for previous in reversed(choices):
        place = previous[place]
        chosen.append(place)
    return tuple(int(ends[place]) for place in reversed(chosen))


def padding_share(
    histogram: Sequence[int] | np.ndarray, buckets: Buckets
) -> float:
    """The share of an epoch's computed tokens that are padding.

    Args:
        histogram: Number of examples by their length, from 0.
        buckets: What they go to. What fills up the last batch is counted as
            padding.
    """
    histogram = np.asarray(histogram)
    real = int(np.arange(len(histogram)) @ histogram)
    examples = buckets.batches(histogram) * np.array(buckets.batch_sizes)
    computed = int(examples @ np.array(buckets.lengths))
    return 1 - real / computed
