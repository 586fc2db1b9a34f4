"""What a run asks of its training data, and the answer of shards on disk."""

import functools
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal, Protocol

import tensorflow as tf

from albert_keras.pretraining.batch_shapes import (
    BatchShape,
    BatchShapes,
    shapes_of,
)
from albert_keras.pretraining.checking import check_shard
from albert_keras.pretraining.dataset import dataset, make_buckets
from albert_keras.pretraining.manifest import MANIFEST_NAME, Manifest, sha256
from albert_keras.pretraining.record_batches import RecordBatches
from albert_keras.pretraining.shard_files import RecordPlace, ShardFiles


class Examples(Protocol):
    """Pretraining examples, wherever they come from.

    Batches are `(x, y, sample_weight)` as `AlbertPretrainer` takes them:
    `x = {"token_ids", "segment_ids", "padding_mask"` int32 [B, S],
    `"mask_positions"` int32 [B, P]`}`; `y` and `sample_weight` have the keys
    `"mlm_logits"` [B, P] and `"sop_logits"` [B].
    """

    @property
    def tokenizer_sha256(self) -> str | None:
        """SHA-256 of the SentencePiece model that gave the ids, if known."""

    def training_batches(
        self, batch_size: int, seed: int, skip: int
    ) -> tf.data.Dataset:
        """Batches without end, all of the same shape or of a few shapes.

        A run that is resumed after `skip` steps relies on getting the batches
        that it would have got: they must depend on nothing but the arguments.

        Args:
            batch_size: int. Examples of a batch.
            seed: int. Decides the order.
            skip: int. Batches to leave out at the start.
        """

    def evaluation_batches(self, batch_size: int) -> tf.data.Dataset:
        """Each example once, in an order that does not change.

        The last batch may be smaller, or be filled up with examples of which
        all sample weights are 0. The number of batches must be known to the
        dataset (`cardinality`).
        """

    def describe(self) -> Any:
        """What tells these examples from others, as JSON can hold it.

        It is written into run.json, and a run is resumed only with examples of
        the same description.
        """


class ShardExamples:
    """Examples in folders that `albert-keras prepare` wrote.

    Args:
        folders: one folder or several, of the same lengths and tokenizer.
        bucket_lengths: lengths that examples are padded to, see `dataset`:
            a few, `"auto"`, or None to pad everything to the greatest.

    Raises:
        FileNotFoundError: if a folder has no manifest.
        ValueError: if no folder is named.
    """

    def __init__(
        self,
        folders: str | PathLike[str] | Sequence[str | PathLike[str]],
        bucket_lengths: Sequence[int] | Literal["auto"] | None = None,
    ) -> None:
        if isinstance(folders, str | PathLike):
            folders = [folders]
        if not folders:
            raise ValueError(
                "Examples must come from at least one folder. "
                "Received: no folders."
            )
        self.folders = [Path(folder) for folder in folders]
        self.bucket_lengths = bucket_lengths
        self._manifests = [Manifest.read(folder) for folder in self.folders]

    @functools.cached_property
    def _files(self) -> ShardFiles:
        return ShardFiles(self.folders)

    @property
    def tokenizer_sha256(self) -> str:
        return self._manifests[0].tokenizer_sha256

    @property
    def normalization(self) -> dict[str, bool]:
        """How the text of the examples was normalized."""
        manifest = self._manifests[0]
        return {
            "lowercase": manifest.lowercase,
            "keep_accents": manifest.keep_accents,
        }

    def training_batches(
        self, batch_size: int, seed: int, skip: int
    ) -> tf.data.Dataset:
        return dataset(
            self._files,
            batch_size=batch_size,
            seed=seed,
            repeat=True,
            skip=skip,
            bucket_lengths=self.bucket_lengths,
        )

    def evaluation_batches(self, batch_size: int) -> tf.data.Dataset:
        return dataset(
            self._files,
            batch_size=batch_size,
            shuffle=False,
            fill_up=True,
            bucket_lengths=self.bucket_lengths,
        )

    def batch_shapes(self, batch_size: int) -> BatchShapes:
        """The shapes of training batches, and how much of them is padding.

        Args:
            batch_size: int. As for `training_batches`.
        """
        return shapes_of(self._records(batch_size, seed=0))

    def batch_records(
        self, batch_size: int, seed: int, batch: int
    ) -> list[RecordPlace]:
        """Where the records of one training batch lie.

        They are found by drawing the order once more; nothing is kept of them
        while training goes on.

        Args:
            batch_size: int. As for `training_batches`.
            seed: int. Likewise.
            batch: int. Number of the batch from 0: the steps before its own.
        """
        return self._records(batch_size, seed).places(batch)

    def _records(self, batch_size: int, seed: int) -> RecordBatches:
        buckets = None
        if self.bucket_lengths is not None:
            buckets = make_buckets(self._files, batch_size, self.bucket_lengths)
        return RecordBatches(
            files=self._files, batch_size=batch_size, seed=seed, buckets=buckets
        )

    def check_shards(self) -> None:
        """Reads every byte of every shard.

        Raises:
            FileNotFoundError: if one is missing.
            ValueError: if one is not as it was written; it and its first
                damaged record are named.
        """
        for folder, manifest in zip(self.folders, self._manifests, strict=True):
            for shard in manifest.shards:
                check_shard(folder / shard.file, shard)

    def describe(self) -> list[dict[str, Any]]:
        described: list[dict[str, Any]] = [
            {
                "manifest_sha256": sha256((path / MANIFEST_NAME).read_bytes()),
                "examples": manifest.examples,
                "tokens": manifest.tokens,
            }
            for path, manifest in zip(
                self.folders, self._manifests, strict=True
            )
        ]
        if self.bucket_lengths is not None:
            described.append({"bucket_lengths": self.bucket_lengths})
        return described


def batch_shapes_of(examples: Examples, batch_size: int) -> BatchShapes:
    """The shapes of training batches.

    Args:
        examples: any. Those that do not tell are read for the shape of their
            batches, which is then the only one, and taken to have no padding.
        batch_size: int. Examples of a batch.
    """
    if isinstance(examples, ShardExamples):
        return examples.batch_shapes(batch_size)
    x = examples.training_batches(batch_size, 0, 0).element_spec[0]
    shape = BatchShape(
        1, batch_size, x["token_ids"].shape[1], x["mask_positions"].shape[1]
    )
    return BatchShapes((shape,), shape.tokens, shape.sequence_length)


def records_of_step(
    examples: Examples, batch_size: int, seed: int
) -> Callable[[int], list[RecordPlace]] | None:
    """A function that gives the places of the records of a step's batch.

    Args:
        examples: any.
        batch_size: int. Examples of a batch.
        seed: int. That of the order.

    Returns:
        The function, to which the first step is 1; None if the examples do
        not lie in files.
    """
    if not isinstance(examples, ShardExamples):
        return None
    return lambda step: examples.batch_records(batch_size, seed, step - 1)


def parse_bucket_lengths(text: str) -> list[int] | Literal["auto"] | None:
    """Reads bucket lengths as they are given on the command line.

    Args:
        text: `"auto"`, `"none"`, or lengths with commas between.

    Raises:
        ValueError: if it is none of these.
    """
    if text == "auto":
        return "auto"
    if text == "none":
        return None
    try:
        return [int(length) for length in text.split(",")]
    except ValueError:
        raise ValueError(
            "`bucket_lengths` must be auto, none, or lengths with commas "
            f"between. Received: '{text}'."
        ) from None
