"""What is packed with a .tflite model: description, labels, vocabulary."""

import hashlib
import json
from collections.abc import Sequence

import keras

from albert_keras.artefact_names import (
    LABELS_FILE,
    MODEL_FILE,
    REGRESSION,
    SENTENCE_PIECE_FILE,
    SERVE,
    WORD_PIECE_FILE,
)
from albert_keras.export.client_ids import ANSWERER_LENGTH
from albert_keras.export.flatbuffer import FlatbufferModel
from albert_keras.export.labels import label_names
from albert_keras.export.model_json import describe_model
from albert_keras.export.model_tokenizer import Tokenizer
from albert_keras.export.task_metadata import task_metadata
from albert_keras.lite.associated_files import append_files
from albert_keras.models.albert_question_answering import (
    AlbertQuestionAnswering,
)
from albert_keras.models.albert_text_classifier import AlbertTextClassifier
from albert_keras.models.albert_token_classifier import AlbertTokenClassifier
from albert_keras.models.own_head import OwnHead
from albert_keras.models.serving import problem_type_of
from albert_keras.text.raw_text_model import takes_raw_text
from albert_keras.text.sentencepiece import SentencePieceTokenizer

_FORMAT = 1
# What a client that only knows texts has inputs for.
_CLIENTS_INPUTS = {"token_ids", "segment_ids", "padding_mask"}


def check_packable(labels: Sequence[str] | None) -> None:
    """Refuses labels that are not one line each.

    Args:
        labels: Names of a model's classes; None if they are not known.

    Raises:
        ValueError: A label is empty, or holds a line break or NUL.
    """
    for label in labels or ():
        if not label.strip() or set(label) & set("\n\r\0"):
            raise ValueError(
                "A label must be one line of text, as it stands on a line of "
                f"a file. Received: {label!r}."
            )


def pack(
    written: FlatbufferModel,
    model: keras.Model,
    tokenizer: Tokenizer | None,
    labels: Sequence[str] | None,
    *,
    sequence_length: int | None,
    quantization: str,
    pooling: str | None = None,
) -> bytes:
    """A converted model with all that a client needs to know.

    Args:
        written: The converted model.
        model: The model it came from.
        tokenizer: Its tokenizer; None for a file that only takes ids.
        labels: Names of its classes; their numbers if None.
        sequence_length: Tokens of a row; None where it may be resized.
        quantization: How the model was converted.
        pooling: How one vector was made of those of all tokens.

    Returns:
        The bytes of the .tflite file.
    """
    files = {MODEL_FILE: b""}  # the first one, for who looks at its bytes
    if _has_classes(model):
        names = label_names(model, labels)
        files[LABELS_FILE] = "".join(f"{n}\n" for n in names).encode()
    vocabulary = None
    if tokenizer is not None:
        name, content, original = _vocabulary(tokenizer)
        files[name] = content
        vocabulary = {
            "file": name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "original_sha256": hashlib.sha256(original).hexdigest(),
            "pieces": tokenizer.vocabulary_size(),
        }
    description = {
        "format": _FORMAT,
        **describe_model(model, tokenizer, labels, written.signatures),
        "sequence_length": sequence_length,
        "quantization": quantization,
        "pooling": pooling,
        "vocabulary": vocabulary,
    }
    if tokenizer is not None and sequence_length is not None:
        text = description["text"]
        text["max_tokens"] = min(text["max_tokens"], sequence_length)
    files[MODEL_FILE] = json.dumps(
        description, indent=2, ensure_ascii=False
    ).encode()
    metadata = task_metadata(
        model,
        written,
        files,
        _clients_get_ids(model, tokenizer, written, sequence_length),
    )
    alias = SERVE if isinstance(model, OwnHead) else None
    return append_files(written.with_metadata(metadata.pack(), alias), files)


def _clients_get_ids(
    model: keras.Model,
    tokenizer: Tokenizer | None,
    written: FlatbufferModel,
    sequence_length: int | None,
) -> bool:
    """Whether clients that make ids by themselves make the model's."""
    if tokenizer is None or not tokenizer.lowercase:
        return False  # they all lower-case
    if (
        isinstance(model, AlbertQuestionAnswering)
        and sequence_length != ANSWERER_LENGTH
    ):
        return False  # it is fixed there
    return set(written.input_names) == _CLIENTS_INPUTS


def _has_classes(model: keras.Model) -> bool:
    if not isinstance(model, AlbertTextClassifier | AlbertTokenClassifier):
        return False
    if isinstance(model, AlbertTextClassifier) and model.num_classes == 1:
        return problem_type_of(model) != REGRESSION
    return True


def _vocabulary(tokenizer: Tokenizer) -> tuple[str, bytes, bytes]:
    """The vocabulary's file name, what is packed and what it was made of."""
    python = tokenizer.python_tokenizer
    if isinstance(python, SentencePieceTokenizer):
        return SENTENCE_PIECE_FILE, takes_raw_text(python), python.proto
    pieces = "".join(f"{piece}\n" for piece in python.vocabulary).encode()
    return WORD_PIECE_FILE, pieces, pieces
