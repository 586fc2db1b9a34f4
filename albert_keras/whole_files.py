"""Files and folders that appear whole or not at all."""

import contextlib
import errno
import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

# Unlike an open, a write that fails is not told the name of its file.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# What `owned` has locked in this process.
_owned: set[Path] = set()


@contextlib.contextmanager
def owned(path: str | os.PathLike[str]) -> Iterator[None]:
    """Keep other processes from writing the same file or folder.

    The owner locks the file `.NAME.lock` beside it, which is removed at the
    end; or the folder itself, if nothing may be written beside it. The system
    frees the lock of a process that dies. Within a process, what is owned may
    be owned again. Where the file system has no locks, any process may write.

    Args:
        path: The file or folder, which need not exist.

    Raises:
        FileExistsError: Another process owns it.
        OSError: The lock can't be written; `path` is the name in it.
    """
    path = Path(path)
    target = Path(os.path.realpath(path))
    if fcntl is None or target in _owned:
        yield
        return
    is_plain = path.name not in ("", "..") and not path.is_symlink()
    beside = path if is_plain else target
    lock = beside.with_name(f".{beside.name}.lock")
    with folder_made(beside.parent, path):
        with naming(path, lock):
            descriptor = _locked(lock, path)
        _owned.add(target)
        try:
            yield
        finally:
            _owned.discard(target)
            if descriptor is not None:
                with contextlib.suppress(OSError):  # the folder was locked
                    lock.unlink(missing_ok=True)
                os.close(descriptor)


def _locked(lock: Path, path: Path) -> int | None:
    """Return the locked file; None where the file system has no locks."""
    while True:
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError:
            # A mounted disk, or a folder that somebody made for the user.
            if not path.is_dir() or not os.access(path, os.W_OK):
                raise
            lock = path
            descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = ""
            with contextlib.suppress(OSError):  # a folder can't be read
                owner = os.read(descriptor, 1000).decode("utf-8", "replace")
            os.close(descriptor)
            raise FileExistsError(
                f"`{path}` must not be written by two processes at once. Wait "
                "until the other one has ended, or choose another name. "
                "Received: a folder or file that belongs to "
                f"{owner or 'another process'}."
            ) from None
        except OSError:
            os.close(descriptor)
            if lock != path:
                lock.unlink(missing_ok=True)
            return None
        # Its owner may have removed the file between the two calls.
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), lock.stat()):
                break
        os.close(descriptor)
    words = " ".join([Path(sys.argv[0]).name, *sys.argv[1:2]])
    now = time.strftime("%Y-%m-%d %H:%M:%S")
    owner = f"process {os.getpid()} on {socket.gethostname()} ({words}, {now})"
    with contextlib.suppress(OSError):  # a full disk still has the lock
        os.ftruncate(descriptor, 0)
        os.write(descriptor, owner.encode("utf-8", "replace"))
    return descriptor


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Gives a place beside `path` to write to, and moves it there at the end.

    The place is a name for a file or a folder yet to be made, in the same
    folder and so on the same disk, which makes the move atomic. Folders above
    that are missing are made. A file that was there is replaced, a folder is
    not. After an exception nothing of the new one is left, and the old one is
    untouched.

    Args:
        path: where the file or folder shall stand.

    Yields:
        The path to write.

    Raises:
        NotADirectoryError: if a folder above is a file.
        OSError: if it cannot be written; `path` is the name in it.
    """
    target = Path(os.path.realpath(path)) if path.is_symlink() else path
    partial = partial_of(target)
    with folder_made(target.parent, path), _removed(partial, path):
        yield partial
        os.replace(partial, target)


def partial_of(path: Path) -> Path:
    """Where `path` is written to before it is whole."""
    return path.with_name(f".{path.name}.partial")


@contextlib.contextmanager
def filled_whole(folder: Path, last: str) -> Iterator[Path]:
    """Gives a folder to write files to, and moves them to `folder` at the end.

    Where there is no `folder`, the one that was written becomes it. One that
    exists may be a mounted disk or the folder one works in, so it stays, and
    the files are moved into it.

    Args:
        folder: where the files shall stand.
        last: name of the file that is moved after all others: where it
            stands, they do.

    Yields:
        The folder to write to.

    Raises:
        FileExistsError: if another process writes it.
        NotADirectoryError: if a folder above is a file.
        OSError: if it cannot be written; `folder` is the name in it.
    """
    if not folder.exists():
        with owned(folder), written_whole(folder) as partial:
            partial.mkdir()
            yield partial
        return
    partial = partial_of(folder / last)
    with owned(folder), _removed(partial, folder):
        partial.mkdir()
        yield partial
        (folder / last).unlink(missing_ok=True)
        for file in sorted(
            partial.iterdir(), key=lambda file: file.name == last
        ):
            os.replace(file, folder / file.name)


@contextlib.contextmanager
def folder_made(folder: Path, needed_by: Path | None = None) -> Iterator[None]:
    """Makes a folder and those above it; after an exception none is left.

    One in which there is something by then stays.

    Args:
        folder: the folder, which may exist.
        needed_by: what shall stand in it, to be named in an error.

    Raises:
        NotADirectoryError: if it, or a folder above, is a file.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    above = folder.parents[len(missing) - 1] if missing else folder
    if not above.is_dir():
        raise NotADirectoryError(
            f"`{above}` must be a folder to write `{needed_by or folder}`. "
            "Received: a file."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for each in missing:
            with contextlib.suppress(OSError):
                each.rmdir()
        raise


@contextlib.contextmanager
def _removed(partial: Path, path: Path) -> Iterator[None]:
    """Removes what is half written, and names `path` in errors of writing."""
    try:
        with naming(path, partial):
            _remove(partial)  # left by a process that was killed
            # What may not be written is to be known before the work is done.
            partial.touch()
            partial.unlink()
            yield
    finally:
        _remove(partial)


@contextlib.contextmanager
def naming(path: Path, partial: Path) -> Iterator[None]:
    """Names `path` in errors of writing to what is to become it.

    Args:
        path: what is to be written.
        partial: what is written meanwhile.
    """
    try:
        yield
    except OSError as error:
        if _is_of_writing(error, partial):
            error.filename = os.fspath(path)
        raise


def _is_of_writing(error: OSError, partial: Path) -> bool:
    if error.filename is None:
        return error.errno in _NO_ROOM
    return Path(str(error.filename)).is_relative_to(partial)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
