"""Where an artefact is written: whole or not at all, never over another."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from albert_keras.whole_files import owned, written_whole


@contextlib.contextmanager
def new_output(path: Path, *, overwrite: bool) -> Iterator[Path]:
    """Gives a place to write to, and moves it to `path` at the end.

    Folders above `path` that are missing are made. After an exception they
    are gone again, and what stood at `path` still stands there.

    Args:
        path: Where the file or folder shall stand.
        overwrite: Whether to replace what stands there.

    Yields:
        The path to write.

    Raises:
        FileExistsError: There is something at `path`, and `overwrite` is
            False; or another process writes it.
        NotADirectoryError: A folder above `path` is a file.
    """
    if path.exists() and not overwrite:
        raise FileExistsError(
            f"`{path}` must not exist already, unless it is to be overwritten "
            "(`overwrite=True`, --overwrite). Received: a "
            f"{'folder' if path.is_dir() else 'file'}."
        )
    with owned(path), written_whole(path) as partial:
        yield partial
        replaced = _move_folder_aside(path)
    shutil.rmtree(replaced, ignore_errors=True)


def _move_folder_aside(path: Path) -> Path:
    """Makes room for a folder: unlike a file, none can be renamed over it."""
    aside = path.with_name(f".{path.name}.replaced")
    if path.is_dir():
        shutil.rmtree(aside, ignore_errors=True)
        os.replace(path, aside)
    return aside
