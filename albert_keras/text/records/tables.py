"""Rows of tab-separated files, which know no quoting."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from albert_keras.text.lines import name_of, numbered_lines


class Row(NamedTuple):
    """A row of a table.

    Attributes:
        source: its file and line, as `train.tsv:12`.
        cells: by the name of the column.
        is_short: whether cells are missing at its end; they are "".
    """

    source: str
    cells: dict[str, str]
    is_short: bool = False


def tsv_rows(
    path: Path,
    columns: Sequence[str],
    names: Sequence[str] | None = None,
) -> Iterator[Row]:
    """Reads a tab-separated file as GLUE's are: a quote is a character.

    Args:
        path: the file, in UTF-8.
        columns: names of those that are needed.
        names: of all columns, where the first line does not give them.

    Yields:
        The rows, empty lines left out.

    Raises:
        ValueError: if the first line lacks a column, or the file is no text.
    """
    for number, line in numbered_lines(path):
        if not line.strip():
            continue
        source = f"{name_of(path)}:{number}"
        if names is None:
            names = line.split("\t")
            missing = [column for column in columns if column not in names]
            if missing:
                raise ValueError(
                    f"{source} must name the column {missing[0]!r}. "
                    f"Received: {', '.join(map(repr, names))}."
                )
            continue
        cells = line.split("\t")
        if len(cells) > len(names):
            raise ValueError(
                f"{source} must have {len(names)} columns, separated by tabs. "
                f"Received: {len(cells)}."
            )
        is_short = len(cells) < len(names)
        cells += [""] * (len(names) - len(cells))
        yield Row(source, dict(zip(names, cells, strict=True)), is_short)
