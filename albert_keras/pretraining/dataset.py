"""Shards of pretraining examples as a `tf.data.Dataset` of batches."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from itertools import accumulate
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from albert_keras.pretraining.batches import PairMasker, examples_parser
from albert_keras.pretraining.manifest import Manifest

if TYPE_CHECKING:
    import tensorflow as tf

# Records on disk are in random order already; this buffer gives each epoch an
# order of its own. At 512 tokens a record has about 2.8 kB.
_SHUFFLE_RECORDS = 16_384

# Files read in turn, and records taken from each at a turn.
_FILES_AT_ONCE = 8
_RECORDS_A_TURN = 16


def dataset(
    shards: str | PathLike[str] | Iterable[str | PathLike[str]],
    *,
    batch_size: int,
    shuffle: bool = True,
    seed: int = 0,
    repeat: bool = False,
    skip: int = 0,
    tokenizer_sha256: str | None = None,
) -> tf.data.Dataset:
    """Read shards of pretraining examples as batches.

    Epochs follow each other without a gap: a batch may hold the last records
    of one epoch and the first of the next, so none is lost. The order of
    epoch e is decided by `seed` and e alone. So a run that stopped after n
    batches goes on with `skip=n` exactly where it was; whole epochs are
    skipped without being read, and no skipped record is parsed.

    Args:
        shards: A folder that `albert-keras prepare` wrote, or several, all
            of the same lengths and tokenizer.
        batch_size: Examples in a batch, B.
        shuffle: Whether each epoch has an order of its own, or that on disk.
        seed: Decides the order.
        repeat: Whether to go on for ever; if False there is one epoch, and
            its last batch may be smaller.
        skip: Number of batches that were consumed before.
        tokenizer_sha256: SHA-256 of the SentencePiece model in use; shards
            made with another are refused.

    Returns:
        A dataset of `(x, y, sample_weight)`. With S the sequence length and P
        the number of masked positions (both padded with zeros):
        `x = {"token_ids", "segment_ids", "padding_mask"` int32 [B, S],
        `"mask_positions"` int32 [B, P]`}`;
        `y = {"mlm_logits"` int32 [B, P], the original ids, `"sop_logits"`
        int32 [B], 1 = swapped`}`; `sample_weight = {"mlm_logits"` float32
        [B, P], 0 at padding, `"sop_logits"` float32 [B], ones`}`.

    Raises:
        FileNotFoundError: If a folder has no manifest, or lacks a shard.
        ValueError: If there are no examples, if shards do not fit each other
            or the tokenizer, if one has not the size that its manifest
            says, or if an argument is out of range.

    Example:

    ```python
    batches = dataset("shards", batch_size=64, seed=1, repeat=True)
    model.fit(batches, steps_per_epoch=1000, epochs=10)
    ```
    """
    import tensorflow as tf

    folders = _folders(shards)
    manifests = [Manifest.read(folder) for folder in folders]
    _check_arguments(batch_size, skip)
    _check_manifests(folders, manifests, tokenizer_sha256)
    shards_read = [
        (_checked_file(folder / shard.file, shard.bytes), shard.examples)
        for folder, manifest in zip(folders, manifests, strict=True)
        for shard in manifest.shards
        if shard.examples
    ]
    files, sizes = zip(*shards_read, strict=True)
    first_numbers = [0, *accumulate(sizes)][:-1]
    count = sum(manifest.examples for manifest in manifests)
    first_epoch, first_record = divmod(skip * batch_size, count)

    def records_of(epoch: tf.Tensor) -> tf.data.Dataset:
        # In a traced function this is the seed of its own graph. Otherwise
        # that of the process would count too (and, being 0, would fail).
        tf.random.set_seed(1)
        order = tf.random.stateless_uniform(
            [], [seed, epoch], minval=None, maxval=None, dtype=tf.int64
        )
        names = tf.data.Dataset.from_tensor_slices(
            (list(files), tf.constant(first_numbers, tf.int64))
        )
        if shuffle:
            names = names.shuffle(len(files), seed=order)
        records = names.interleave(
            lambda name, first: tf.data.TFRecordDataset(name).enumerate(first),
            cycle_length=_FILES_AT_ONCE,
            block_length=_RECORDS_A_TURN,
        )
        if shuffle:
            records = records.shuffle(min(count, _SHUFFLE_RECORDS), seed=order)
        done = tf.constant(first_record, tf.int64)
        records = records.skip(tf.where(epoch == first_epoch, done, 0))
        epochs = tf.data.Dataset.from_tensors(epoch).repeat()
        return tf.data.Dataset.zip(epochs, records)

    reader = _reader(manifests[0], seed)
    if repeat:
        last_epoch, cardinality = tf.int64.max, tf.data.INFINITE_CARDINALITY
    else:
        last_epoch = 1
        cardinality = max(0, math.ceil(count / batch_size) - skip)
    batches = (
        tf.data.Dataset.range(first_epoch, last_epoch)
        .flat_map(records_of)
        .batch(batch_size, drop_remainder=repeat)
        .map(
            reader,
            num_parallel_calls=tf.data.AUTOTUNE,
            deterministic=True,
        )
        .apply(tf.data.experimental.assert_cardinality(cardinality))
    )
    settings = tf.data.Options()
    # Under tf.distribute each worker takes its part of every batch. Sharding
    # by files, the default, fails when there are fewer files than workers.
    settings.experimental_distribute.auto_shard_policy = (
        tf.data.experimental.AutoShardPolicy.DATA
    )
    return batches.with_options(settings).prefetch(tf.data.AUTOTUNE)


def _folders(
    shards: str | PathLike[str] | Iterable[str | PathLike[str]],
) -> list[Path]:
    if isinstance(shards, (str, PathLike)):
        return [Path(shards)]
    folders = [Path(folder) for folder in shards]
    if not folders:
        raise ValueError(
            "`shards` must name at least one folder. Received: no folders."
        )
    return folders


def _check_arguments(batch_size: int, skip: int) -> None:
    if batch_size < 1:
        raise ValueError(
            "`batch_size` must be at least 1. "
            f"Received: batch_size={batch_size}."
        )
    if skip < 0:
        raise ValueError(f"`skip` must not be negative. Received: skip={skip}.")


def _check_manifests(
    folders: list[Path],
    manifests: list[Manifest],
    tokenizer_sha256: str | None,
) -> None:
    first = manifests[0]
    expected = tokenizer_sha256 or first.tokenizer_sha256
    for folder, manifest in zip(folders, manifests, strict=True):
        if manifest.tokenizer_sha256 != expected:
            raise ValueError(
                f"The examples in '{folder}' must be made with the tokenizer "
                f"in use, SHA-256 {expected[:12]}…. Received: examples made "
                f"with {manifest.tokenizer_sha256[:12]}…."
            )
        for name in ("masking", "max_seq_length", "prediction_slots"):
            value = getattr(manifest.options, name)
            if value != getattr(first.options, name):
                raise ValueError(
                    f"All examples must have the same `{name}`. Received: "
                    f"{getattr(first.options, name)} in '{folders[0]}', "
                    f"{value} in '{folder}'."
                )


def _checked_file(path: Path, size: int) -> str:
    if not path.is_file():
        raise FileNotFoundError(
            f"The shard '{path}' must exist, says its manifest. "
            "Received: no such file."
        )
    if path.stat().st_size != size:
        raise ValueError(
            f"The shard '{path}' must have {size} bytes, says its manifest. "
            f"Received: {path.stat().st_size} bytes."
        )
    return str(path)


def _reader(
    manifest: Manifest, seed: int
) -> Callable[
    [tf.Tensor, tuple[tf.Tensor, tf.Tensor]], tuple[dict, dict, dict]
]:
    """A function from epochs, numbers and records of B examples to a batch."""
    options = manifest.options
    if options.masking == "static":
        parse = examples_parser(
            options.max_seq_length, options.prediction_slots
        )
        return lambda epochs, numbered: parse(numbered[1])
    mask = PairMasker(manifest, seed)
    return lambda epochs, numbered: mask(epochs, *numbered)
