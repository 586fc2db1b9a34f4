"""The folder of a report: pictures, pages and numbers, and nothing else."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from albert_keras.new_output import new_output

_SUFFIXES = (".html", ".json", ".png")


@contextlib.contextmanager
def report_folder(folder: Path, *, overwrite: bool) -> Iterator[Path]:
    """Gives a folder to write a report to, and moves it to `folder` at the end.

    Args:
        folder: Where the report shall stand.
        overwrite: Whether to replace one that is there.

    Yields:
        The folder to write to.

    Raises:
        FileExistsError: There is a report, and `overwrite` is False; or
            there is something else, which is never replaced.
        NotADirectoryError: A folder above is a file.
    """
    if overwrite and folder.exists():
        if not folder.is_dir():
            raise FileExistsError(
                f"`{folder}` must be new, or a report to overwrite. "
                "Received: a file."
            )
        others = [
            path.name
            for path in sorted(folder.iterdir())
            if path.is_dir() or path.suffix not in _SUFFIXES
        ]
        if others:
            raise FileExistsError(
                f"`{folder}` must be new, or a report to overwrite. "
                f"Received: a folder with {others[0]}."
            )
    with new_output(folder, overwrite=overwrite) as partial:
        partial.mkdir()
        yield partial
