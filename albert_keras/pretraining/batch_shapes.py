"""The shapes of a corpus' batches, and how much of them is padding."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from albert_keras.pretraining.batches import predictions_for
from albert_keras.pretraining.record_batches import RecordBatches


class BatchShape(NamedTuple):
    """One shape that batches have.

    Attributes:
        batches: Batches of this shape in an epoch; a fraction where a batch
            reaches over the epoch's end.
        batch_size: Examples of a batch, B.
        sequence_length: Tokens of an example, padding included, S.
        predictions_per_seq: Masked positions of an example, P.
    """

    batches: float
    batch_size: int
    sequence_length: int
    predictions_per_seq: int

    @property
    def tokens(self) -> int:
        """Tokens of a batch, padding included."""
        return self.batch_size * self.sequence_length


class BatchShapes(NamedTuple):
    """All shapes that batches have.

    Attributes:
        shapes: The shapes.
        real_tokens: Tokens in an epoch that are no padding.
        sequence_length: The most tokens that an example may have; no batch
            need be of this length.
    """

    shapes: tuple[BatchShape, ...]
    real_tokens: int
    sequence_length: int

    def mean(self, of_shape: Callable[[BatchShape], float]) -> float:
        """A number for the mean batch.

        Args:
            of_shape: Gives it for one shape.
        """
        weighted = sum(s.batches * of_shape(s) for s in self.shapes)
        return weighted / sum(shape.batches for shape in self.shapes)

    @property
    def real_tokens_per_batch(self) -> float:
        """Tokens of the mean batch that are no padding."""
        return self.real_tokens / sum(shape.batches for shape in self.shapes)

    @property
    def padding_share(self) -> float:
        """The share of the computed tokens that is padding."""
        computed = self.mean(lambda shape: shape.tokens)
        return 1 - self.real_tokens_per_batch / computed


def shapes_of(batches: RecordBatches) -> BatchShapes:
    """The shapes that batches of some records have in training.

    Args:
        batches: The records, with buckets or without.
    """
    files, buckets = batches.files, batches.buckets
    options = files.manifest.options
    real_tokens = sum(manifest.tokens for manifest in files.manifests)
    longest = options.max_seq_length
    if buckets is None:
        shape = BatchShape(
            files.examples / batches.batch_size,
            batches.batch_size,
            longest,
            options.prediction_slots,
        )
        return BatchShapes((shape,), real_tokens, longest)
    counts = buckets.batches(files.length_histogram)
    return BatchShapes(
        tuple(
            BatchShape(
                int(count), size, length, predictions_for(length, options)
            )
            for count, size, length in zip(
                counts, buckets.batch_sizes, buckets.lengths, strict=True
            )
        ),
        real_tokens,
        longest,
    )
