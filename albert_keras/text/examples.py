"""What a task's files hold, whatever their layout."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["text", "question", "choice", "tags"]

# What options of a question are called, from the first.
LETTERS = "ABCDEFGHIJ"


@dataclass(frozen=True, slots=True)
class TextExample:
    """A text or a pair of texts, with its class or its number.

    Attributes:
        id: what predictions call it: the index of the task's file.
        text: the text, or the first of the pair.
        pair: the second of the pair; None if there is none.
        label: the number of its class in `Examples.labels`; in regression the
            number itself; with several labels a tuple with 1 or 0 for each of
            `Examples.labels`; None where it is unknown.
        source: the file and line it is from, for messages.
    """

    id: str
    text: str
    pair: str | None
    label: int | float | tuple[int, ...] | None
    source: str


@dataclass(frozen=True, slots=True)
class QuestionExample:
    """A question about a passage.

    Attributes:
        id: what predictions call it.
        question: the question.
        context: the passage.
        answers: texts of the right answers; none where it is impossible, or
            they are unknown.
        answer_starts: where in `context` each begins, in characters.
        is_impossible: whether the passage does not hold the answer.
        title: of the article.
        source: the file and question it is from, for messages.
    """

    id: str
    question: str
    context: str
    answers: tuple[str, ...]
    answer_starts: tuple[int, ...]
    is_impossible: bool
    title: str
    source: str


@dataclass(frozen=True, slots=True)
class ChoiceExample:
    """A question with options, one of them right.

    Attributes:
        id: what predictions call it.
        context: the passage; "" if there is none.
        question: the question. An option takes the place of its `_`.
        options: the options.
        label: the number of the right one; None where it is unknown.
        group: "middle" or "high" in RACE, else "".
        source: the file and line it is from, for messages.
    """

    id: str
    context: str
    question: str
    options: tuple[str, ...]
    label: int | None
    group: str
    source: str


@dataclass(frozen=True, slots=True)
class TaggedExample:
    """A sentence with a tag a word.

    Attributes:
        id: what predictions call it.
        words: the words.
        tags: as many; None where they are unknown.
        source: the file and line of its first word, for messages.
    """

    id: str
    words: tuple[str, ...]
    tags: tuple[str, ...] | None
    source: str


@dataclass(frozen=True, slots=True)
class Examples(Sequence):
    """The examples of a file or folder, a sequence.

    Attributes:
        kind: "text", "question", "choice" or "tags".
        examples: of that kind, in the order of the file.
        labels: names of the classes or tags in the order of their ids; empty
            where there are none.
        remarks: what a reader of the file should know, a sentence each: what
            is odd and was kept, or cannot be used and was left out.
    """

    kind: Kind
    examples: tuple[Any, ...]
    labels: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: Any) -> Any:
        return self.examples[index]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.examples)
