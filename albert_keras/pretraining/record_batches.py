"""Which records make up which batch, decided by the seed and the epoch."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np

from albert_keras.pretraining.buckets import Buckets
from albert_keras.pretraining.pair_records import item_bytes
from albert_keras.pretraining.segments import SPECIAL_TOKENS_PER_PAIR
from albert_keras.pretraining.shard_files import RecordPlace, ShardFiles

if TYPE_CHECKING:
    import tensorflow as tf

# Records on disk are in random order already; this buffer gives each epoch an
# order of its own. At 512 tokens a record has about 2.8 kB.
_SHUFFLE_RECORDS = 16_384

# Files read in turn, and records taken from each at a turn.
_FILES_AT_ONCE = 8
_RECORDS_A_TURN = 16


@dataclasses.dataclass(frozen=True, kw_only=True)
class RecordBatches:
    """The records of a corpus, batch after batch, not yet parsed.

    Without buckets, epochs follow each other without a gap: a batch may hold
    the last records of one epoch and the first of the next. With buckets an
    epoch ends with a batch that is not full; so every epoch has as many
    batches, and whole ones are skipped unread.

    Args:
        files: The corpus.
        batch_size: Examples in a batch; with buckets these say it.
        shuffle: Whether each epoch has an order of its own, or that on disk.
        seed: Decides the order.
        buckets: The lengths that records are sorted by, or None.
    """

    files: ShardFiles
    batch_size: int
    shuffle: bool = True
    seed: int = 0
    buckets: Buckets | None = None

    def batches_per_epoch(self) -> int:
        """Batches of an epoch that stands alone."""
        if self.buckets is None:
            return math.ceil(self.files.examples / self.batch_size)
        return int(self.buckets.batches(self.files.length_histogram).sum())

    def read(self, *, repeat: bool, skip: int = 0) -> tf.data.Dataset:
        """Reads the batches in their order.

        Args:
            repeat: Whether to go on for ever.
            skip: Number of batches to leave out at the start. Of those in the
                epoch that is begun with, the records are read and dropped;
                the epochs before are not read.

        Returns:
            A dataset of `(bucket, epochs, numbers, records)`: int64 [], and
            int64, int64 and string [B].
        """
        import tensorflow as tf

        as_written = tf.autograph.experimental.do_not_convert
        if self.buckets is None:
            first_epoch, first_record = divmod(
                skip * self.batch_size, self.files.examples
            )
            done = tf.constant(first_record, tf.int64)
            epochs = _epochs(first_epoch, repeat).flat_map(
                as_written(
                    lambda epoch: self._records_of(epoch).skip(
                        tf.where(epoch == first_epoch, done, 0)
                    )
                )
            )
            batches = epochs.batch(self.batch_size, drop_remainder=repeat)
            per_epoch = self.batches_per_epoch()
            plain = batches.map(
                as_written(
                    lambda epochs, numbers, records: (
                        tf.constant(0, tf.int64),
                        epochs,
                        numbers,
                        records,
                    )
                )
            )
            return _counted(plain, per_epoch - skip, repeat)
        per_epoch = self.batches_per_epoch()
        first_epoch, first_batch = divmod(skip, per_epoch)
        done = tf.constant(first_batch, tf.int64)
        sorted_batches = _epochs(first_epoch, repeat).flat_map(
            as_written(
                lambda epoch: self._sorted(self._records_of(epoch)).skip(
                    tf.where(epoch == first_epoch, done, 0)
                )
            )
        )
        return _counted(sorted_batches, per_epoch - skip, repeat)

    def places(self, batch: int) -> list[RecordPlace]:
        """Where the records of one batch lie.

        Args:
            batch: Its number in the endless stream, from 0.

        Returns:
            The places, in the order of the batch.
        """
        stream = self.read(repeat=True, skip=batch)
        (read,) = stream.take(1)
        return [self.files.place_of(int(number)) for number in read[2].numpy()]

    def _records_of(self, epoch: tf.Tensor) -> tf.data.Dataset:
        """The (epoch, number, record) of each record, in the epoch's order."""
        import tensorflow as tf

        # In a traced function this is the seed of its own graph. Otherwise
        # that of the process would count too (and, being 0, would fail).
        tf.random.set_seed(1)
        order = tf.random.stateless_uniform(
            [], [self.seed, epoch], minval=None, maxval=None, dtype=tf.int64
        )
        files = self.files
        names = tf.data.Dataset.from_tensor_slices(
            (files.files, tf.constant(files.first_numbers, tf.int64))
        )
        if self.shuffle:
            names = names.shuffle(len(files.files), seed=order)
        records = names.interleave(
            lambda name, first: tf.data.TFRecordDataset(name).enumerate(first),
            cycle_length=_FILES_AT_ONCE,
            block_length=_RECORDS_A_TURN,
        )
        if self.shuffle:
            records = records.shuffle(
                min(files.examples, _SHUFFLE_RECORDS), seed=order
            )
        return records.map(lambda number, record: (epoch, number, record))

    def _sorted(self, records: tf.data.Dataset) -> tf.data.Dataset:
        """Batches of records of one bucket each, as these fill up."""
        import tensorflow as tf

        assert self.buckets is not None
        sizes = tf.constant(self.buckets.batch_sizes, tf.int64)

        def batch(
            bucket: tf.Tensor, window: tf.data.Dataset
        ) -> tf.data.Dataset:
            return window.batch(sizes[bucket]).map(
                lambda *records: (bucket, *records)
            )

        return records.scan(
            tf.zeros(len(self.buckets.lengths), tf.int64),
            self._assign_bucket,
        ).group_by_window(
            key_func=lambda bucket, *records: bucket,
            reduce_func=lambda bucket, window: batch(
                bucket, window.map(lambda bucket, *records: records)
            ),
            window_size_func=lambda bucket: sizes[bucket],
        )

    def _assign_bucket(
        self, taken: tf.Tensor, record: tuple[tf.Tensor, ...]
    ) -> tuple[tf.Tensor, tuple[tf.Tensor, ...]]:
        """The first bucket that a record fits into and that takes more.

        A bucket takes as many records of an epoch as make full batches, the
        longest one takes all that are left.

        Args:
            taken: int64 [K]. Records that each bucket has taken so far.
            record: Its epoch, its number and itself.
        """
        import tensorflow as tf

        assert self.buckets is not None
        lengths = np.array(self.buckets.lengths)
        batches = self.buckets.batches(self.files.length_histogram)
        limits = batches * np.array(self.buckets.batch_sizes)
        width = item_bytes(self.files.manifest.vocabulary_size)
        # An item of each record is its header.
        tokens = tf.strings.length(record[2]) // width - 1
        length = tf.cast(tokens + SPECIAL_TOKENS_PER_PAIR, tf.int64)
        bucket = tf.argmax((lengths >= length) & (taken < limits))
        taken += tf.one_hot(bucket, len(lengths), dtype=tf.int64)
        return taken, (bucket, *record)


def _epochs(first: int, repeat: bool) -> tf.data.Dataset:
    import tensorflow as tf

    return tf.data.Dataset.range(first, tf.int64.max if repeat else 1)


def _counted(
    batches: tf.data.Dataset, left: int, repeat: bool
) -> tf.data.Dataset:
    """Tells a dataset how many batches it has."""
    import tensorflow as tf

    infinite = tf.data.INFINITE_CARDINALITY
    return batches.apply(
        tf.data.experimental.assert_cardinality(
            infinite if repeat else max(0, left)
        )
    )
