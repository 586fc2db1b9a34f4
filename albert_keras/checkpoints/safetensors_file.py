"""Files of safetensors, read and written without that library.

The format is eight bytes of a length, a JSON header of that length, and the
bytes of the tensors, little-endian, with neither gaps nor overlaps. What is
checked here is all that a header can be wrong about, before a byte of a tensor
is read.

Source: the section "Format" of huggingface/safetensors' README.
"""

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from albert_keras.checkpoints.tensors import (
    StoredTensor,
    from_bytes,
    num_bytes,
)

DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
    "BOOL": "bool",
}
# The library's own limit, which keeps a wrong length from filling memory.
_LONGEST_HEADER = 100_000_000


def read_safetensors(path: Path) -> dict[str, StoredTensor]:
    """The tensors of a file, by name, none of them read yet.

    Args:
        path: The file.

    Returns:
        Name to `StoredTensor`.

    Raises:
        ValueError: The file is cut short or contradicts itself.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(_LONGEST_HEADER, size - 8):
            raise _damaged(path, "one cut short in its header")
        content = file.read(length)
    try:
        header = json.loads(content.decode("utf-8"), object_pairs_hook=_once)
    except (RecursionError, ValueError) as error:
        raise _damaged(path, f"a header that is no JSON ({error})") from None
    if not isinstance(header, dict):
        raise _damaged(path, "a header that is no JSON object")
    header.pop("__metadata__", None)
    start = 8 + length
    tensors, spans = {}, []
    for name, entry in header.items():
        dtype, shape, begin, end = _entry(path, name, entry)
        if not 0 <= begin <= end <= size - start:
            raise _damaged(path, f"{name!r} beyond the end of the file")
        if end - begin != num_bytes(dtype, shape):
            raise _damaged(
                path, f"{end - begin} bytes for {name!r} of {dtype} {shape}"
            )
        spans.append((begin, end, name))
        tensors[name] = _tensor(path, start + begin, dtype, shape)
    reached = 0
    for begin, end, name in sorted(spans):
        if begin != reached:
            raise _damaged(path, f"a gap or an overlap before {name!r}")
        reached = end
    if reached != size - start:
        raise _damaged(path, f"{size - start - reached} bytes of no tensor")
    return tensors


def write_safetensors(
    path: Path,
    arrays: Iterable[tuple[str, np.ndarray]],
    metadata: Mapping[str, str],
) -> None:
    """Writes float32 arrays.

    Args:
        path: The file.
        arrays: Names and arrays.
        metadata: Strings for the header; Hugging Face wants `format`.
    """
    content = {
        name: np.ascontiguousarray(array, "<f4") for name, array in arrays
    }
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    end = 0
    for name, array in content.items():
        begin, end = end, end + array.nbytes
        header[name] = {
            "dtype": "F32",
            "shape": list(array.shape),
            "data_offsets": [begin, end],
        }
    text = json.dumps(header, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)  # so that the tensors are aligned
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for array in content.values():
            file.write(array.data)
        file.flush()
        os.fsync(file.fileno())


def _entry(
    path: Path, name: str, entry: Any
) -> tuple[str, tuple[int, ...], int, int]:
    try:
        dtype = DTYPES[entry["dtype"]]
        shape = tuple(entry["shape"])
        begin, end = entry["data_offsets"]
        sizes = (*shape, begin, end)
    except (KeyError, TypeError, ValueError):
        raise _damaged(path, f"{name!r} described as {entry}") from None
    if not all(type(each) is int and each >= 0 for each in sizes):
        raise _damaged(path, f"{name!r} described as {entry}")
    return dtype, shape, begin, end


def _tensor(
    path: Path, offset: int, dtype: str, shape: tuple[int, ...]
) -> StoredTensor:
    def read_from(start: int, shape: tuple[int, ...]) -> np.ndarray:
        with path.open("rb") as file:
            file.seek(start)
            content = file.read(num_bytes(dtype, shape))
        return from_bytes(content, dtype, shape)

    def read() -> np.ndarray:
        return read_from(offset, shape)

    def read_rows(begin: int, end: int) -> np.ndarray:
        row = num_bytes(dtype, shape[1:])
        return read_from(offset + begin * row, (end - begin, *shape[1:]))

    return StoredTensor(shape, dtype, read, read_rows)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands in it twice")
    return found


def _damaged(path: Path, received: str) -> ValueError:
    return ValueError(
        f"`{path}` must be a whole file of safetensors. Received: {received}."
    )
