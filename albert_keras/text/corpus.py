"""Which files a corpus consists of, and the lines of text in them."""

import glob
import os
import sys
from collections.abc import Iterable, Iterator
from os import PathLike
from pathlib import Path
from typing import NamedTuple, NoReturn

from albert_keras.text.decompression import STANDARD_INPUT, compression_of
from albert_keras.text.json_lines import read_json_lines
from albert_keras.text.lines import (
    SkippedLines,
    numbered_lines,
    split_lines,
    with_text,
)

COMPRESSION_ENDINGS = (".gz", ".zst", ".zstd")
JSON_LINES_ENDINGS = (".jsonl", ".ndjson", ".json")

# gzip and zstd make text three to four times smaller.
_TEXT_TO_COMPRESSED = 4
_BYTES_OF_A_PIPE = 10**9


def text_files(paths: Iterable[str | PathLike[str]]) -> list[Path]:
    """The files of a corpus, looked for before the first is read.

    Args:
        paths: Files, folders, patterns, and `-` for standard input. A folder
            stands for the files in it and below it in the order of their
            names, without those that are empty or hidden (`.DS_Store`). A
            pattern (`*`, `?`, `[...]`, and `**` for folders however deep) is
            a name of which there is no file; it stands for the files and
            folders that match it, each once, in the order of their names,
            hidden and empty ones left out likewise.

    Returns:
        The files, with `Path("-")` for standard input.

    Raises:
        FileNotFoundError: If one does not exist, or there is no file in a
            folder or for a pattern.
        ValueError: If standard input is named twice, or closed.
    """
    files: list[Path] = []
    for path in map(Path, paths):
        if path == STANDARD_INPUT:
            _check_standard_input(files)
            files.append(path)
        elif path.is_dir():
            files += _several(
                path, _files_below(path), "a folder in which there is none"
            )
        elif path.exists():
            files.append(path)
        elif glob.has_magic(str(path)):
            files += _several(path, _matches(path), "which matches none")
        else:
            raise FileNotFoundError(
                f"A corpus must consist of text files. Received: {path}, "
                "which does not exist."
            )
    return files


def _check_standard_input(files: list[Path]) -> None:
    if STANDARD_INPUT in files:
        raise ValueError(
            "Standard input (`-`) must be named once in a corpus. "
            "Received: it twice."
        )
    if sys.stdin is None:
        raise ValueError(
            "Standard input (`-`) must be open to be read as a corpus. "
            "Received: a closed one."
        )


def _several(path: Path, found: Iterator[Path], none: str) -> list[Path]:
    files = list(dict.fromkeys(found))
    if not files:
        raise FileNotFoundError(
            f"A corpus must consist of text files. Received: {path}, {none}."
        )
    return files


def _matches(pattern: Path) -> Iterator[Path]:
    for path in map(Path, sorted(glob.glob(str(pattern), recursive=True))):
        if path.is_dir():
            yield from _files_below(path)
        elif path.stat().st_size > 0:
            yield path


def _files_below(folder: Path) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = sorted(n for n in folders if not n.startswith("."))
        for name in sorted(names):
            path = Path(parent, name)
            if not name.startswith(".") and path.stat().st_size > 0:
                yield path


def _raise(error: OSError) -> NoReturn:
    raise error


class TextSize(NamedTuple):
    """How much text there is in a corpus.

    Args:
        bytes: How many bytes, more or less.
        known: Whether that is the size of its files, not a guess.
    """

    bytes: int
    known: bool


def text_size(files: Iterable[Path]) -> TextSize:
    """How much text there is in files, before they are read.

    Args:
        files: As `text_files` returns them.

    Returns:
        Their size, where what is compressed counts four times, and standard
        input, or another pipe, as a gigabyte.
    """
    size = TextSize(0, known=True)
    for file in files:
        if file == STANDARD_INPUT or not file.is_file():
            size = TextSize(size.bytes + _BYTES_OF_A_PIPE, known=False)
        elif compression_of(file) is None:
            size = size._replace(bytes=size.bytes + file.stat().st_size)
        else:
            guess = _TEXT_TO_COMPRESSED * file.stat().st_size
            size = TextSize(size.bytes + guess, known=False)
    return size


def is_json_lines(path: Path) -> bool:
    """Whether a file is one of JSON lines, which its name alone decides.

    Args:
        path: The file. What is compressed has the ending of its compression
            behind that of JSON: `crawl.jsonl.gz`.

    Returns:
        Whether its name ends like that, in small letters or capitals.
    """
    name = path.name.lower()
    for ending in COMPRESSION_ENDINGS:
        name = name.removesuffix(ending)
    return name.endswith(JSON_LINES_ENDINGS)


def read_lines(
    path: str | PathLike[str],
    *,
    longest: int | None = None,
    skipped_lines: SkippedLines | None = None,
) -> Iterator[str]:
    r"""The lines of a UTF-8 file, one in memory at a time.

    A line ends with `\n`, `\r\n`, or `\r`.

    Args:
        path: The file, which gzip or zstd may have compressed; `-` is
            standard input. A byte order mark at its beginning is left out.
        longest: A line of more bytes, as where a whole corpus is one, comes
            in parts of about so many, cut at a space, or between two
            characters where there is none. Without it, a line of more than
            64 MiB cannot be read.
        skipped_lines: Where lines that cannot be read are counted, which are
            then left out. Without it, the first of them is an error.

    Yields:
        Each line, without its end.

    Raises:
        ValueError: If a line is not UTF-8, is too long, or holds a NUL byte,
            as binary files do; if the file is compressed and damaged, or
            holds nothing but white space.
    """
    path = Path(path)
    numbered = numbered_lines(
        path, part_bytes=longest, skipped_lines=skipped_lines
    )
    lines = (line for _, part in numbered for line in split_lines(part))
    return with_text(path, lines, skipped_lines)


def read_text_lines(
    path: str | PathLike[str], *, longest: int | None = None
) -> Iterator[str]:
    """The lines of text in a file, plain or of JSON lines by its name.

    Args:
        path: The file. Of JSON lines, the field `text` is read.
        longest: As in `read_lines`; it does not concern JSON lines.

    Yields:
        Each line of text, without its end.

    Raises:
        ValueError: As `read_lines` and `read_json_lines`.
    """
    path = Path(path)
    if is_json_lines(path):
        for text in read_json_lines(path):
            yield from split_lines(text)
    else:
        yield from read_lines(path, longest=longest)
