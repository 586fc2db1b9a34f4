"""A model that can be asked, whatever form it was loaded from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from albert_keras.text.sentencepiece import SentencePieceTokenizer
from albert_keras.text.wordpiece import WordPieceTokenizer

# The command that a model of each class is for.
TASKS = {
    "AlbertMaskedLM": "fill-mask",
    "AlbertPretrainer": "fill-mask",
    "AlbertBackbone": "embed",
    "AlbertTextClassifier": "classify",
    "AlbertQuestionAnswering": "answer",
    "AlbertTokenClassifier": "tag",
    "AlbertMultipleChoice": "choose",
}

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class LoadedModel:
    """A model as a function of ids, and what makes ids of texts.

    All that is different between a Keras model, a SavedModel and a .tflite
    file is `run`. Texts are cut, packed and answered by the same code, so that
    answers differ by rounding alone.

    Attributes:
        model_class: One of `TASKS`.
        source: What the model is called in messages.
        tokenizer: Its tokenizer.
        max_tokens: Most tokens of a row, `[CLS]` and `[SEP]` among them.
        labels: Names of its classes in their order, where they are known.
        inputs: Names of what `run` takes.
        run: Of int32 `[rows, tokens]` (`mask_positions`: `[rows, masks]`; of
            a multiple choice `[rows, choices, tokens]`) by name gives the
            outputs by name, as the signature `serve_ids` of an export.
        problem_type: What the scores of a classifier mean, in Hugging Face's
            words; None if it is not known.
        pooling: How the vectors are made of which the model gives no other.
    """

    model_class: str
    source: str
    tokenizer: SentencePieceTokenizer | WordPieceTokenizer
    max_tokens: int
    labels: tuple[str, ...] | None
    inputs: frozenset[str]
    run: Callable[[Arrays], dict[str, np.ndarray]]
    pooling: str | None = None
    problem_type: str | None = None

    @property
    def task(self) -> str:
        """The command that the model is for."""
        return TASKS[self.model_class]


def require_task(model: LoadedModel, task: str) -> None:
    """Refuses a model that is for something else.

    Raises:
        TypeError: It is; the message says for what.
    """
    if model.task != task:
        wanted = [name for name, use in TASKS.items() if use == task]
        raise TypeError(
            f"`{task}` must be given an {' or an '.join(wanted)}. Received: "
            f"{model.source}, an {model.model_class}, which is for "
            f"`{model.task}`."
        )


def python_tokenizer(tokenizer: Any) -> Any:
    """The tokenizer without TensorFlow of a layer, or itself."""
    return getattr(tokenizer, "python_tokenizer", tokenizer)
