"""Shards of pretraining examples as a `tf.data.Dataset` of batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Literal

from albert_keras.pretraining.batches import (
    Batch,
    PairMasker,
    examples_parser,
    predictions_for,
)
from albert_keras.pretraining.buckets import Buckets, choose_lengths
from albert_keras.pretraining.filling import filled_up
from albert_keras.pretraining.manifest import Manifest
from albert_keras.pretraining.record_batches import RecordBatches
from albert_keras.pretraining.shard_files import ShardFiles

if TYPE_CHECKING:
    import tensorflow as tf

# Matrix units work on tiles of 8 at least.
_LENGTHS_MULTIPLE_OF = 8
# XLA compiles each. Pairs of whole documents need five or so, of short ones
# with lengths of all kinds these many.
_MOST_LENGTHS = 24


def dataset(
    shards: str | PathLike[str] | Iterable[str | PathLike[str]] | ShardFiles,
    *,
    batch_size: int,
    shuffle: bool = True,
    seed: int = 0,
    repeat: bool = False,
    skip: int = 0,
    fill_up: bool = False,
    bucket_lengths: Sequence[int] | Literal["auto"] | None = None,
    tokenizer_sha256: str | None = None,
) -> tf.data.Dataset:
    """Read shards of pretraining examples as batches.

    Epochs follow each other without a gap: a batch may hold the last records
    of one epoch and the first of the next, so none is lost. The order of
    epoch e is decided by `seed` and e alone. So a run that stopped after n
    batches goes on with `skip=n` exactly where it was; whole epochs are
    skipped without being read, and no skipped record is parsed.

    With `bucket_lengths` each batch holds examples of about one length, padded
    to the next of these. It has `batch_size` examples where they are of the
    greatest length S, and k × `batch_size` at the length L, k = S // L: so that
    a step costs about the same and whatever divides `batch_size`, replicas or
    micro-batches, divides every batch. The last examples of an epoch that make
    no full batch are padded to the next longer one, and its last batch is
    filled up with examples of weight 0; no example is lost, and none is in an
    epoch twice. Which masks an example gets does not change.

    Args:
        shards: A folder that `albert-keras prepare` wrote, or several, all
            of the same lengths and tokenizer; or these, opened before.
        batch_size: Examples in a batch, B.
        shuffle: Whether each epoch has an order of its own, or that on disk.
        seed: Decides the order.
        repeat: Whether to go on for ever; if False there is one epoch, and
            its last batch may be smaller.
        skip: Number of batches that were consumed before.
        fill_up: Whether the last batch gets examples of weight 0, so that all
            are of one shape.
        bucket_lengths: Lengths to pad to; S is always one of them. `"auto"`
            takes the fewest multiples of 8, at most 24, that leave 4 % of the
            tokens to padding. None pads everything to S.
        tokenizer_sha256: SHA-256 of the SentencePiece model in use; shards
            made with another are refused.

    Returns:
        A dataset of `(x, y, sample_weight)`. With S the sequence length and P
        the number of masked positions (both padded with zeros):
        `x = {"token_ids", "segment_ids", "padding_mask"` int32 [B, S],
        `"mask_positions"` int32 [B, P]`}`;
        `y = {"mlm_logits"` int32 [B, P], the original ids, `"sop_logits"`
        int32 [B], 1 = swapped`}`; `sample_weight = {"mlm_logits"` float32
        [B, P], 0 at padding, `"sop_logits"` float32 [B], 0 for an example that
        fills up`}`. With `bucket_lengths` B, S and P differ between batches.

    Raises:
        FileNotFoundError: If a folder has no manifest, or lacks a shard.
        ValueError: If there are no examples, if shards do not fit each other
            or the tokenizer, if one has not the size that its manifest
            says, or if an argument is out of range. Also if there are to be
            buckets and the examples are masked already.

    Example:

    ```python
    batches = dataset("shards", batch_size=64, seed=1, repeat=True)
    model.fit(batches, steps_per_epoch=1000, epochs=10)
    ```
    """
    import tensorflow as tf

    _check_arguments(batch_size, skip)
    if isinstance(shards, ShardFiles):
        files = shards
    else:
        files = ShardFiles(shards, tokenizer_sha256)
    buckets = None
    if bucket_lengths is not None:
        buckets = make_buckets(files, batch_size, bucket_lengths)
    batches = RecordBatches(
        files=files,
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
        buckets=buckets,
    ).read(repeat=repeat, skip=skip)
    read = _reader(files.manifest, seed, buckets)
    if fill_up and buckets is None:
        read_batch = read

        def read(*records: tf.Tensor) -> Batch:
            return filled_up(read_batch(*records), batch_size)

    # AutoGraph would read the source of every function for seconds.
    batches = batches.map(
        tf.autograph.experimental.do_not_convert(read),
        num_parallel_calls=tf.data.AUTOTUNE,
        deterministic=True,
    )
    settings = tf.data.Options()
    # Under tf.distribute each worker takes its part of every batch. Sharding
    # by files, the default, fails when there are fewer files than workers.
    settings.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.DATA
    )
    return batches.with_options(settings).prefetch(tf.data.AUTOTUNE)


def make_buckets(
    files: ShardFiles,
    batch_size: int,
    bucket_lengths: Sequence[int] | Literal["auto"],
) -> Buckets:
    """The buckets that `dataset` sorts the examples of some shards into.

    Args:
        files: The shards.
        batch_size: Examples of the greatest length in a batch.
        bucket_lengths: As for `dataset`.

    Raises:
        ValueError: If a length is out of range, or examples are masked.
    """
    longest = files.manifest.options.max_seq_length
    histogram = files.length_histogram
    if bucket_lengths == "auto":
        chosen = choose_lengths(
            histogram, most=_MOST_LENGTHS, multiple_of=_LENGTHS_MULTIPLE_OF
        )
        lengths = {min(length, longest) for length in chosen}
    else:
        lengths = {*bucket_lengths, longest}
        if min(lengths) < 1 or max(lengths) > longest:
            raise ValueError(
                "`bucket_lengths` must be between 1 and the length of the "
                f"examples, {longest}. Received: "
                f"{', '.join(map(str, sorted(bucket_lengths)))}."
            )
    return Buckets.of_tokens(
        sorted(lengths), tokens=batch_size * longest, multiple_of=batch_size
    )


def _check_arguments(batch_size: int, skip: int) -> None:
    if batch_size < 1:
        raise ValueError(
            "`batch_size` must be at least 1. "
            f"Received: batch_size={batch_size}."
        )
    if skip < 0:
        raise ValueError(f"`skip` must not be negative. Received: skip={skip}.")


def _reader(
    manifest: Manifest, seed: int, buckets: Buckets | None
) -> Callable[..., Batch]:
    """A function from what `RecordBatches` reads to a batch."""
    import tensorflow as tf

    options = manifest.options
    if options.masking == "static":
        parse = examples_parser(
            options.max_seq_length, options.prediction_slots
        )
        return lambda bucket, epochs, numbers, records: parse(records)
    mask = PairMasker(manifest, seed)
    if buckets is None:
        return lambda bucket, *records: mask(*records)
    lengths = tf.constant(buckets.lengths)
    rows = tf.constant(buckets.batch_sizes)
    predictions = tf.constant(
        [predictions_for(length, options) for length in buckets.lengths]
    )

    def read(
        bucket: tf.Tensor,
        epochs: tf.Tensor,
        numbers: tf.Tensor,
        records: tf.Tensor,
    ) -> Batch:
        batch = mask(
            epochs, numbers, records, lengths[bucket], predictions[bucket]
        )
        return filled_up(batch, rows[bucket])

    return read
