"""What a run that is stopped has done so far: finished parts, on disk.

A part holds the records of some chunks in a row, those of each shard
together, and appears whole. So whatever ends a run, the next one can go on
behind the last part.
"""

import json
import re
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from albert_keras.whole_files import written_whole

_INPUTS_NAME = "inputs.json"
_PART_NAME = re.compile(r"part-\d{6}")
_LENGTH = struct.Struct("<Q")


class Part(NamedTuple):
    """One part.

    Attributes:
        path: Its file.
        chunks: How many chunks it holds the records of.
        totals: What was counted of them.
        starts: Where the records of each shard begin in the file, and where
            the last ones end.
    """

    path: Path
    chunks: int
    totals: list[int]
    starts: list[int]

    def records_of(self, shard: int) -> bytes:
        """The records of a shard, one after the other."""
        start, stop = self.starts[shard : shard + 2]
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(stop - start)


def write_part(
    folder: Path,
    number: int,
    chunks: int,
    totals: Sequence[int],
    records: Sequence[Sequence[bytes]],
) -> Part:
    """Writes a part.

    Args:
        folder: Where the parts of a run lie.
        number: How many there are before it.
        chunks: How many chunks it holds the records of.
        totals: What was counted of them.
        records: The records of each shard.

    Returns:
        The part.
    """
    path = folder / f"part-{number:06d}"
    header = json.dumps(
        {
            "chunks": chunks,
            "totals": list(totals),
            "sizes": [sum(map(len, each)) for each in records],
        }
    ).encode()
    with written_whole(path) as partial, partial.open("wb") as file:
        file.write(_LENGTH.pack(len(header)) + header)
        for each in records:
            file.writelines(each)
    return _read_part(path)


def read_parts(folder: Path) -> list[Part]:
    """The parts of a run, up to the first that is missing.

    Args:
        folder: Where they lie.
    """
    names = sorted(
        path.name
        for path in folder.iterdir()
        if _PART_NAME.fullmatch(path.name)
    )
    parts = []
    for number, name in enumerate(names):
        if name != f"part-{number:06d}":
            break
        parts.append(_read_part(folder / name))
    return parts


def _read_part(path: Path) -> Part:
    with path.open("rb") as file:
        (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
        header = json.loads(file.read(length))
    starts = [_LENGTH.size + length]
    for size in header["sizes"]:
        starts.append(starts[-1] + size)
    return Part(path, header["chunks"], header["totals"], starts)


def claim_folder(folder: Path, inputs: dict[str, Any]) -> None:
    """Makes a folder for parts that says what they are made of.

    Args:
        folder: The folder to make.
        inputs: Everything that decides the records, as JSON can hold it.
    """
    folder.mkdir()
    (folder / _INPUTS_NAME).write_text(
        json.dumps(inputs, indent=2) + "\n", encoding="utf-8"
    )


def check_inputs(folder: Path, inputs: dict[str, Any], output: Path) -> None:
    """Holds a run that goes on against the one that was begun.

    Args:
        folder: Where the parts lie.
        inputs: As for `claim_folder`.
        output: What is to be written, to be named in an error.

    Raises:
        ValueError: If something is not as it was; it is named.
    """
    begun = json.loads((folder / _INPUTS_NAME).read_text("utf-8"))
    wanted = json.loads(json.dumps(inputs))
    for name in wanted.keys() | begun.keys():
        if wanted.get(name) != begun.get(name):
            raise ValueError(
                f"What was begun for '{output}' can only be gone on with as it "
                f"was begun. Received: another {name} than then. Without "
                "--resume it begins anew."
            )
