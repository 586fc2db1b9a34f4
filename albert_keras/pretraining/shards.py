"""A folder of shuffled TFRecord shards that appears whole or not at all."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from random import Random
from types import TracebackType

from albert_keras.pretraining.manifest import MANIFEST_NAME, Manifest, Shard
from albert_keras.pretraining.tfrecord import split_records


class ShardWriter:
    """Writes records into shards, in an order that is uniformly random.

    The original holds all examples in memory to shuffle them. Here each
    record goes to a shard drawn at random; at the end each shard alone is
    read back, shuffled and written again. So the memory needed is that of
    one shard.

    Everything happens in a folder beside `folder`, which is renamed to it by
    `finish`. Left without `finish`, the context removes what was written.

    Args:
        folder: The folder to make.
        shards: Number of shards.
        seed: Decides the order.
        overwrite: Whether to replace shards that `folder` holds already.

    Raises:
        FileExistsError: If `folder` exists and `overwrite` is False, or if it
            does not hold pretraining examples, which are all that is ever
            overwritten.
    """

    def __init__(
        self, folder: Path, *, shards: int, seed: int, overwrite: bool
    ) -> None:
        _refuse_existing(folder, overwrite)
        self._folder = folder.absolute()
        self._beside = self._folder.with_name(
            f".{self._folder.name}.{os.getpid()}.part"
        )
        names = [
            f"examples-{index:05d}-of-{shards:05d}.tfrecord"
            for index in range(shards)
        ]
        self._paths = [self._beside / name for name in names]
        self._examples = [0] * shards
        self._seed = seed
        self._rng = Random(f"{seed}:shards")

    def __enter__(self) -> "ShardWriter":
        self._beside.mkdir(parents=True)
        for path in self._paths:
            path.touch()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        shutil.rmtree(self._beside, ignore_errors=True)

    def add(self, records: Iterable[bytes]) -> None:
        """Write records.

        Args:
            records: As `frame_record` returns them.
        """
        count = len(self._paths)
        drawn: list[list[bytes]] = [[] for _ in range(count)]
        for record in records:
            drawn[int(self._rng.random() * count)].append(record)
        for shard, (path, its_records) in enumerate(
            zip(self._paths, drawn, strict=True)
        ):
            # Opened anew each time: there may be more shards than a process
            # may have open files.
            with path.open("ab") as file:
                file.writelines(its_records)
            self._examples[shard] += len(its_records)

    def shuffle(self, shard: int) -> Shard:
        """Put the records of a shard into random order.

        Args:
            shard: Index of the shard.

        Returns:
            Its entry in the manifest.
        """
        path = self._paths[shard]
        records = list(split_records(path.read_bytes()))
        Random(f"{self._seed}:shard:{shard}").shuffle(records)
        with path.open("wb") as file:
            file.writelines(records)
        return Shard(
            file=path.name,
            examples=self._examples[shard],
            bytes=path.stat().st_size,
        )

    def finish(self, manifest: Manifest) -> None:
        """Add the manifest and give the folder its name.

        Args:
            manifest: What the shards hold.
        """
        manifest.write(self._beside)
        old = self._beside.with_suffix(".old")
        if self._folder.exists():
            self._folder.rename(old)
        self._beside.rename(self._folder)
        shutil.rmtree(old, ignore_errors=True)


def _refuse_existing(folder: Path, overwrite: bool) -> None:
    if not folder.exists() or (folder.is_dir() and not os.listdir(folder)):
        return
    if not (folder / MANIFEST_NAME).is_file():
        raise FileExistsError(
            "The output must be a new folder, or one of pretraining examples. "
            f"Received: '{folder}', which holds something else."
        )
    if not overwrite:
        raise FileExistsError(
            "The output folder must not exist, unless it is to be "
            f"overwritten. Received: '{folder}', which holds pretraining "
            "examples."
        )
