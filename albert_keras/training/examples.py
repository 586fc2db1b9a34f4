"""What a run asks of its training data, and the answer of shards on disk."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Protocol

import tensorflow as tf

from albert_keras.pretraining.checking import check_shard
from albert_keras.pretraining.dataset import dataset
from albert_keras.pretraining.manifest import MANIFEST_NAME, Manifest, sha256


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
        """Batches without end, all of the same shape.

        A run that is resumed after `skip` steps relies on getting the batches
        that it would have got: they must depend on nothing but the arguments.

        Args:
            batch_size: int. Examples of a batch.
            seed: int. Decides the order.
            skip: int. Batches to leave out at the start.
        """

    def evaluation_batches(self, batch_size: int) -> tf.data.Dataset:
        """Each example once, in an order that does not change.

        The last batch may be smaller. The number of batches must be known to
        the dataset (`cardinality`).
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

    Raises:
        FileNotFoundError: if a folder has no manifest.
        ValueError: if no folder is named.
    """

    def __init__(
        self, folders: str | PathLike[str] | Sequence[str | PathLike[str]]
    ) -> None:
        if isinstance(folders, str | PathLike):
            folders = [folders]
        if not folders:
            raise ValueError(
                "Examples must come from at least one folder. "
                "Received: no folders."
            )
        self.folders = [Path(folder) for folder in folders]
        self._manifests = [Manifest.read(folder) for folder in self.folders]

    @property
    def tokenizer_sha256(self) -> str:
        return self._manifests[0].tokenizer_sha256

    def training_batches(
        self, batch_size: int, seed: int, skip: int
    ) -> tf.data.Dataset:
        return dataset(
            self.folders,
            batch_size=batch_size,
            seed=seed,
            repeat=True,
            skip=skip,
        )

    def evaluation_batches(self, batch_size: int) -> tf.data.Dataset:
        return dataset(self.folders, batch_size=batch_size, shuffle=False)

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
        return [
            {
                "manifest_sha256": sha256((path / MANIFEST_NAME).read_bytes()),
                "examples": manifest.examples,
                "tokens": manifest.tokens,
            }
            for path, manifest in zip(
                self.folders, self._manifests, strict=True
            )
        ]
