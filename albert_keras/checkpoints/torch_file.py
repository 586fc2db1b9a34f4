"""PyTorch's `pytorch_model.bin`, read without PyTorch and without its risks.

Such a file is a zip archive with a pickle, and a pickle is a program: loaded
as usual it may run anything. The reader here knows the few names of which a
state dictionary of tensors is made, and ends at any other before anything is
called. It makes no objects but descriptions of tensors, whose bytes stand in
the archive as they are.
"""

import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from albert_keras.checkpoints.tensors import (
    StoredTensor,
    from_bytes,
    num_bytes,
)

STORAGES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
}
# A state dictionary of an ALBERT takes some thousand bytes.
_LONGEST_PICKLE = 64 << 20


class _Storage(NamedTuple):
    dtype: str
    key: str
    length: int


class _View(NamedTuple):
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_torch(path: Path) -> dict[str, StoredTensor]:
    """The tensors of a state dictionary, by name, none of them read yet.

    Args:
        path: A file which `torch.save` wrote, of PyTorch 1.6 or later.

    Returns:
        Name to `StoredTensor`.

    Raises:
        ValueError: The file is no archive, is cut short, or holds something
            other than a dictionary of tensors; nothing of it was run.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {each.filename: each for each in archive.infolist()}
            pickles = [name for name in entries if name.endswith("/data.pkl")]
            if len(pickles) != 1:
                raise _refused(path, "an archive without one data.pkl")
            packed = [
                each.filename
                for each in entries.values()
                if each.compress_type != zipfile.ZIP_STORED
                or each.compress_size != each.file_size
            ]
            if packed:
                # PyTorch stores them as they are; a zip bomb does not.
                raise _refused(path, f"{packed[0]}, which is compressed")
            if entries[pickles[0]].file_size > _LONGEST_PICKLE:
                raise _refused(path, f"{pickles[0]}, which is too long")
            content = _load(path, archive, pickles[0])
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise _refused(path, f"a damaged archive ({error})") from None
    if not isinstance(content, dict):
        raise _refused(path, f"a {type(content).__name__}")
    folder = pickles[0].removesuffix("data.pkl")
    tensors = {}
    for name, view in content.items():
        if not isinstance(name, str) or not isinstance(view, _View):
            raise _refused(path, f"{name!r}, which is no tensor")
        tensors[name] = _tensor(path, entries, folder, name, view)
    return tensors


class _TensorsOnly(pickle.Unpickler):
    """Knows what a dictionary of tensors is made of, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch._utils" and name == "_rebuild_tensor_v2":
            return _view
        if module == "torch._utils" and name == "_rebuild_parameter":
            return _parameter
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        raise pickle.UnpicklingError(f"the name {module}.{name}")

    def persistent_load(self, saved_id: Any) -> _Storage:
        try:
            kind, dtype, key, _, length = saved_id
        except (TypeError, ValueError):
            raise pickle.UnpicklingError("an unknown storage") from None
        if (
            kind != "storage"
            or dtype not in STORAGES.values()
            or not isinstance(key, str)
            or not isinstance(length, int)
        ):
            raise pickle.UnpicklingError("an unknown storage")
        return _Storage(dtype, key, length)


def _view(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> Any:
    if not isinstance(storage, _Storage):
        raise pickle.UnpicklingError("a tensor without a storage")
    sizes = (offset, *shape, *strides)
    if len(shape) != len(strides) or not all(
        type(each) is int and each >= 0 for each in sizes
    ):
        raise pickle.UnpicklingError(f"a tensor of {shape}")
    return _View(storage, offset, tuple(shape), tuple(strides))


def _parameter(data: Any, *_: Any) -> Any:
    return data


def _load(path: Path, archive: zipfile.ZipFile, name: str) -> Any:
    try:
        with archive.open(name) as file:
            return _TensorsOnly(file).load()
    except zipfile.BadZipFile:
        raise
    except Exception as error:  # whatever a damaged pickle leads to
        raise _refused(path, str(error) or type(error).__name__) from None


def _tensor(
    path: Path,
    entries: dict[str, zipfile.ZipInfo],
    folder: str,
    name: str,
    view: _View,
) -> StoredTensor:
    dtype, key, length = view.storage
    entry = entries.get(f"{folder}data/{key}")
    if entry is None or entry.file_size != num_bytes(dtype, (length,)):
        raise _refused(path, f"{name!r} without its bytes")
    last = view.offset + sum(
        (size - 1) * stride
        for size, stride in zip(view.shape, view.strides, strict=True)
    )
    if 0 not in view.shape and last >= length:
        raise _refused(path, f"{name!r} beyond its bytes")

    def read() -> np.ndarray:
        with zipfile.ZipFile(path) as archive:
            flat = from_bytes(archive.read(entry), dtype, (length,))
        return np.lib.stride_tricks.as_strided(
            flat[view.offset :],
            view.shape,
            [stride * flat.itemsize for stride in view.strides],
        )

    return StoredTensor(view.shape, dtype, read)


def _refused(path: Path, received: str) -> ValueError:
    return ValueError(
        f"`{path}` must be a whole file of torch.save (1.6 or later) with "
        f"named tensors and nothing else. Received: {received}."
    )
