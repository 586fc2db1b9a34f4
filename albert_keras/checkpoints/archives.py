"""Archives of checkpoints, unpacked with care."""

import contextlib
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from albert_keras.checkpoints.sniffing import Kind, sniff

# Weights hardly compress: the released archives are 0.9 of what is in them.
_LARGEST_RATIO = 20
_ALLOWANCE = 64 << 20
_CHUNK = 4 << 20
# Graphs of TensorFlow 1, which nobody reads.
_SKIPPED = (".meta", ".pb")
_KEPT = "saved_model.pb"


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The folder that an archive holds; any other path as it is.

    Args:
        path: What may be an archive.

    Yields:
        A temporary folder, gone afterwards, or the single folder inside it;
        or `path`.

    Raises:
        ValueError: The archive is damaged, holds something other than files
            and folders, would write outside, or swells beyond measure.
    """
    if not path.is_file() or sniff(path) is not Kind.TAR:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="albert-keras-") as folder:
        try:
            _unpack(path, Path(folder))
        except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise _refused(path, f"a damaged one ({error})") from None
        try:
            yield _single(Path(folder))
        except (FileNotFoundError, ValueError) as error:
            # Of the path that was given, not of a folder that is gone soon.
            if error.args and isinstance(error.args[0], str):
                said = error.args[0].replace(folder, str(path))
                raise type(error)(said) from None
            raise


def _unpack(path: Path, folder: Path) -> None:
    budget = _LARGEST_RATIO * path.stat().st_size + _ALLOWANCE
    with tarfile.open(path, "r|*") as archive:
        for member in archive:
            target = _target(path, folder, member)
            budget -= member.size
            if budget < 0:
                raise _refused(
                    path, "one that swells to more than 20 times its size"
                )
            if member.isdir():
                target.mkdir(parents=True, exist_ok=True)
            elif target.suffix not in _SKIPPED or target.name == _KEPT:
                _copy(path, archive, member, target)


def _copy(
    path: Path, archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path
) -> None:
    source = archive.extractfile(member)
    if source is None or target.exists():
        raise _refused(path, f"one with {member.name!r} twice")
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        while chunk := source.read(_CHUNK):
            file.write(chunk)
    if target.stat().st_size != member.size:
        raise _refused(path, f"one cut short in {member.name!r}")


def _target(path: Path, folder: Path, member: tarfile.TarInfo) -> Path:
    name = PurePosixPath(member.name)
    if name.is_absolute() or ".." in name.parts or "\\" in member.name:
        raise _refused(path, f"one that writes to {member.name!r}")
    if not (member.isfile() or member.isdir()):
        raise _refused(path, f"one with a link or device, {member.name!r}")
    return folder / name


def _single(folder: Path) -> Path:
    while True:
        inside = [each for each in folder.iterdir() if each.name[0] != "."]
        if len(inside) != 1 or not inside[0].is_dir():
            return folder
        folder = inside[0]


def _refused(path: Path, received: str) -> ValueError:
    return ValueError(
        f"`{path}` must be a whole archive of a checkpoint's files. "
        f"Received: {received}."
    )
