"""A row of a user's own file as an example of its kind."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from albert_keras.text.examples import (
    LETTERS,
    ChoiceExample,
    QuestionExample,
    TaggedExample,
    TextExample,
)
from albert_keras.text.records.files import Record
from albert_keras.text.records.remarks import Remarks

# What separates the labels of a text in a cell of CSV or TSV.
LABEL_SEPARATOR = "|"
_YES_OR_NO = {"1": True, "true": True, "0": False, "false": False}
# Longer than this, a text is said to be long: of many windows, or cut.
LONG_TEXT = 50_000


class ExampleReader:
    """Turns records into examples; a method for each kind of task.

    Args:
        columns: what the file calls the columns.
        labelled: whether labels are read.
        remarks: where what is odd is counted.
        empty_texts: whether a text may be empty.
    """

    def __init__(
        self,
        columns: Mapping[str, str | Sequence[str]],
        labelled: bool,
        remarks: Remarks,
        empty_texts: bool = False,
    ) -> None:
        self.columns = columns
        self.labelled = labelled
        self.remarks = remarks
        self.empty_texts = empty_texts

    def classification(self, place: str, record: Record) -> TextExample:
        label = self._text(record, "label") if self.labelled else None
        return self._text_example(place, record, label)

    def multilabel(self, place: str, record: Record) -> TextExample:
        labels = self._labels(record) if self.labelled else None
        return self._text_example(place, record, labels)

    def _labels(self, record: Record) -> tuple[str, ...]:
        """Return the names of a text's labels, each once."""
        columns = self.columns.get("label", "label")
        if not isinstance(columns, str):
            return tuple(
                name
                for name in columns
                if _is_yes(record.values[name], name, record.source)
            )
        given = record.values[columns]
        if isinstance(given, str):
            given = given.split(LABEL_SEPARATOR) if given.strip() else []
        if not isinstance(given, list) or not all(
            (isinstance(label, str) and label.strip()) or isinstance(label, int)
            for label in given
        ):
            raise ValueError(
                f"{record.source} must have a list of labels in the column "
                f"{columns!r}, or a text that separates them by "
                f"{LABEL_SEPARATOR!r}. Received: "
                f"{record.values[columns]!r:.60}."
            )
        return tuple(dict.fromkeys(str(label).strip() for label in given))

    def regression(self, place: str, record: Record) -> TextExample:
        label = None
        if self.labelled:
            given = self._value(record, "label")
            try:
                label = float(given)
            except (TypeError, ValueError):
                label = math.nan
            if not math.isfinite(label):
                raise ValueError(
                    f"{record.source} must have a number as its label. "
                    f"Received: {given!r:.60}."
                )
        return self._text_example(place, record, label)

    def _text_example(
        self, place: str, record: Record, label: Any
    ) -> TextExample:
        pair = self._text(record, "pair") if self._has(record, "pair") else None
        return TextExample(
            self._id(place, record),
            self._text(record, "text"),
            pair,
            label,
            record.source,
        )

    def question(self, place: str, record: Record) -> QuestionExample:
        context = self._text(record, "context")
        answers: list[str] = []
        starts: list[int] = []
        if self.labelled:
            given = _list(self._value(record, "answer"))
            answers = [str(answer) for answer in given if str(answer).strip()]
            if self._has(record, "answer_start") and answers:
                starts = [
                    _start(start, record.source)
                    for start in _list(self._value(record, "answer_start"))
                ]
            else:
                starts = [context.find(answer) for answer in answers]
                if any(context.count(answer) > 1 for answer in answers):
                    self.remarks.add(
                        record.source,
                        "an answer without `answer_start` occurs more than "
                        "once, and is taken where it first does",
                    )
            if len(starts) != len(answers):
                raise ValueError(
                    f"{record.source} must have as many starts as answers. "
                    f"Received: {len(starts)} and {len(answers)}."
                )
            for start, answer in zip(starts, answers, strict=True):
                if start < 0 or not context.startswith(answer, start):
                    raise ValueError(
                        f"{record.source} must have its answer in the context"
                        + (f" at character {start:,}" if start >= 0 else "")
                        + f". Received: {answer!r:.60}."
                    )
            if not answers:
                self.remarks.add(
                    record.source,
                    "the question has no answer, and counts as impossible",
                )
        title = ""
        if self._has(record, "title"):
            title = str(self._value(record, "title"))
        return QuestionExample(
            self._id(place, record),
            self._text(record, "question"),
            context,
            tuple(answers),
            tuple(starts),
            self.labelled and not answers,
            title,
            record.source,
        )

    def choice(self, place: str, record: Record) -> ChoiceExample:
        column = self.columns.get("options", "options")
        if isinstance(column, str):
            options = record.values[column]
        else:
            options = [record.values[name] for name in column]
        if (
            not isinstance(options, list)
            or len(options) < 2
            or not all(isinstance(o, str) and o.strip() for o in options)
        ):
            raise ValueError(
                f"{record.source} must have two options or more, each a text. "
                f"Received: {options!r:.60}."
            )
        label = None
        if self.labelled:
            given = str(self._value(record, "label")).strip()
            numbers = [str(number) for number in range(len(options))]
            letters = LETTERS[: len(options)]
            if len(given) == 1 and given in letters:
                label = letters.index(given)
            elif given in numbers:
                label = int(given)
            else:
                raise ValueError(
                    f"{record.source} must have a letter from A or a number "
                    f"from 0 of one of its {len(options)} options as its "
                    f"label. Received: {given!r:.60}."
                )
        context = ""
        if self._has(record, "context"):
            context = self._text(record, "context")
        return ChoiceExample(
            self._id(place, record),
            context,
            self._text(record, "question"),
            tuple(options),
            label,
            "",
            record.source,
        )

    def tags(self, place: str, record: Record) -> TaggedExample:
        words = _words(self._value(record, "words"))
        if not words or not all(word.strip() for word in words):
            raise ValueError(
                f"{record.source} must have words. Received: {words!r:.60}."
            )
        tags = None
        if self.labelled:
            tags = tuple(_words(self._value(record, "tags")))
            if len(tags) != len(words):
                raise ValueError(
                    f"{record.source} must have as many tags as words. "
                    f"Received: {len(tags)} and {len(words)}."
                )
        return TaggedExample(
            self._id(place, record), tuple(words), tags, record.source
        )

    def _column(self, name: str) -> str:
        return str(self.columns.get(name, name))

    def _has(self, record: Record, name: str) -> bool:
        return self._column(name) in record.values

    def _value(self, record: Record, name: str) -> Any:
        return record.values[self._column(name)]

    def _id(self, place: str, record: Record) -> str:
        if not self._has(record, "id"):
            return place
        return str(self._value(record, "id"))

    def _text(self, record: Record, name: str) -> str:
        value = self._value(record, name)
        if name == "label" and isinstance(value, int):
            value = str(value)  # JSON has numbers and true
        if not isinstance(value, str) or not (
            value.strip() or (self.empty_texts and name != "label")
        ):
            several = name == "label" and isinstance(value, list)
            raise ValueError(
                f"{record.source} must have a text in the column "
                f"{self._column(name)!r}. Received: {value!r:.60}."
                + (" (Several labels are for `multilabel`.)" if several else "")
            )
        if len(value) > LONG_TEXT:
            self.remarks.add(
                record.source,
                f"the {name} is longer than {LONG_TEXT:,} characters",
            )
        return value.strip() if name == "label" else value


def _is_yes(value: Any, column: str, source: str) -> bool:
    found = _YES_OR_NO.get(str(value).strip().lower())
    if found is None:
        raise ValueError(
            f"{source} must have 1 or 0 in the column {column!r} of a label. "
            f"Received: {value!r:.60}."
        )
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _words(value: Any) -> list[str]:
    given = value if isinstance(value, list) else str(value).split()
    return [str(word) for word in given]


def _start(value: Any, source: str) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise ValueError(
            f"{source} must have a whole number as its answer_start. "
            f"Received: {value!r:.60}."
        ) from None
