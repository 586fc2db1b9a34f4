"""Rows of tokens of many lengths, in memory or on the disk."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

_SPLITS = "row_splits"
_COLUMNS = "columns.json"


@dataclass(frozen=True)
class Features:
    """What a model reads of a task's examples.

    Attributes:
        tokens: columns with a number for each token, the rows one behind the
            other, `[all tokens]`.
        rows: columns with a number for each row, `[rows, ...]`.
        row_splits: int64 `[rows + 1]`: where in `tokens` each row begins.
    """

    tokens: Mapping[str, np.ndarray]
    rows: Mapping[str, np.ndarray]
    row_splits: np.ndarray

    def __len__(self) -> int:
        return len(self.row_splits) - 1

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each row, int64 `[rows]`."""
        return np.diff(self.row_splits)

    def row(self, index: int) -> dict[str, Any]:
        """All columns of one row.

        Args:
            index: its number.
        """
        held = slice(*self.row_splits[index : index + 2])
        return {
            **{name: column[held] for name, column in self.tokens.items()},
            **{name: column[index] for name, column in self.rows.items()},
        }

    def take(self, indices: np.ndarray) -> Features:
        """Some of the rows.

        Args:
            indices: their numbers, in the order wanted.
        """
        begins, lengths = self.row_splits[indices], self.lengths[indices]
        splits = np.concatenate([[0], np.cumsum(lengths)])
        places = np.arange(splits[-1]) + np.repeat(
            begins - splits[:-1], lengths
        )
        return Features(
            {name: column[places] for name, column in self.tokens.items()},
            {name: column[indices] for name, column in self.rows.items()},
            splits,
        )

    def save(self, folder: Path) -> None:
        """Writes each column as a file of NumPy's.

        Args:
            folder: an empty one.
        """
        for kind, columns in (("tokens", self.tokens), ("rows", self.rows)):
            for name, column in columns.items():
                np.save(folder / f"{kind}.{name}.npy", column)
        names = {"tokens": list(self.tokens), "rows": list(self.rows)}
        (folder / _COLUMNS).write_text(json.dumps(names), "utf-8")
        np.save(folder / f"{_SPLITS}.npy", self.row_splits)

    @classmethod
    def load(cls, folder: Path) -> Features:
        """Maps what `save` wrote into memory.

        Args:
            folder: with the files.

        Raises:
            OSError: if one is not there.
            ValueError: if one is damaged.
        """
        names = json.loads((folder / _COLUMNS).read_text("utf-8"))
        columns = {
            kind: {
                name: np.load(
                    folder / f"{kind}.{name}.npy",
                    mmap_mode="r",
                    allow_pickle=False,
                )
                for name in names[kind]
            }
            for kind in ("tokens", "rows")
        }
        splits = np.load(folder / f"{_SPLITS}.npy", allow_pickle=False)
        sizes = {len(column) for column in columns["tokens"].values()}
        counts = {len(column) for column in columns["rows"].values()}
        if sizes - {splits[-1]} or counts - {len(splits) - 1}:
            raise ValueError(f"The columns in {folder} do not fit together.")
        return cls(columns["tokens"], columns["rows"], splits)


class FeatureRows:
    """Collects rows, and makes them `Features`."""

    def __init__(self) -> None:
        self._tokens: dict[str, list[Sequence[int] | np.ndarray]] = {}
        self._rows: dict[str, list[Any]] = {}
        self._lengths: list[int] = []

    def add(
        self,
        tokens: Mapping[str, Sequence[int] | np.ndarray],
        **row: int | float,
    ) -> None:
        """Adds a row.

        Args:
            tokens: columns with a number for each token, equally long.
            **row: those with a single one.
        """
        for name, column in tokens.items():
            self._tokens.setdefault(name, []).append(column)
        for name, value in row.items():
            self._rows.setdefault(name, []).append(value)
        self._lengths.append(len(tokens["token_ids"]))

    def features(self) -> Features:
        """All rows: int32, and float32 where a number is a float."""
        return Features(
            {name: _flat(rows) for name, rows in self._tokens.items()},
            {name: _column(values) for name, values in self._rows.items()},
            np.cumsum([0, *self._lengths], dtype="int64"),
        )


def _flat(rows: Iterable[Sequence[int] | np.ndarray]) -> np.ndarray:
    return np.concatenate([np.asarray(row, "int32") for row in rows])


def _column(values: list[Any]) -> np.ndarray:
    kind = "float32" if isinstance(values[0], float) else "int32"
    return np.asarray(values, kind)
