"""A model that can be asked, whatever form it was loaded from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from albert_keras.artefact_names import OWN_HEAD_TASK
from albert_keras.inference.sentence_layout import SentenceLayout
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
        model_class: One of `TASKS`, or another for a head of one's own.
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
        layout: What sentence-transformers says of it, if it's in the folder.
        token_outputs: Names of the outputs of a head of one's own that have a
            value for each token.
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
    token_outputs: frozenset[str] = frozenset()
    layout: SentenceLayout | None = None

    @property
    def task(self) -> str:
        """The command that the model is for."""
        return TASKS.get(self.model_class, OWN_HEAD_TASK)


def require_task(model: LoadedModel, task: str) -> None:
    """Refuses a model that is for something else.

    Raises:
        TypeError: It is; the message says for what.
    """
    if model.task != task:
        wanted = [name for name, use in TASKS.items() if use == task]
        kinds = " or ".join(f"an {name}" for name in wanted)
        what = f"an {model.model_class}, which is for `{model.task}`"
        if model.model_class not in TASKS:
            what = (
                f"a {model.model_class} with its own head, which "
                "`ak.inference.Predict` runs"
            )
        raise TypeError(
            f"`{task}` must be given {kinds or 'a model with its own head'}. "
            f"Received: {model.source}, {what}."
        )


def python_tokenizer(tokenizer: Any) -> Any:
    """Return the tokenizer without TensorFlow of a layer, or itself.

    Raises:
        TypeError: It isn't a tokenizer of this package.
    """
    python = getattr(tokenizer, "python_tokenizer", tokenizer)
    if not isinstance(python, SentencePieceTokenizer | WordPieceTokenizer):
        raise TypeError(
            "`tokenizer` must be an ak.AlbertTokenizer or an "
            "ak.AlbertWordPieceTokenizer, made of the same vocabulary file. "
            f"Received: {type(tokenizer).__module__}."
            f"{type(tokenizer).__name__}."
        )
    return python
