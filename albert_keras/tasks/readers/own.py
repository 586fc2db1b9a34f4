"""A user's own data, by the names of its columns."""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from albert_keras.tasks.readers.conll import found, read_conll
from albert_keras.text.examples import (
    Examples,
    Kind,
    TextExample,
)
from albert_keras.text.records.example_reader import ExampleReader
from albert_keras.text.records.files import SUFFIXES, Record, records
from albert_keras.text.records.remarks import Remarks

# What each kind of task reads, and what it needs not.
_COLUMNS = {
    "classification": (("text", "label"), ("pair", "id")),
    "multilabel": (("text", "label"), ("pair", "id")),
    "regression": (("text", "label"), ("pair", "id")),
    "question": (
        ("question", "context", "answer"),
        ("answer_start", "id", "title"),
    ),
    "choice": (("question", "options", "label"), ("context", "id")),
    "tags": (("words", "tags"), ("id",)),
}
KINDS = tuple(_COLUMNS)
_LABELS = ("label", "answer", "tags")


def read_file(
    path: str | PathLike[str],
    kind: str,
    columns: Mapping[str, str | Sequence[str]] | None = None,
    labels: Sequence[str] | None = None,
    labelled: bool = True,
) -> Examples:
    """Reads a CSV, TSV or JSON lines file by the names of its columns.

    Needed are, for "classification", "multilabel" and "regression", `text` and
    `label`, for "question" `question`, `context` and `answer`, for "choice"
    `question`, `options` and `label`, for "tags" `words` and `tags`. There may
    be `id`; `pair`; `context` of choices; `answer_start` (in characters) and
    `title`.
    An answer without `answer_start` is taken where it first occurs; an empty
    one says that the passage does not hold it. In JSON, `options`, `words`,
    `tags`, `answer` and `answer_start` may be lists; else words and tags are
    separated by spaces, and `options` names several columns. The label of a
    choice is a letter from A or a number from 0. The label of "multilabel" is
    a list in JSON, else separated by `|`; or `label` names several columns,
    each with 1 or 0. A text may have none of the labels.

    Args:
        path: the file, `.csv`, `.tsv` or `.jsonl`, in UTF-8; for "tags" any
            other is read in columns, as CoNLL's.
        kind: one of those above.
        columns: what the file calls them, such as `{"text": "review"}`;
            those that are not named are called as above.
        labels: the classes or tags in the order of their ids; None for those
            of this file by their names. Give those of the training file for
            all others.
        labelled: whether labels, answers or tags are needed.

    Returns:
        The examples, with remarks on what is odd.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if a column is missing, a text is empty, a label is none
            or not among `labels`, or an answer is not in its passage; the
            message names file and line.

    Example:
    ```python
    train = read_file("own.csv", "classification", {"text": "review"})
    dev = read_file("dev.csv", "classification", labels=train.labels)
    ```
    """
    path, columns = Path(path), dict(columns or {})
    if kind not in _COLUMNS:
        raise ValueError(
            f"`kind` must be one of {', '.join(KINDS)}. Received: {kind!r}."
        )
    if kind == "tags" and path.suffix not in SUFFIXES:
        return read_conll(path, labels)
    needed, possible = _COLUMNS[kind]
    unknown = columns.keys() - {*needed, *possible}
    if unknown:
        raise ValueError(
            f"`columns` of {kind} must be among "
            f"{', '.join((*needed, *possible))}. Received: "
            f"{', '.join(sorted(unknown))}."
        )
    secret = () if labelled else _LABELS
    wanted = [
        name
        for name in (*needed, *(set(columns) - set(needed)))
        if name not in secret
    ]
    reader = ExampleReader(columns, labelled, Remarks())
    names = [
        column for name in wanted for column in _names(columns.get(name, name))
    ]
    read: Callable[[str, Record], Any] = getattr(reader, kind)
    examples = [
        read(str(place), record)
        for place, record in enumerate(records(path, names))
    ]
    if not examples:
        raise ValueError(f"{path} must hold examples. Received: none.")
    if kind == "multilabel" and labels is None:
        labels = _label_columns(columns)
    return _finished(examples, kind, labels, path, reader.remarks)


