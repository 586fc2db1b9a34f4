"""Vectors as files, written as they come: .npy, .npz, .jsonl, .parquet."""

import contextlib
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np

from albert_keras.requirements import require

SUFFIXES = (".npy", ".npz", ".jsonl", ".parquet")
# Rows that are written to a Parquet file at a time.
_ROWS_AT_ONCE = 1024


class VectorFile(Protocol):
    """A file that vectors are added to."""

    def add(self, text: str, vectors: Mapping[str, np.ndarray]) -> None:
        """Adds what belongs to a text.

        Args:
            text: The text.
            vectors: float32 `[hidden_dim]` by the name of their pooling.
        """
        ...


def check_vector_file(path: Path, poolings: Sequence[str]) -> None:
    """Refuses a file that these vectors cannot be written to.

    Raises:
        ModuleNotFoundError: It takes what is not installed.
        ValueError: Its name ends with something else, or it is of NumPy's
            form for one array, and there are several.
    """
    if path.suffix not in SUFFIXES:
        raise ValueError(
            f"The file must end with {', '.join(SUFFIXES)}. Received: {path}."
        )
    if path.suffix == ".npy" and len(poolings) > 1:
        raise ValueError(
            "A .npy file must hold one pooling; .npz holds several. Received: "
            f"{', '.join(poolings)} for {path}."
        )
    if path.suffix == ".parquet":
        require("parquet", "Writing a Parquet file")


@contextlib.contextmanager
def vector_file(
    path: Path, suffix: str, poolings: Sequence[str]
) -> Iterator[VectorFile]:
    """Opens a file to write vectors to.

    It is whole when the block has ended, unless by an exception.

    Args:
        path: The file.
        suffix: One of `SUFFIXES`: `.npy` is one array float32 `[texts,
            hidden_dim]`; `.npz` one for each pooling by its name; `.jsonl` an
            object a line with the text and a list for each pooling; `.parquet`
            the columns `text` and each pooling, a list of float32.
        poolings: Names of the vectors.
    """
    if suffix == ".jsonl":
        with open(path, "w", encoding="utf-8") as file:
            yield _JsonLines(file)
    elif suffix == ".parquet":
        with _parquet(path, poolings) as rows:
            yield rows
    elif suffix == ".npy":
        with open(path, "w+b") as array:
            arrays = _Arrays({poolings[0]: array})
            yield arrays
            arrays.finish()
    else:
        with contextlib.ExitStack() as stack:
            parts = {
                name: path.with_name(f"{path.name}.{name}") for name in poolings
            }
            files = {}
            for name, part in parts.items():
                stack.callback(part.unlink, missing_ok=True)
                files[name] = stack.enter_context(open(part, "w+b"))
            arrays = _Arrays(files)
            yield arrays
            arrays.finish()
            with zipfile.ZipFile(path, "w") as archive:
                for name, part in parts.items():
                    archive.write(part, f"{name}.npy")


class _JsonLines:
    def __init__(self, file: Any) -> None:
        self._file = file

    def add(self, text: str, vectors: Mapping[str, np.ndarray]) -> None:
        self._file.write(json_line(text, vectors) + "\n")


def json_line(text: str, vectors: Mapping[str, np.ndarray]) -> str:
    """A text and its vectors as a line of JSON, as few digits as tell them."""
    numbers = {
        name: [float(str(number)) for number in vector]
        for name, vector in vectors.items()
    }
    return json.dumps({"text": text, **numbers}, ensure_ascii=False)


class _Arrays:
    """Arrays of which it is not known how many rows they will have.

    NumPy's header has room for any number of rows, so it is written again at
    the end.
    """

    def __init__(self, files: Mapping[str, BinaryIO]) -> None:
        self._files = files
        self._rows = 0
        self._width = 0

    def add(self, text: str, vectors: Mapping[str, np.ndarray]) -> None:
        if not self._rows:
            self._width = len(next(iter(vectors.values())))
            self._write_headers()
        for name, file in self._files.items():
            file.write(vectors[name].astype("<f4").tobytes())
        self._rows += 1

    def finish(self) -> None:
        """Says how many rows there are."""
        for file in self._files.values():
            file.seek(0)
        self._write_headers()
        for file in self._files.values():
            file.flush()

    def _write_headers(self) -> None:
        header = {
            "descr": "<f4",
            "fortran_order": False,
            "shape": (self._rows, self._width),
        }
        for file in self._files.values():
            np.lib.format.write_array_header_1_0(file, header)


@contextlib.contextmanager
def _parquet(path: Path, poolings: Sequence[str]) -> Iterator[VectorFile]:
    import pyarrow
    from pyarrow import parquet

    vector = pyarrow.list_(pyarrow.float32())
    schema = pyarrow.schema(
        [("text", pyarrow.string()), *((name, vector) for name in poolings)]
    )
    with parquet.ParquetWriter(path, schema) as writer:
        rows = _Rows(
            lambda r: writer.write_batch(
                pyarrow.RecordBatch.from_pylist(r, schema)
            )
        )
        yield rows
        rows.finish()


class _Rows:
    """Rows that are written some at a time."""

    def __init__(self, write: Any) -> None:
        self._write = write
        self._rows: list[dict[str, Any]] = []

    def add(self, text: str, vectors: Mapping[str, np.ndarray]) -> None:
        self._rows.append({"text": text, **vectors})
        if len(self._rows) == _ROWS_AT_ONCE:
            self.finish()

    def finish(self) -> None:
        """Writes what is left."""
        if self._rows:
            self._write(self._rows)
        self._rows = []
