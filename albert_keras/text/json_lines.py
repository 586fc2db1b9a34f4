"""Texts out of JSON lines: an object a line, its text in one field."""

import json
from collections.abc import Iterator
from pathlib import Path

from albert_keras.text.lines import (
    SkippedLines,
    name_of,
    numbered_lines,
    with_text,
)


def read_json_lines(
    path: Path,
    *,
    text_field: str = "text",
    skipped_lines: SkippedLines | None = None,
) -> Iterator[str]:
    """The texts of a file of JSON lines (jsonlines.org), one at a time.

    Args:
        path: The file, as in `numbered_lines`. Blank lines are passed over.
        text_field: The field that holds the text.
        skipped_lines: Where lines that cannot be read are counted, which are
            then left out. Without it, the first of them is an error.

    Yields:
        The text of each line.

    Raises:
        ValueError: If a line is no JSON object with a string in that field,
                or its text cannot be written in UTF-8; as `numbered_lines`; and
            if there is nothing but white space in the texts of the file.
    """
    texts = _texts(path, text_field, skipped_lines)
    return with_text(path, texts, skipped_lines)


def _texts(
    path: Path, text_field: str, skipped_lines: SkippedLines | None
) -> Iterator[str]:
    for number, line in numbered_lines(path, skipped_lines=skipped_lines):
        if not line.strip():
            continue
        try:
            yield _text_of(line, text_field)
        except ValueError as error:
            named = ValueError(
                "A line of JSON must be an object with a string in its field "
                f"'{text_field}'. Received: {name_of(path)}, with {error} in "
                f"line {number}."
            )
            if skipped_lines is None:
                raise named from error
            skipped_lines.add(named)


def _text_of(line: str, text_field: str) -> str:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError("what is no JSON") from error
    if not isinstance(value, dict):
        raise ValueError("no object")
    if text_field not in value:
        raise ValueError("no such field")
    text = value[text_field]
    if not isinstance(text, str):
        raise ValueError("something else in it")
    if "\0" in text:
        raise ValueError("a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("half a surrogate pair") from error
    return text