def has_labels(
    path: Path, kind: str, columns: Mapping[str, str | Sequence[str]]
) -> bool:
    """Whether a file has the labels of its kind.

    Args:
        path: as of `read_file`.
        kind: likewise.
        columns: likewise.
    """
    if path.suffix not in SUFFIXES:
        return True  # the last column of words
    (name,) = (name for name in _COLUMNS[kind][0] if name in _LABELS)
    first = next(records(path, ()), None)
    return first is None or all(
        column in first.values for column in _names(columns.get(name, name))
    )


def _finished(
    examples: list[Any],
    kind: str,
    labels: Sequence[str] | None,
    path: Path,
    remarks: Remarks,
) -> Examples:
    if kind == "classification":
        given = {e.label for e in examples if e.label is not None}
        names = tuple(labels or sorted(given, key=_by_number))
        for place, example in enumerate(examples):
            if example.label is not None:
                number = _number_of(example.label, names, example.source)
                examples[place] = TextExample(
                    example.id,
                    example.text,
                    example.pair,
                    number,
                    example.source,
                )
    elif kind == "multilabel":
        names = _give_labels(examples, labels)
    elif kind == "tags":
        names = tuple(labels or found(examples))
        for example in examples:
            for tag in example.tags or ():
                _number_of(tag, names, example.source)
    else:
        names = ()
    _require_own_ids(examples)
    kinds: dict[str, Kind] = {
        "classification": "text",
        "multilabel": "text",
        "regression": "text",
        "question": "question",
        "choice": "choice",
        "tags": "tags",
    }
    if path.suffix == ".tsv":
        _remark_quotes(examples, remarks)
    return Examples(kinds[kind], tuple(examples), names, remarks.sentences())


def _label_columns(
    columns: Mapping[str, str | Sequence[str]],
) -> Sequence[str] | None:
    """Return the labels that have a column each, if they do."""
    called = columns.get("label", "label")
    return None if isinstance(called, str) else called


def _give_labels(
    examples: list[Any], labels: Sequence[str] | None
) -> tuple[str, ...]:
    """Replace names of labels by a 1 or 0 for each label."""
    given = {name for e in examples for name in e.label or ()}
    names = tuple(labels or sorted(given, key=_by_number))
    for place, example in enumerate(examples):
        if example.label is not None:
            held = {
                _number_of(name, names, example.source)
                for name in example.label
            }
            flags = tuple(int(number in held) for number in range(len(names)))
            examples[place] = dataclasses.replace(example, label=flags)
    return names


def _require_own_ids(examples: Sequence[Any]) -> None:
    seen: set[str] = set()
    for example in examples:
        if example.id in seen:
            raise ValueError(
                f"{example.source} must have an id of its own. Received: "
                f"{example.id!r} again."
            )
        seen.add(example.id)


def _remark_quotes(examples: Sequence[Any], remarks: Remarks) -> None:
    for example in examples:
        texts = [getattr(example, name, None) for name in _TEXTS]
        if any(text and text.startswith('"') for text in texts):
            remarks.add(
                example.source,
                "a cell begins with a quote, which is kept: in .tsv a quote "
                "is a character (save the file as .csv where it is not)",
            )


_TEXTS = ("text", "pair", "question", "context")


def _names(column: str | Sequence[str]) -> list[str]:
    return [column] if isinstance(column, str) else list(column)


def _number_of(label: str, names: Sequence[str], source: str) -> int:
    if label not in names:
        raise ValueError(
            f"{source} must have one of {', '.join(names)} as its label. "
            f"Received: {label!r:.60}."
        )
    return names.index(label)


def _by_number(label: str) -> tuple[float, str]:
    try:
        return float(label), label
    except ValueError:
        return math.inf, label
