"""What a file is, by its first or last bytes."""

import enum
from pathlib import Path

from albert_keras.checkpoints.tensorflow_file import INDEX_MAGIC


class Kind(enum.Enum):
    """Kinds of files that may hold weights."""

    SAFETENSORS = "safetensors"
    TORCH = "PyTorch archive"
    HDF5 = "HDF5"
    TENSORFLOW = "TensorFlow checkpoint"
    TAR = "tar archive"


# torch.save before 1.6: a pickle of this number, and then more pickles.
_LEGACY_TORCH = (0x1950A86A20F9469CFC6C).to_bytes(10, "little")


def sniff(path: Path) -> Kind | None:
    """What a file is; None for what holds no weights.

    Args:
        path: A file.

    Raises:
        ValueError: It looks like weights that did not arrive: an empty file,
            a web page, a pointer of Git LFS; or it is a pickle.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(512)
        file.seek(max(0, size - len(INDEX_MAGIC)))
        tail = file.read()
    if tail == INDEX_MAGIC and size > 48:
        return Kind.TENSORFLOW
    if head.startswith(b"\x89HDF\r\n\x1a\n"):
        return Kind.HDF5
    if head.startswith(b"PK\x03\x04"):
        return Kind.TORCH
    if head.startswith(b"\x1f\x8b") or head[257:262] == b"ustar":
        return Kind.TAR
    if head[8:9] == b"{" and head[6:8] == b"\0\0":
        return Kind.SAFETENSORS
    if path.suffix in (".bin", ".pt", ".pth", ".safetensors", ".h5", ".index"):
        raise _no_weights(path, size, head)
    return None


def _no_weights(path: Path, size: int, head: bytes) -> ValueError:
    text = head.lstrip().lower()
    if size == 0:
        received = "an empty file"
    elif text.startswith((b"<!doctype", b"<html", b"<?xml")):
        received = "a web page, which a download saved in its place"
    elif text.startswith(b"version https://git-lfs"):
        received = "a pointer of Git LFS; `git lfs pull` fetches the weights"
    elif _LEGACY_TORCH in head or head.startswith(b"\x80"):
        received = (
            "a pickle, which may run anything when it is loaded; save it "
            "again by PyTorch 1.6 or later, or as safetensors"
        )
    else:
        received = f"{size} bytes of nothing known, beginning {head[:8]!r}"
    return ValueError(
        f"`{path}` must be a whole file of weights. Received: {received}."
    )
