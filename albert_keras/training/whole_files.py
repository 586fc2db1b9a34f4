"""Files and folders that appear whole or not at all."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Gives a place beside `path` to write to, and moves it there at the end.

    The place is a name for a file or a folder yet to be made, in the same
    folder and so on the same disk, which makes the move atomic. A file that
    was there is replaced, a folder is not. After an exception nothing of the
    new one is left, and the old one is untouched.

    Args:
        path: where the file or folder shall stand.

    Yields:
        The path to write.
    """
    partial = path.with_name(f".{path.name}.partial")
    _remove(partial)  # left by a process that was killed
    try:
        yield partial
        os.replace(partial, path)
    finally:
        _remove(partial)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
