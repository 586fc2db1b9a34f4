"""Files that may be compressed, opened as what they were before."""

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal, cast

from albert_keras.requirements import require

STANDARD_INPUT = Path("-")


class DamagedFile(Exception):
    """What was compressed cannot be had again: the file is cut, or changed."""


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Opens a file, or standard input, and decompresses it as it is read.

    Whether it is compressed is told from its first bytes alone, whatever its
    name: no UTF-8 text begins with those of gzip or of zstd.

    Args:
        path: The file; `-` is standard input, which is left open.

    Yields:
        The uncompressed bytes, of which little is held in memory.

    Raises:
        DamagedFile: Where the file is read, if its compression is broken.
        ModuleNotFoundError: If it is compressed by zstd and the extra `zstd`
            is not installed.
    """
    if path == STANDARD_INPUT:
        standard_input = cast(io.BufferedReader, sys.stdin.buffer)
        with _decompressed(standard_input, "standard input") as file:
            yield file
    else:
        with (
            open(path, "rb") as compressed,
            _decompressed(compressed, str(path)) as file,
        ):
            yield file


def compression_of(path: Path) -> Literal["gzip", "zstd"] | None:
    """How a file is compressed, by its first bytes.

    Args:
        path: A file that can be read again.

    Returns:
        The name of the compression, or None.
    """
    with open(path, "rb") as file:
        return _compression(file.read(4))


def _compression(head: bytes) -> Literal["gzip", "zstd"] | None:
    if head[:2] == b"\x1f\x8b":
        return "gzip"
    # A zstd file begins with a frame of data, or with one to be skipped:
    # RFC 8878, section 3.1.
    skippable = head[1:4] == b"\x2a\x4d\x18" and head[0] >> 4 == 5
    return "zstd" if head == b"\x28\xb5\x2f\xfd" or skippable else None


@contextmanager
def _decompressed(file: io.BufferedReader, name: str) -> Iterator[BinaryIO]:
    compression = _compression(file.peek(4)[:4])
    if compression == "gzip":
        try:
            with gzip.open(file) as uncompressed:
                yield cast(BinaryIO, uncompressed)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DamagedFile(str(error)) from error
    elif compression == "zstd":
        require("zstd", f"What zstd compressed, as {name},")
        from backports import zstd

        try:
            with zstd.open(file) as uncompressed:
                yield cast(BinaryIO, uncompressed)
        except (EOFError, zstd.ZstdError) as error:
            raise DamagedFile(str(error)) from error
    else:
        yield file
