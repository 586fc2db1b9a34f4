"""Examples of many lengths, in memory, as batches of few shapes."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from albert_keras.pretraining.buckets import Buckets
from albert_keras.pretraining.filling import filled_up

Batch = tuple[Any, Any, Any]


class PlannedBatch(NamedTuple):
    """The examples of a batch, and what they are padded to.

    Attributes:
        bucket: index into the lengths of the buckets.
        examples: int64 [n]. Which examples it holds, as many as the bucket's
            batch size or, in the last batch of an epoch, fewer.
    """

    bucket: int
    examples: np.ndarray


class RaggedBatches:
    """Batches of examples of about one length each.

    Examples are sorted by length only as far as it saves padding: into the
    buckets. What is left of a bucket at the end of an epoch moves to the next
    longer one, so that only the very last batch is not full. It is filled up
    with examples of weight 0, so that every batch has the shape of its bucket.
    In each epoch every example is there once.

    The order of an epoch is decided by the seed and its number. As the lengths
    are known, a run goes on at any batch without reading what went before.

    Args:
        x: inputs: a tensor or a dictionary of them, for N examples. What is
            padded is a `tf.RaggedTensor` whose last dimension is ragged, `[N,
            (S)]` or, where an example is of several sequences, `[N, C, (S)]`.
        y: labels, likewise; ragged where each token has one.
        lengths: int [N]. Tokens of each example: of its longest sequence.
        buckets: the lengths and batch sizes.
        sample_weight: likewise, or None for ones, float32 [N].
        seed: int. Decides the order.

    Raises:
        ValueError: if there are no examples, or one is longer than every
            bucket.

    Example:
    ```python
    ids = tf.ragged.constant(tokenizer.encode_batch(texts), dtype="int32")
    lengths = ids.row_lengths().numpy()
    buckets = Buckets.of_batch_size(choose_lengths(np.bincount(lengths)), 32)
    x = {"token_ids": ids, "padding_mask": tf.ones_like(ids)}
    batches = RaggedBatches(x, labels, lengths, buckets, seed=1)
    model.fit(batches.training(skip=100), steps_per_epoch=1000)
    ```
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        lengths: Any,
        buckets: Buckets,
        sample_weight: Any = None,
        seed: int = 0,
    ) -> None:
        self.lengths = np.asarray(lengths)
        if not self.lengths.size:
            raise ValueError(
                "Batches are made of examples. Received: no examples."
            )
        self.buckets = buckets
        self.seed = seed
        self._bucket_of = buckets.bucket_of(self.lengths)
        if sample_weight is None:
            sample_weight = np.ones(len(self.lengths), "float32")
        self._examples = tf.nest.map_structure(
            _as_tensor, (x, y, sample_weight), expand_composites=False
        )
        histogram = np.bincount(self.lengths)
        self.batches_per_epoch = int(buckets.batches(histogram).sum())

    def plan(self, epoch: int, shuffle: bool = True) -> list[PlannedBatch]:
        """The batches of an epoch in their order.

        Args:
            epoch: int. Its number.
            shuffle: whether it has an order of its own; if False it is that of
                the examples, bucket by bucket.
        """
        order = np.arange(len(self.lengths))
        rng = np.random.default_rng((self.seed, epoch))
        if shuffle:
            order = rng.permutation(order)
        planned = []
        left = order[:0]
        for bucket, size in enumerate(self.buckets.batch_sizes):
            own = order[self._bucket_of[order] == bucket]
            # What is left of the shorter ones is first in line.
            waiting = np.concatenate([left, own])
            full = len(waiting) // size * size
            starts = range(0, full, size)
            planned += [
                PlannedBatch(bucket, waiting[start : start + size])
                for start in starts
            ]
            left = waiting[full:]
        if left.size:
            planned.append(PlannedBatch(bucket, left))
        if shuffle:
            planned = [planned[i] for i in rng.permutation(len(planned))]
        return planned

    def training(self, skip: int = 0) -> tf.data.Dataset:
        """Batches without end, each epoch in an order of its own.

        Args:
            skip: int. Batches to leave out at the start.

        Returns:
            A dataset of `(x, y, sample_weight)`, dense.
        """
        first_epoch, first = divmod(skip, self.batches_per_epoch)

        def planned() -> Iterator[tuple[int, np.ndarray]]:
            epoch, start = first_epoch, first
            while True:
                yield from self.plan(epoch)[start:]
                epoch, start = epoch + 1, 0

        return self._read(planned, tf.data.INFINITE_CARDINALITY)

    def evaluation(self) -> tf.data.Dataset:
        """Each example once, in an order that does not change.

        The order is that of `plan(0, shuffle=False)`, by which predictions are
        brought back into the order of the examples.

        Returns:
            A dataset of `(x, y, sample_weight)`, dense.
        """
        return self._read(
            lambda: iter(self.plan(0, shuffle=False)), self.batches_per_epoch
        )

    def _read(self, planned: Any, count: int) -> tf.data.Dataset:
        lengths = tf.constant(self.buckets.lengths, tf.int64)
        sizes = tf.constant(self.buckets.batch_sizes)

        def read(bucket: tf.Tensor, examples: tf.Tensor) -> Batch:
            def gathered(tensor: Any) -> tf.Tensor:
                rows = tf.gather(tensor, examples)
                if isinstance(rows, tf.RaggedTensor):
                    as_they_are = [-1] * (rows.shape.rank - 1)
                    return tf.ensure_shape(
                        rows.to_tensor(shape=[*as_they_are, lengths[bucket]]),
                        [None, *rows.shape[1:]],
                    )
                return rows

            batch = tf.nest.map_structure(
                gathered, self._examples, expand_composites=False
            )
            return filled_up(batch, sizes[bucket])

        batches = (
            tf.data.Dataset.from_generator(
                planned,
                output_signature=(
                    tf.TensorSpec([], tf.int64),
                    tf.TensorSpec([None], tf.int64),
                ),
            )
            .map(
                tf.autograph.experimental.do_not_convert(read),
                num_parallel_calls=tf.data.AUTOTUNE,
                deterministic=True,
            )
            .apply(tf.data.experimental.assert_cardinality(count))
        )
        settings = tf.data.Options()
        # As in `dataset`: each worker takes its part of every batch.
        settings.experimental_distribute.auto_shard_policy = (
            tf.data.experimental.AutoShardPolicy.DATA
        )
        return batches.with_options(settings).prefetch(tf.data.AUTOTUNE)


def _as_tensor(value: Any) -> Any:
    return value if tf.is_tensor(value) else tf.convert_to_tensor(value)
