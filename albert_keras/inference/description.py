"""What an export says of its model, as a SavedModel and a .tflite have it."""

import json
from dataclasses import dataclass
from typing import Any

from albert_keras.artefact_names import OWN_HEAD_TASK
from albert_keras.inference.loaded_model import TASKS
from albert_keras.text.sentencepiece import SentencePieceTokenizer
from albert_keras.text.wordpiece import WordPieceTokenizer

_MAX_TOKENS = "max_tokens"


@dataclass(frozen=True)
class Description:
    """The content of `model.json` or `albert.json`.

    Attributes:
        source: The file, for messages.
        model_class: The model's class, one of `TASKS` or with a head of its
            own.
        max_tokens: Most tokens of a row.
        labels: Names of the model's classes, if they are known.
        problem_type: What the scores of a classifier mean, if it is known.
        text: How texts become ids; None where no tokenizer was exported.
        token_outputs: As of `LoadedModel`.
    """

    source: str
    model_class: str
    max_tokens: int
    labels: tuple[str, ...] | None
    problem_type: str | None
    text: dict[str, Any] | None
    token_outputs: frozenset[str]

    @classmethod
    def read(cls, content: str, source: str) -> "Description":
        """Reads it.

        Args:
            content: JSON.
            source: Where it is from, for messages.

        Raises:
            ValueError: It is no JSON, or of no model of this package.
        """
        try:
            about = json.loads(content)
            model_class = about["model"]
            text = about.get("text")
            longest = about["config"]["max_position_embeddings"]
            labels = about.get("labels")
            problem_type = about.get("problem_type")
            token_outputs = frozenset(about.get("token_outputs", ()))
            is_own_head = about.get("task") == OWN_HEAD_TASK
        except (KeyError, RecursionError, TypeError, ValueError) as error:
            raise ValueError(
                f"`{source}` must hold what albert-keras says of a model. "
                f"Received: something else ({type(error).__name__}: {error})."
            ) from None
        if model_class not in TASKS and not is_own_head:
            raise ValueError(
                f"`{source}` must be of {', '.join(TASKS)}. Received: "
                f"{model_class!r}."
            )
        return cls(
            source,
            model_class,
            int((text or {}).get(_MAX_TOKENS, longest)),
            None if labels is None else tuple(labels),
            problem_type,
            text,
            token_outputs,
        )

    def tokenizer(
        self, sentence_piece: bytes | None, word_pieces: bytes | None
    ) -> SentencePieceTokenizer | WordPieceTokenizer:
        """The tokenizer of the model.

        Args:
            sentence_piece: The serialized SentencePiece model, if there is one.
            word_pieces: The content of a `vocab.txt`, if there is one.

        Raises:
            ValueError: There is neither, or what there is is damaged.
        """
        options = {
            name: value
            for name, value in (self.text or {}).items()
            if name != _MAX_TOKENS
        }
        if self.text is not None and word_pieces is not None:
            pieces = word_pieces.decode().removesuffix("\n").split("\n")
            return WordPieceTokenizer(pieces, **options)
        if self.text is None or sentence_piece is None:
            raise ValueError(
                f"`{self.source}` must hold a vocabulary to be asked with "
                "texts. Received: one that was written without."
            )
        return SentencePieceTokenizer(sentence_piece, **options)
