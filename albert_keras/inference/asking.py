"""What all tasks have in common: a model, and a stream of examples."""

import dataclasses
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from albert_keras.inference.batches import chunks, num_truncated
from albert_keras.inference.loaded_model import (
    LoadedModel,
    python_tokenizer,
    require_task,
)
from albert_keras.inference.loading import load_model, of_keras
from albert_keras.notes import say
from albert_keras.text.inputs import as_text
from albert_keras.text.rows.table import Features

Example = TypeVar("Example")
Result = dict[str, Any]

# A row has [CLS] and [SEP] twice, and should have something beside them.
_FEWEST_TOKENS = 8


class Asks(Generic[Example]):
    """A model that is asked for one task.

    Args:
        model: A Keras model of this package; or where one is: a preset (as
            `from_preset` takes it), a SavedModel or a .tflite file that
            `ak.export` wrote; or a `LoadedModel`.
        tokenizer: The tokenizer to use; by default the model's own.
        labels: Names of the model's classes, in order; by default those that
            it was saved with, else their numbers.
        max_tokens: Most tokens of a row; by default what the model takes.
        batch_size: Most rows that go through the model at once.

    Raises:
        FileNotFoundError: There is nothing at the path.
        TypeError: The model is for another task.
        ValueError: It is damaged, or an argument is out of range.
    """

    task: ClassVar[str]
    # What an example is called where some are truncated.
    examples_are: ClassVar[str] = "texts"

    def __init__(
        self,
        model: Any,
        tokenizer: Any = None,
        *,
        labels: Sequence[str] | None = None,
        max_tokens: int | None = None,
        batch_size: int = 32,
    ) -> None:
        if isinstance(model, str | os.PathLike):
            model = load_model(model, self.task, tokenizer)
        elif not isinstance(model, LoadedModel):
            model = of_keras(model, tokenizer, self.task)
        require_task(model, self.task)
        changes: dict[str, Any] = {}
        if tokenizer is not None:
            changes["tokenizer"] = python_tokenizer(tokenizer)
        if labels is not None:
            changes["labels"] = tuple(labels)
        self._longest = model.max_tokens
        self._num_truncated = 0
        if max_tokens is not None:
            _check_max_tokens(max_tokens, model)
            changes["max_tokens"] = max_tokens
        if batch_size < 1:
            raise ValueError(
                f"`batch_size` must be positive. Received: {batch_size}."
            )
        self.model: LoadedModel = dataclasses.replace(model, **changes)
        self.tokenizer = self.model.tokenizer
        self.batch_size = batch_size

    def stream(
        self, examples: Iterable[Example]
    ) -> Iterator[tuple[Example, Result]]:
        """Answers one example after another, in bounded memory.

        At the end, a note on standard error says how many were truncated.

        Args:
            examples: As many as there are; some hundreds are read ahead, and
                sorted by length.

        Yields:
            Each example with its answer, in their order.
        """
        truncated = total = 0
        try:
            for part in chunks(examples, self.size_of):
                self._num_truncated = 0
                answers = self.answers(part)
                truncated += self._num_truncated
                total += len(part)
                yield from zip(part, answers, strict=True)
        finally:
            if truncated:
                which = f"{truncated:,} of {total:,} {self.examples_are}"
                say(
                    f"{which} {'was' if truncated == 1 else 'were'} truncated "
                    f"to {self.truncated_to()}."
                )

    def count_truncated(self, features: Features) -> None:
        """Count the examples that lost tokens.

        Args:
            features: rows of the examples that are worked on together.
        """
        self._num_truncated += num_truncated(features)

    def truncated_to(self) -> str:
        """Say how many tokens are kept, and what would keep more."""
        kept = f"{self.model.max_tokens} tokens"
        if self.model.max_tokens < self._longest:
            return (
                f"{kept}; `max_tokens` (`--max-tokens`) can be up to "
                f"{self._longest}"
            )
        return f"{kept}, the maximum of {self.model.source}"

    def answers(self, examples: Sequence[Example]) -> list[Result]:
        """Answers to examples that are worked on together."""
        raise NotImplementedError

    def size_of(self, example: Example) -> int:
        """Characters of an example."""
        raise NotImplementedError

    def label(self, number: int) -> str | int:
        """The name of a class, or its number where it has no name."""
        return self.model.labels[number] if self.model.labels else number

    def check_labels(self, classes: int) -> None:
        """Refuse labels that aren't one name for each of the classes."""
        labels = self.model.labels
        if labels is not None and not (
            len(labels) == len(set(labels)) == classes
        ):
            raise ValueError(
                f"`labels` must be {classes} names, one for each class of "
                f"{self.model.source}. Received: {', '.join(labels)}."
            )


def text_list(texts: Any, name: str = "texts") -> tuple[list[str], bool]:
    """Texts as a list, and whether they were a single one.

    Raises:
        TypeError: Something among them is no text.
    """
    if isinstance(texts, str | bytes) or not isinstance(texts, Iterable):
        texts, is_single = [texts], True
    else:
        texts, is_single = list(texts), False
    for text in texts:
        if not isinstance(text, str | bytes):
            raise TypeError(
                f"`{name}` must be a string or a sequence of strings. "
                f"Received: {text!r:.60} ({type(text).__name__})."
            )
    return [as_text(text) for text in texts], is_single


def as_many(name: str, texts: Sequence[Any], wanted: int, of: str) -> None:
    """Refuses texts that are not as many as what they go with."""
    if len(texts) != wanted:
        raise ValueError(
            f"`{name}` must be as many as `{of}`. Received: {len(texts)} and "
            f"{wanted}."
        )


def _check_max_tokens(max_tokens: int, model: LoadedModel) -> None:
    if not _FEWEST_TOKENS <= max_tokens <= model.max_tokens:
        raise ValueError(
            f"`max_tokens` must be between {_FEWEST_TOKENS} and "
            f"{model.max_tokens}, the most that {model.source} takes. "
            f"Received: {max_tokens}."
        )
