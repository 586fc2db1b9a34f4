"""RACE: its folders, or the archive in which it comes."""

import json
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from albert_keras.tasks.readers.whole_text import utf8
from albert_keras.text.examples import LETTERS, ChoiceExample, Examples

_ARCHIVE = "RACE.tar.gz"


def read_race(directory: Path, split: str) -> Examples:
    """Reads the passages of a split, of middle and high school.

    Args:
        directory: with `train`, `dev` and `test`, or with `RACE` or
            `RACE.tar.gz` that hold them; or that archive itself. Files hold a
            passage a line, as the one passage of the original files or all of
            them in `all.txt`.
        split: "train", "dev" or "test".

    Returns:
        `Examples` of kind "choice", passages in the order of their numbers.
        Ids are the passage's and the place of the question from 0, as
        `high1001.txt-0`.

    Raises:
        FileNotFoundError: if there are no such files.
        ValueError: if a file has another layout, or an answer is no option.
    """
    examples: list[ChoiceExample] = []
    texts = _texts(directory, split)
    for group, source, text in sorted(texts, key=_order):
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                place = f"{source}:{number}"
                examples += _passage(line, group, place)
    if not examples:
        raise FileNotFoundError(
            f"`{directory}` must hold {_ARCHIVE} or {split}/middle and "
            f"{split}/high with passages. Received: no such files."
        )
    return Examples("choice", tuple(examples))


def _texts(directory: Path, split: str) -> Iterator[tuple[str, str, str]]:
    """Group, file and text of each file."""
    archive = directory if directory.is_file() else directory / _ARCHIVE
    for folder in (directory, directory / "RACE"):
        for group in ("middle", "high"):
            for file in (folder / split / group).glob("*.txt"):
                yield group, str(file), utf8(file.read_bytes(), str(file))
        if (folder / split).is_dir():
            return
    if not archive.is_file():
        return
    try:
        with tarfile.open(archive) as members:
            for member in members:
                path = PurePosixPath(member.name)
                if path.suffix != ".txt" or path.parts[-3:-2] != (split,):
                    continue
                held = members.extractfile(member)
                if held is not None:
                    source = f"{archive}/{path}"
                    yield path.parts[-2], source, utf8(held.read(), source)
    except (tarfile.TarError, EOFError) as error:
        raise ValueError(
            f"`{archive}` must be a whole tar archive. Received: {error}."
        ) from None


def _order(text: tuple[str, str, str]) -> tuple[bool, int, str]:
    number = re.search(r"(\d+)\.txt$", text[1])
    return text[0] == "high", int(number[1]) if number else 0, text[1]


def _passage(line: str, group: str, source: str) -> Iterator[ChoiceExample]:
    try:
        passage = json.loads(line)
        questions, options_of = passage["questions"], passage["options"]
        answers = passage.get("answers") or [None] * len(questions)
        if not len(questions) == len(options_of) == len(answers):
            raise TypeError("not as many questions, options and answers")
        rows = zip(questions, options_of, answers, strict=True)
        for place, (question, options, answer) in enumerate(rows):
            yield ChoiceExample(
                id=f"{passage['id']}-{place}",
                context=passage["article"],
                question=question,
                options=tuple(options),
                label=_label(answer, options, place, source),
                group=group,
                source=f"{source}, question {place + 1}",
            )
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{source} must be JSON. Received: {error.msg}."
        ) from None
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(
            f"{source} must have RACE's layout (id, article, questions, "
            f"options, answers). Received: other JSON "
            f"({type(error).__name__}: {error})."
        ) from None


def _label(
    answer: Any, options: list[str], place: int, source: str
) -> int | None:
    if answer is None:
        return None
    letters = LETTERS[: len(options)]
    if not isinstance(answer, str) or len(answer) != 1 or answer not in letters:
        raise ValueError(
            f"{source}, question {place + 1} must have one of "
            f"{', '.join(letters)} as its answer. Received: {answer!r:.60}."
        )
    return letters.index(answer)
