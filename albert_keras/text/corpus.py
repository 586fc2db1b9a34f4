"""Plain text, read line by line."""

from collections.abc import Iterable, Iterator
from os import PathLike, fspath
from pathlib import Path


def check_text_files(paths: Iterable[str | PathLike[str]]) -> None:
    """Looks whether all files are there, before the first is read.

    Args:
        paths: The files.

    Raises:
        FileNotFoundError: If one does not exist.
        IsADirectoryError: If one is a folder.
    """
    for path in map(Path, paths):
        if path.is_dir():
            raise IsADirectoryError(
                f"A corpus must consist of text files. Received: {path}, "
                "which is a folder."
            )
        if not path.exists():
            raise FileNotFoundError(
                f"A corpus must consist of text files. Received: {path}, "
                "which does not exist."
            )


def read_lines(path: str | PathLike[str]) -> Iterator[str]:
    """The lines of a UTF-8 file, one in memory at a time.

    Args:
        path: The file. A byte order mark at its beginning is left out.

    Yields:
        Each line, without its end.

    Raises:
        ValueError: If the file is not UTF-8, holds a NUL byte, as binary
            files do, or holds nothing but white space.
    """
    has_text = False
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            if b"\0" in line:
                raise ValueError(
                    "A corpus must be text in UTF-8. Received: "
                    f"{fspath(path)}, with a NUL byte in line {number}, as "
                    "binary files and UTF-16 have."
                )
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise ValueError(
                    "A corpus must be encoded in UTF-8. Received: "
                    f"{fspath(path)}, with the byte "
                    f"0x{line[error.start]:02x} in line {number}."
                ) from error
            has_text = has_text or not text.isspace()
            yield text.rstrip("\r\n")
    if not has_text:
        raise ValueError(
            "A corpus file must hold text, one sentence a line. Received: "
            f"{fspath(path)}, which is empty."
        )
