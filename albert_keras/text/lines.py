"""The lines of a text file, each checked on its own."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from albert_keras.text.decompression import (
    STANDARD_INPUT,
    DamagedFile,
    opened,
)

# Thirty novels. A few kilobytes of a compressed file can be a line that fills
# the memory.
LONGEST_LINE = 2**26
_READ_AT_ONCE = 2**20
_BYTE_ORDER_MARK = "\ufeff"


class SkippedLines:
    """Lines that could not be read and were left out, counted.

    Attributes:
        count: How many they are.
        first: What is wrong with the first, its file and number; "" before
            there is one.
    """

    def __init__(self) -> None:
        self.count = 0
        self.first = ""

    def add(self, error: ValueError) -> None:
        """Counts a line.

        Args:
            error: What is wrong with it.
        """
        self.first = self.first or str(error)
        self.count += 1


def name_of(path: Path) -> str:
    """What a file is called in an error."""
    return "standard input" if path == STANDARD_INPUT else str(path)


def split_lines(text: str) -> list[str]:
    r"""Splits text where a line ends with `\n`, `\r\n`, or `\r`.

    Args:
        text: Any text. What else `str.splitlines` takes for the end of a
            line, as a form feed, stays in it.

    Returns:
        The lines without their ends.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n")


def with_text(
    path: Path, texts: Iterable[str], skipped_lines: SkippedLines | None = None
) -> Iterator[str]:
    """Passes on what is read of a file, and refuses one without text.

    Args:
        path: The file.
        texts: What is read of it.
        skipped_lines: Where the lines left out of it are counted.

    Yields:
        The texts.

    Raises:
        ValueError: If there was nothing in them but white space.
    """
    has_text = False
    skipped_before = skipped_lines.count if skipped_lines else 0
    for text in texts:
        has_text = has_text or bool(text.strip())
        yield text
    if has_text:
        return
    all_skipped = skipped_lines and skipped_lines.count > skipped_before
    raise ValueError(
        "A corpus file must hold text, one sentence a line. Received: "
        f"{name_of(path)}, "
        + (
            "with no line that can be read."
            if all_skipped
            else "which is empty."
        )
    )


def numbered_lines(
    path: Path,
    *,
    part_bytes: int | None = None,
    skipped_lines: SkippedLines | None = None,
) -> Iterator[tuple[int, str]]:
    r"""The lines of a UTF-8 file, one in memory at a time.

    A line ends with `\n` or `\r\n`. It may be of `LONGEST_LINE` bytes.

    Args:
        path: The file, which gzip or zstd may have compressed; `-` is
            standard input. A byte order mark at its beginning is left out.
        part_bytes: A line of more bytes comes in parts of about so many,
            however long it is: cut at a space, or between two characters
            where there is none.
        skipped_lines: Where lines that cannot be read are counted, which are
            then left out. Without it, the first of them is an error.

    Yields:
        The number of each line, from 1, and the line without its end.

    Raises:
        ValueError: If a line is no UTF-8, too long, or holds a NUL byte; in
            any case if the compression of the file is broken.
    """
    number = 0
    try:
        with opened(path) as file:
            raw_lines = (
                _whole_lines(file)
                if part_bytes is None
                else _parts_of_lines(file, part_bytes)
            )
            at_start = True
            for number, raw_line in raw_lines:
                try:
                    line = _text(raw_line, path, number)
                except ValueError as error:
                    if skipped_lines is None:
                        raise
                    skipped_lines.add(error)
                else:
                    if at_start:
                        line = line.removeprefix(_BYTE_ORDER_MARK)
                    yield number, line.rstrip("\r\n")
                at_start = False
    except DamagedFile as error:
        raise ValueError(
            "A compressed file of a corpus must be whole. Received: "
            f"{name_of(path)}, which is damaged or cut off after line "
            f"{number} ({str(error).removesuffix('.')})."
        ) from error


def _text(line: bytes, path: Path, number: int) -> str:
    if len(line) > LONGEST_LINE and not line.endswith(b"\n"):
        raise ValueError(
            f"A line of a corpus must have at most {LONGEST_LINE:,} bytes. "
            f"Received: {name_of(path)}, with more in line {number}."
        )
    if b"\0" in line:
        raise ValueError(
            f"A corpus must be text in UTF-8. Received: {name_of(path)}, with "
            f"a NUL byte in line {number}, as binary files and UTF-16 have."
        )
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise ValueError(
            f"A corpus must be encoded in UTF-8. Received: {name_of(path)}, "
            f"with the byte 0x{error.object[error.start]:02x} in line "
            f"{number}."
        ) from error


def _whole_lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The lines, of one that is too long the beginning."""
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        yield number, line
        while line and not line.endswith(b"\n"):
            line = file.readline(_READ_AT_ONCE)


def _parts_of_lines(
    file: BinaryIO, part_bytes: int
) -> Iterator[tuple[int, bytes]]:
    """The lines, or parts of those that are too long, each with its number."""
    number, kept = 1, b""
    while read := file.readline(part_bytes):
        line, kept = kept + read, b""
        ended = read.endswith(b"\n")
        if len(read) == part_bytes and not ended:
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
