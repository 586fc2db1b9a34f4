"""The datasets of an HDF5 file as tensors."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from albert_keras.checkpoints.tensors import StoredTensor


def read_hdf5(path: Path) -> dict[str, StoredTensor]:
    """The datasets of a file, by path, none of them read yet.

    Args:
        path: The file.

    Returns:
        Path inside the file, without a leading slash, to `StoredTensor`.

    Raises:
        ValueError: The file is damaged or cut short.
    """
    tensors: dict[str, StoredTensor] = {}

    def add(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            tensors[name] = _tensor(path, name, item)

    try:
        with h5py.File(path, "r") as file:
            file.visititems(add)
    except (OSError, RuntimeError, KeyError) as error:
        raise ValueError(
            f"`{path}` must be a whole HDF5 file. Received one that cannot be "
            f"opened: {error}."
        ) from None
    return tensors


def _tensor(path: Path, name: str, dataset: Any) -> StoredTensor:
    if dataset.external or dataset.is_virtual:
        raise ValueError(
            f"`{path}` must hold its values itself. Received: {name!r}, whose "
            "values are in another file."
        )

    def read() -> np.ndarray:
        return _read(path, name, ...)

    def read_rows(begin: int, end: int) -> np.ndarray:
        return _read(path, name, slice(begin, end))

    return StoredTensor(
        tuple(dataset.shape), dataset.dtype.name, read, read_rows
    )


def _read(path: Path, name: str, rows: Any) -> np.ndarray:
    try:
        with h5py.File(path, "r") as file:
            return np.asarray(file[name][rows])
    except OSError as error:
        raise ValueError(
            f"`{path}` must be a whole HDF5 file. Received one in which "
            f"{name!r} cannot be read: {error}."
        ) from None
