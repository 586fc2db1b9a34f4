"""The files that SQuAD is scored from."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple


class Dataset(NamedTuple):
    """The right answers of a SQuAD file.

    Attributes:
        version: "1.1" or "2.0".
        answers: the texts of the right answers, by the question's id.
    """

    version: str
    answers: dict[str, list[str]]


def read_dataset(path: Path) -> Dataset:
    """Reads the right answers from JSON in the layout of SQuAD 1.1 or 2.0.

    Args:
        path: the file. Its own `version` decides where it names one of the
            two; else it is 2.0 if any question has `is_impossible`.

    Returns:
        A `Dataset`.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it is not such JSON, or an id occurs twice.
    """
    data = _json(path)
    answers: dict[str, list[str]] = {}
    knows_impossible = False
    try:
        for question in _questions(data):
            identity = question["id"]
            texts = [answer["text"] for answer in question["answers"]]
            if not all(isinstance(text, str) for text in (identity, *texts)):
                raise TypeError
            if identity in answers:
                raise ValueError(
                    f"Each question must occur once in `{path}`. Received: "
                    f"{identity!r} twice."
                )
            answers[identity] = texts
            knows_impossible |= "is_impossible" in question
        version = str(data.get("version", "")).removeprefix("v")
    except (AttributeError, KeyError, TypeError):
        raise ValueError(
            f"`{path}` must have SQuAD's layout (data, paragraphs, qas, each "
            "with id and answers). Received: other JSON"
            + (f", after {len(answers):,} questions." if answers else ".")
        ) from None
    if version not in ("1.1", "2.0"):
        version = "2.0" if knows_impossible else "1.1"
    return Dataset(version, answers)


def read_predictions(path: Path) -> dict[str, str]:
    """Reads `predictions.json`: one text by each question's id.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it is anything but a JSON object of strings.
    """
    return {
        question: _of_type(path, question, text, str, "text")
        for question, text in _object(path).items()
    }


def read_null_odds(path: Path) -> dict[str, float]:
    """Reads `null_odds.json`: one number by each question's id.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it is anything but a JSON object of finite numbers.
    """
    return {
        question: float(
            _of_type(path, question, odds, (int, float), "a finite number")
        )
        for question, odds in _object(path).items()
    }


def _questions(data: Any) -> Iterator[Any]:
    for article in data["data"]:
        for paragraph in article["paragraphs"]:
            yield from paragraph["qas"]


def _object(path: Path) -> dict[str, Any]:
    found = _json(path)
    if not isinstance(found, dict):
        raise ValueError(
            f"`{path}` must hold a JSON object with one entry a question. "
            f"Received: a {type(found).__name__}."
        )
    return found


def _of_type(
    path: Path, question: str, value: Any, kind: Any, wanted: str
) -> Any:
    # JSON has no NaN, but Python reads it; and its `true` is an `int`.
    if not isinstance(value, kind) or isinstance(value, bool) or value != value:
        raise ValueError(
            f"Question {question!r} in `{path}` must have {wanted}. "
            f"Received: {value!r:.60}."
        )
    return value


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise ValueError(
            f"`{path}` must be JSON. Received, in line {error.lineno}: "
            f"{error.msg}."
        ) from None
    except RecursionError:
        raise ValueError(
            f"`{path}` must have SQuAD's layout. Received: JSON nested too "
            "deeply to be read."
        ) from None
    except UnicodeDecodeError as error:
        raise ValueError(
            f"`{path}` must be JSON in UTF-8. Received: other bytes at "
            f"{error.start:,}."
        ) from None
