"""Plain text, read line by line."""

import codecs
import os
from collections.abc import Iterable, Iterator
from os import PathLike, fspath
from pathlib import Path
from typing import BinaryIO, NoReturn


def text_files(paths: Iterable[str | PathLike[str]]) -> list[Path]:
    """The files of a corpus, looked for before the first is read.

    Args:
        paths: Files, and folders. A folder stands for the files in it and
            below it in the order of their names, without those that are
            empty or hidden (`.DS_Store`).

    Returns:
        The files.

    Raises:
        FileNotFoundError: If one does not exist, or there is no file in a
            folder.
    """
    files: list[Path] = []
    for path in map(Path, paths):
        if not path.exists():
            raise FileNotFoundError(
                f"A corpus must consist of text files. Received: {path}, "
                "which does not exist."
            )
        if path.is_dir():
            below = list(_files_below(path))
            if not below:
                raise FileNotFoundError(
                    f"A corpus must consist of text files. Received: {path}, "
                    "a folder in which there is none."
                )
            files += below
        else:
            files.append(path)
    return files


def _files_below(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = sorted(n for n in folders if not n.startswith("."))
        for name in sorted(names):
            path = Path(parent, name)
            if not name.startswith(".") and path.stat().st_size > 0:
                yield path


def _raise(error: OSError) -> NoReturn:
    raise error


def read_lines(
    path: str | PathLike[str], *, longest: int | None = None
) -> Iterator[str]:
    """The lines of a UTF-8 file, one in memory at a time.

    Args:
        path: The file. A byte order mark at its beginning is left out.
        longest: A line of more bytes, as where a whole corpus is one, comes
            in parts of about so many, cut at a space, or between two
            characters where there is none.

    Yields:
        Each line, without its end.

    Raises:
        ValueError: If the file is not UTF-8, holds a NUL byte, as binary
            files do, or holds nothing but white space.
    """
    has_text = False
    byte_order_mark = codecs.BOM_UTF8
    with open(path, "rb") as file:
        for number, line in _numbered(file, longest):
            if b"\0" in line:
                raise ValueError(
                    "A corpus must be text in UTF-8. Received: "
                    f"{fspath(path)}, with a NUL byte in line {number}, as "
                    "binary files and UTF-16 have."
                )
            try:
                text = line.removeprefix(byte_order_mark).decode()
            except UnicodeDecodeError as error:
                raise ValueError(
                    "A corpus must be encoded in UTF-8. Received: "
                    f"{fspath(path)}, with the byte "
                    f"0x{error.object[error.start]:02x} in line {number}."
                ) from error
            byte_order_mark = b""
            has_text = has_text or bool(text.strip())
            yield text.rstrip("\r\n")
    if not has_text:
        raise ValueError(
            "A corpus file must hold text, one sentence a line. Received: "
            f"{fspath(path)}, which is empty."
        )


def _numbered(
    file: BinaryIO, longest: int | None
) -> Iterator[tuple[int, bytes]]:
    """The lines, or parts of those that are too long, each with its number."""
    limit = -1 if longest is None else longest
    number, kept = 1, b""
    while read := file.readline(limit):
        line, kept = kept + read, b""
        ended = read.endswith(b"\n")
        if len(read) == limit and not ended:
            end = _cut_place(line)
            line, kept = line[:end], line[end:]
        yield number, line
        number += ended
    if kept:
        yield number, kept


def _cut_place(line: bytes) -> int:
    """Where the last word begins, or else the last character."""
    end = line.rfind(b" ")
    if end > 0:
        return end
    end = len(line) - 1
    while end > 1 and 0x80 <= line[end] < 0xC0:  # inside a character
        end -= 1
    return end
