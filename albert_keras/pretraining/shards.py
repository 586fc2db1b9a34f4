"""A folder of shuffled TFRecord shards that appears whole or not at all."""

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any

from albert_keras.pretraining.manifest import MANIFEST_NAME, Manifest, Shard
from albert_keras.pretraining.parts import (
    Part,
    check_inputs,
    claim_folder,
    read_parts,
    write_part,
)
from albert_keras.pretraining.tfrecord import split_records
from albert_keras.whole_files import (
    filled_whole,
    folder_made,
    naming,
    owned,
    partial_of,
    written_whole,
)

_SHARD_NAME = re.compile(r"examples-\d{5}-of-\d{5}\.tfrecord")
# What a run that is killed loses at most; held in memory until it is written.
_PART_BYTES = 32_000_000


class ShardWriter:
    """Writes records into shards, in an order that is uniformly random.

    The original holds all examples in memory to shuffle them. Here each
    record goes to a shard drawn at random; at the end each shard alone is
    read back, shuffled and written. So the memory needed is that of one shard
    or one part (`parts.py`), whichever is larger.

    Until all is done the parts lie beside `folder`, in a folder of their own.
    Of a run that is interrupted or killed they stay, to be gone on with.

    Args:
        folder: The folder to make.
        shards: Number of shards.
        seed: Decides the order.
        inputs: Everything else that decides the records.
        overwrite: Whether to replace shards that `folder` holds already.
        resume: Whether to go on with the parts of such a run, if there are.

    Attributes:
        parts: The parts there are.

    Raises:
        FileExistsError: If `folder` exists and `overwrite` is False, or if it
            does not hold pretraining examples, which are all that is ever
            overwritten.
        ValueError: If the run to go on with had other inputs.
    """

    def __init__(
        self,
        folder: Path,
        *,
        shards: int,
        seed: int,
        inputs: dict[str, Any],
        overwrite: bool,
        resume: bool = False,
    ) -> None:
        refuse_existing(folder, overwrite)
        self._folder = folder
        self._work = parts_of(folder)
        self._inputs = {**inputs, "number of shards": shards, "seed": seed}
        self._resume = resume
        self._names = [shard_name(shard, shards) for shard in range(shards)]
        self._seed = seed
        self.parts: list[Part] = []
        # Of the part that is being gathered.
        self._chunks = self._bytes = 0
        self._totals: list[int] = []
        self._records: list[list[bytes]] = [[] for _ in self._names]

    @property
    def chunks_done(self) -> int:
        """How many chunks need not be made again."""
        return sum(part.chunks for part in self.parts)

    def __enter__(self) -> "ShardWriter":
        is_begun = self._resume and self._work.exists()
        if is_begun:
            check_inputs(self._work, self._inputs, self._folder)
        with contextlib.ExitStack() as stack:
            stack.enter_context(owned(self._folder))
            stack.enter_context(folder_made(self._work.parent, self._folder))
            stack.enter_context(naming(self._folder, self._work))
            stack.push(self._tidy)
            if is_begun:
                self.parts = read_parts(self._work)
            else:
                shutil.rmtree(self._work, ignore_errors=True)
                with written_whole(self._work) as partial:
                    claim_folder(partial, self._inputs)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, traceback)

    def _tidy(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leaves finished parts where they can still be of use."""
        is_usable = self._work.exists() and (
            kind is None
            or not issubclass(kind, Exception)
            or issubclass(kind, OSError)
        )
        if kind is None or not (is_usable and read_parts(self._work)):
            shutil.rmtree(self._work, ignore_errors=True)

    def add(
        self,
        first_number: int,
        records: Sequence[bytes],
        totals: Sequence[int],
    ) -> None:
        """Takes the records of the next chunk.

        Args:
            first_number: Number of the chunk's first document.
            records: As `frame_record` returns them.
            totals: What was counted of the chunk, added up part by part.
        """
        drawn = draw_shards(
            len(records), len(self._names), self._seed, first_number
        )
        for record, shard in zip(records, drawn, strict=True):
            self._records[shard].append(record)
            self._bytes += len(record)
        self._chunks += 1
        self._totals = (
            [sum(pair) for pair in zip(self._totals, totals, strict=True)]
            if self._totals
            else list(totals)
        )
        if self._bytes >= _PART_BYTES:
            self.close_part()

    def close_part(self) -> None:
        """Writes what was added since the last part as one."""
        if self._chunks:
            part = write_part(
                self._work,
                len(self.parts),
                self._chunks,
                self._totals,
                self._records,
            )
            self.parts.append(part)
            self._begin_part()

    def _begin_part(self) -> None:
        self._chunks = self._bytes = 0
        self._totals = []
        self._records = [[] for _ in self._names]

    def assemble(self, shard: int) -> Shard:
        """Makes a shard of what the parts hold for it, in random order.

        Args:
            shard: Index of the shard.

        Returns:
            Its entry in the manifest.
        """
        path = self._work / self._names[shard]
        if not path.exists():
            content = b"".join(part.records_of(shard) for part in self.parts)
            records = shuffle_records(content, self._seed, shard)
            with written_whole(path) as partial, partial.open("wb") as file:
                file.writelines(records)
        return describe_shard(path)

    def finish(self, manifest: Manifest) -> None:
        """Moves the shards to their folder, with the manifest.

        Args:
            manifest: What the shards hold; without it a folder does not hold
                examples.
        """
        with new_output(self._folder) as partial:
            for name in self._names:
                os.replace(self._work / name, partial / name)
            manifest.write(partial)


def parts_of(folder: Path) -> Path:
    """Where the parts of a run lie that is to write `folder`."""
    return folder.with_name(f".{folder.name}.parts")


def shard_name(shard: int, shards: int) -> str:
    """Name of the file of one of so many shards."""
    return f"examples-{shard:05d}-of-{shards:05d}.tfrecord"


def draw_shards(
    records: int, shards: int, seed: int, first_number: int
) -> Iterator[int]:
    """Which shard each record of a chunk goes to.

    Args:
        records: How many there are.
        shards: Number of shards.
        seed: That of all examples.
        first_number: Number of the chunk's first document.

    Returns:
        The index of a shard for each.
    """
    random = Random(f"{seed}:shards:{first_number}").random
    return (int(random() * shards) for _ in range(records))


def shuffle_records(content: bytes, seed: int, shard: int) -> list[bytes]:
    """The records of a shard in random order.

    Args:
        content: Its records, one after the other, in the order of the text.
        seed: That of all examples.
        shard: Index of the shard.
    """
    records = list(split_records(content))
    Random(f"{seed}:shard:{shard}").shuffle(records)
    return records


def describe_shard(path: Path) -> Shard:
    """The entry of a shard in the manifest.

    Args:
        path: Its file.
    """
    return describe_content(path.name, path.read_bytes())


def describe_content(name: str, content: bytes) -> Shard:
    """The entry of a shard in the manifest.

    Args:
        name: Name of its file.
        content: What is in it.
    """
    return Shard(
        file=name,
        examples=sum(1 for _ in split_records(content)),
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )


@contextlib.contextmanager
def new_output(folder: Path) -> Iterator[Path]:
    """A folder to write to, whose files replace the examples in `folder`."""
    with filled_whole(folder, last=MANIFEST_NAME) as partial:
        yield partial
        if folder.exists():
            for name in filter(_SHARD_NAME.fullmatch, os.listdir(folder)):
                (folder / name).unlink()


def refuse_existing(folder: Path, overwrite: bool) -> None:
    """Raises FileExistsError where examples may not be written."""
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
