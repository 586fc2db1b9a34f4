"""Files of texts, questions and choices as examples to be answered."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from albert_keras.text.examples import TextExample
from albert_keras.text.lines import name_of, numbered_lines
from albert_keras.text.records.example_reader import ExampleReader
from albert_keras.text.records.files import (
    FORMS,
    SUFFIXES,
    Record,
    form_of,
    records,
)
from albert_keras.text.records.remarks import Remarks

LINES = "lines"
# What each kind of example is read from, and what it may have besides.
_COLUMNS = {
    "text": (("text",), ()),
    "pair": (("text",), ("pair",)),
    "question": (("question", "context"), ()),
    "choice": (("question", "options"), ("context",)),
}
_METHODS = {
    "text": "classification",
    "pair": "classification",
    "question": "question",
    "choice": "choice",
}


def read_examples(
    path: Path,
    kind: str,
    columns: Mapping[str, str | Sequence[str]] | None = None,
    form: str | None = None,
) -> Iterator[Any]:
    """Reads examples one at a time, as many as there are.

    Args:
        path: The file, which gzip or zstd may have compressed; `-` is standard
            input.
        kind: `"text"`; `"pair"`, texts that may be pairs; `"question"` with
            its passage; `"choice"`, a question with options.
        columns: What the file calls `text`, `pair`, `question`, `context` and
            `options` (several columns, or one with a list), where it does not
            call them so.
        form: `"csv"`, `"tsv"`, `"jsonl"`, or `"lines"`, a text each; by
            default what the file's name ends with, and of texts else lines.

    Returns:
        `TextExample`s, `QuestionExample`s or `ChoiceExample`s, whose `source`
        names file and line.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: A column is missing, or a row has no text in it.
    """
    columns = dict(columns or {})
    is_text = kind in ("text", "pair")
    form = form or form_of(path) or (LINES if is_text else "")
    if form == LINES and is_text:
        if columns:
            raise ValueError(
                f"Lines of text must have no columns. Received: {name_of(path)}"
                f" as lines, and columns {', '.join(columns)}; its name must "
                f"end with {', '.join(SUFFIXES)}, or its form be said."
            )
        return _lines(path)
    if form not in FORMS:
        raise ValueError(
            f"What a {kind} is read from must be one of {', '.join(FORMS)}. "
            f"Received: {name_of(path)}, of the form {form or 'lines'!r}."
        )
    return _rows(path, kind, columns, form)


def _lines(path: Path) -> Iterator[TextExample]:
    for number, line in numbered_lines(path):
        source = f"{name_of(path)}:{number}"
        yield TextExample(str(number - 1), line, None, None, source)


def _rows(
    path: Path,
    kind: str,
    columns: dict[str, str | Sequence[str]],
    form: str,
) -> Iterator[Any]:
    needed, possible = _COLUMNS[kind]
    unknown = columns.keys() - {*needed, *possible}
    if unknown:
        raise ValueError(
            f"Columns must be named for {', '.join((*needed, *possible))}. "
            f"Received: {', '.join(sorted(unknown))}."
        )
    wanted = []
    for name in dict.fromkeys((*needed, *columns)):
        called = columns.get(name, name)
        wanted += [called] if isinstance(called, str) else list(called)
    reader = ExampleReader(
        columns, labelled=False, remarks=Remarks(), empty_texts=True
    )
    read: Callable[[str, Record], Any] = getattr(reader, _METHODS[kind])
    for place, record in enumerate(records(path, wanted, form)):
        yield read(str(place), record)
