"""Tensors that are known by shape, and read when they are needed."""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

# What any float32 variable can hold exactly.
EXACT_DTYPES = ("float32", "float16", "bfloat16")
ITEM_SIZES = {
    "float64": 8,
    "float32": 4,
    "float16": 2,
    "bfloat16": 2,
    "int64": 8,
    "int32": 4,
    "int16": 2,
    "int8": 1,
    "uint8": 1,
    "bool": 1,
}


class StoredTensor(NamedTuple):
    """A tensor in a file.

    Args:
        shape: Its sizes.
        dtype: Name of its type, of `ITEM_SIZES` or some other.
        read: Reads it into an array of its own; bfloat16 comes as float32.
        read_rows: Reads what lies between two numbers of the first axis, where
            a file can do that for less than reading all.
        read_native: Reads it into a tensor of TensorFlow, where a file can do
            that without an array in between.
    """

    shape: tuple[int, ...]
    dtype: str
    read: Callable[[], np.ndarray]
    read_rows: Callable[[int, int], np.ndarray] | None = None
    read_native: Callable[[], Any] | None = None


Tensors = Mapping[str, StoredTensor]


def num_bytes(dtype: str, shape: tuple[int, ...]) -> int:
    """How many bytes a tensor takes that is stored densely."""
    return ITEM_SIZES[dtype] * math.prod(shape)


def from_bytes(
    content: bytes | memoryview, dtype: str, shape: tuple[int, ...]
) -> np.ndarray:
    """The little-endian array in some bytes; bfloat16 becomes float32.

    Args:
        content: As many bytes as the array needs.
        dtype: One of `ITEM_SIZES`.
        shape: Of the array.
    """
    if dtype == "bfloat16":
        halves = np.frombuffer(content, "<u2").astype("<u4")
        return (halves << 16).view("<f4").reshape(shape)
    kind = np.dtype(dtype).newbyteorder("<")
    return np.frombuffer(content, kind).reshape(shape)
