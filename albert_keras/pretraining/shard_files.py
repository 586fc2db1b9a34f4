"""Folders of examples as one corpus, opened and checked."""

from __future__ import annotations

import bisect
import functools
import mmap
import struct
from collections.abc import Iterable
from itertools import accumulate
from os import PathLike
from pathlib import Path
from typing import NamedTuple

import numpy as np

from albert_keras.pretraining.manifest import Manifest
from albert_keras.pretraining.pair_records import item_bytes
from albert_keras.pretraining.segments import SPECIAL_TOKENS_PER_PAIR
from albert_keras.pretraining.tfrecord import record_sizes


class RecordPlace(NamedTuple):
    """Where a record lies.

    Attributes:
        file: Path of its shard.
        record: Its number in the shard, from 0.
    """

    file: str
    record: int


class ShardFiles:
    """The shards of one folder or of several, read as one corpus.

    Args:
        shards: A folder that `albert-keras prepare` wrote, or several, all of
            the same lengths and tokenizer.
        tokenizer_sha256: SHA-256 of the SentencePiece model in use; shards
            made with another are refused.

    Attributes:
        manifests: Those of the folders.
        files: Paths of the shards that hold anything.
        first_numbers: The number, in the corpus, of each file's first record.
        examples: Number of records.

    Raises:
        FileNotFoundError: If a folder has no manifest, or lacks a shard.
        ValueError: If no folder is named, if shards do not fit each other or
            the tokenizer, or if one has not the size its manifest says.
    """

    def __init__(
        self,
        shards: str | PathLike[str] | Iterable[str | PathLike[str]],
        tokenizer_sha256: str | None = None,
    ) -> None:
        folders = _folders(shards)
        self.manifests = [Manifest.read(folder) for folder in folders]
        _check_manifests(folders, self.manifests, tokenizer_sha256)
        shards_read = [
            (_checked_file(folder / shard.file, shard.bytes), shard.examples)
            for folder, manifest in zip(folders, self.manifests, strict=True)
            for shard in manifest.shards
            if shard.examples
        ]
        if not shards_read:
            raise ValueError(
                "Shards must hold examples. Received: none in "
                f"{', '.join(map(str, folders))}."
            )
        self.files = [file for file, _ in shards_read]
        starts = list(accumulate((size for _, size in shards_read), initial=0))
        self.first_numbers = starts[:-1]
        self.examples = sum(manifest.examples for manifest in self.manifests)

    @property
    def manifest(self) -> Manifest:
        """The first of the manifests, which agree on how examples are read."""
        return self.manifests[0]

    def place_of(self, number: int) -> RecordPlace:
        """Where the record lies that has a number in the corpus.

        Args:
            number: From 0, in the order of the files.
        """
        file = bisect.bisect_right(self.first_numbers, number) - 1
        return RecordPlace(self.files[file], number - self.first_numbers[file])

    @functools.cached_property
    def length_histogram(self) -> np.ndarray:
        """How many examples there are of each length, `[CLS]` and `[SEP]` in.

        int64 array, by number of tokens from 0. It is read off the sizes of
        the records, of which only the headers are looked at.

        Raises:
            ValueError: If the examples are masked already (all records of such
                a shard are of the greatest length), or a shard is damaged.
        """
        if self.manifest.options.masking != "dynamic":
            raise ValueError(
                "Examples must be unmasked (`prepare --masking dynamic`) for "
                "their lengths to be known. Received: "
                f"masking='{self.manifest.options.masking}'."
            )
        width = item_bytes(self.manifest.vocabulary_size)
        longest = self.manifest.options.max_seq_length
        histogram = np.zeros(longest + 1, np.int64)
        for file in self.files:
            sizes = _record_sizes(file)
            # An item of each record is its header.
            lengths = sizes // width - 1 + SPECIAL_TOKENS_PER_PAIR
            if not lengths.size or not (
                0 < lengths.min() <= lengths.max() <= longest
            ):
                raise ValueError(
                    f"The shard '{file}' must hold records of at most "
                    f"{longest} tokens, as its manifest says. Received: "
                    "others, so it is damaged."
                )
            histogram += np.bincount(lengths, minlength=longest + 1)
        return histogram


def _record_sizes(file: str) -> np.ndarray:
    """Bytes of each record of a shard; none at all if its end is cut off."""
    with (
        open(file, "rb") as opened,
        mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        try:
            return np.fromiter(record_sizes(content), np.int64)
        except (struct.error, OverflowError):
            return np.empty(0, np.int64)


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
