"""Rows of a user's own CSV, TSV or JSON lines."""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from albert_keras.text.lines import name_of, numbered_lines
from albert_keras.text.records.tables import tsv_rows

FORMS = ("csv", "tsv", "jsonl")
SUFFIXES = tuple(f".{form}" for form in FORMS)
# csv refuses longer cells unless told otherwise; a passage may be long.
_LONGEST_CELL = 2**26


class Record(NamedTuple):
    """A row, by the names of its columns.

    Attributes:
        source: its file and line, as `own.csv:12`.
        values: strings; from JSON also lists and numbers.
    """

    source: str
    values: dict[str, Any]


def form_of(path: Path) -> str:
    """What a file holds by its name, of `FORMS`; "" for anything else.

    Args:
        path: the file, whose name may go on with .gz or .zst.
    """
    suffix = path.suffix
    if suffix in (".gz", ".zst"):
        suffix = path.with_suffix("").suffix
    return suffix[1:] if suffix in SUFFIXES else ""


def records(
    path: Path, columns: Sequence[str], form: str | None = None
) -> Iterator[Record]:
    """Reads the rows of a file by its suffix.

    Args:
        path: `.csv` (quoted as RFC 4180 has it), `.tsv` (where a quote is a
            character like any other) or `.jsonl` (an object a line), in UTF-8;
            `-` is standard input.
        columns: those that are needed.
        form: one of `FORMS`, whatever the suffix.

    Yields:
        The rows, empty lines left out.

    Raises:
        ValueError: if the suffix is another one, or a row lacks a column.
    """
    form = form or form_of(path)
    if form not in FORMS:
        raise ValueError(
            f"`path` must end with {', '.join(SUFFIXES)}. Received: {path}."
        )
    if form == "tsv":
        for row in tsv_rows(path, columns):
            if row.is_short:
                raise ValueError(
                    f"{row.source} must have {len(row.cells)} columns, "
                    "separated by tabs. Received: fewer."
                )
            yield Record(row.source, row.cells)
    elif form == "csv":
        yield from _csv(path, columns)
    else:
        yield from _json_lines(path, columns)


def _csv(path: Path, columns: Sequence[str]) -> Iterator[Record]:
    names: list[str] | None = None
    lines = (f"{line}\n" for _, line in numbered_lines(path))
    before = csv.field_size_limit(_LONGEST_CELL)
    reader = csv.reader(lines, strict=True)
    begun = 1
    try:
        for cells in reader:
            source, begun = f"{name_of(path)}:{begun}", reader.line_num + 1
            if not cells:
                continue
            if names is None:
                names = cells
                _require(source, names, columns)
            elif len(cells) != len(names):
                raise ValueError(
                    f"{source} must have {len(names)} columns, separated by "
                    f"commas. Received: {len(cells)}."
                )
            else:
                row = dict(zip(names, cells, strict=True))
                yield Record(source, row)
    except csv.Error as error:
        raise ValueError(
            f"{name_of(path)}:{begun} must be a row of CSV, its quotes in "
            f"pairs. Received: {error}."
        ) from None
    finally:
        csv.field_size_limit(before)


def _json_lines(path: Path, columns: Sequence[str]) -> Iterator[Record]:
    for number, line in numbered_lines(path):
        if not line.strip():
            continue
        source = f"{name_of(path)}:{number}"
        try:
            values = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            what = getattr(error, "msg", "JSON nested too deeply")
            raise ValueError(
                f"{source} must be a JSON object. Received: {what}."
            ) from None
        if not isinstance(values, dict):
            raise ValueError(
                f"{source} must be a JSON object. Received: {line!r:.60}."
            )
        _require(source, list(values), columns)
        yield Record(source, values)


def _require(source: str, names: list[str], columns: Sequence[str]) -> None:
    missing = [column for column in columns if column not in names]
    if missing:
        raise ValueError(
            f"{source} must have the column {missing[0]!r}. Received: "
            f"{', '.join(map(repr, names))}."
        )
