"""A folder of shuffled TFRecord shards that appears whole or not at all."""

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from types import TracebackType

from albert_keras.pretraining.manifest import MANIFEST_NAME, Manifest, Shard
from albert_keras.pretraining.tfrecord import split_records
from albert_keras.whole_files import filled_whole, partial_of

_SHARD_NAME = re.compile(r"examples-\d{5}-of-\d{5}\.tfrecord")


class ShardWriter:
    """Writes records into shards, in an order that is uniformly random.

    The original holds all examples in memory to shuffle them. Here each
    record goes to a shard drawn at random; at the end each shard alone is
    read back, shuffled and written again. So the memory needed is that of
    one shard.

    `folder` gets the shards and their manifest at the end of the context, or,
    after an exception, stays as it was.

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
        self._output = _new_output(folder)
        self._names = [
            f"examples-{index:05d}-of-{shards:05d}.tfrecord"
            for index in range(shards)
        ]
        self._examples = [0] * shards
        self._seed = seed
        self._rng = Random(f"{seed}:shards")

    def __enter__(self) -> "ShardWriter":
        self._folder = self._output.__enter__()
        self._paths = [self._folder / name for name in self._names]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._output.__exit__(kind, error, traceback)

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
        """Add the manifest, without which a folder does not hold examples.

        Args:
            manifest: What the shards hold.
        """
        manifest.write(self._folder)


@contextlib.contextmanager
def _new_output(folder: Path) -> Iterator[Path]:
    """A folder to write to, whose files replace the examples in `folder`."""
    with filled_whole(folder, last=MANIFEST_NAME) as partial:
        yield partial
        if folder.exists():
            for name in filter(_SHARD_NAME.fullmatch, os.listdir(folder)):
                (folder / name).unlink()


def _refuse_existing(folder: Path, overwrite: bool) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise FileExistsError(
            "The output must be a folder of pretraining examples. Received: "
            f"'{folder}', which is a file."
        )
    if (folder / MANIFEST_NAME).is_file():
        if not overwrite:
            raise FileExistsError(
                "The output folder must not exist, unless it is to be "
                "overwritten (`overwrite=True`, --overwrite). Received: "
                f"'{folder}', which holds pretraining examples."
            )
    elif not all(map(_is_unfinished, os.listdir(folder))):
        raise FileExistsError(
            "The output must be a new or empty folder, or one of pretraining "
            f"examples. Received: '{folder}', which holds something else."
        )


def _is_unfinished(name: str) -> bool:
    """Whether a process that was killed may have left a file of this name."""
    is_partial = name == partial_of(Path(MANIFEST_NAME)).name
    return is_partial or _SHARD_NAME.fullmatch(name) is not None
