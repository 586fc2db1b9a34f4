"""Which model an artefact was made from, as JSON beside or in it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_text as tf_text

import albert_keras
from albert_keras.artefact_names import (
    EXTRA_FOLDER,
    MODEL_JSON,
    OWN_HEAD_TASK,
    WORD_PIECE_FILE,
)
from albert_keras.export.artefact import Signature
from albert_keras.export.model_tokenizer import Tokenizer
from albert_keras.models.albert_text_classifier import AlbertTextClassifier
from albert_keras.models.albert_word_piece_tokenizer import (
    AlbertWordPieceTokenizer,
)
from albert_keras.models.own_head import OwnHead, class_name
from albert_keras.models.serving import (
    backbone_of,
    max_text_length,
    problem_type_of,
)


def write_model_json(
    folder: Path, content: Mapping[str, Any], tokenizer: Tokenizer | None
) -> None:
    """Writes the file where TF Serving lets such things lie.

    Args:
        folder: The SavedModel.
        content: What `describe_model` returned.
        tokenizer: The tokenizer that the model holds, if it takes texts.
    """
    path = folder / EXTRA_FOLDER / MODEL_JSON
    path.parent.mkdir()
    path.write_text(
        json.dumps(content, indent=2, ensure_ascii=False) + "\n",
        encoding="utf-8",
    )
    if isinstance(tokenizer, AlbertWordPieceTokenizer):
        # The graph holds these pieces only in a form that is not read.
        pieces = "".join(f"{each}\n" for each in tokenizer.get_vocabulary())
        path.with_name(WORD_PIECE_FILE).write_text(pieces, "utf-8")


def describe_model(
    model: keras.Model,
    tokenizer: Tokenizer | None,
    labels: Sequence[str] | None,
    signatures: Mapping[str, Signature],
) -> dict[str, Any]:
    """What there is to know of an exported model.

    Args:
        model: The model that was exported.
        tokenizer: The tokenizer that was with it, if it takes texts.
        labels: Names of a classifier's classes, if they are known.
        signatures: Those of the artefact, by name.

    Returns:
        A dictionary for JSON: `model`, `config`, `dtype`, `weights_sha256`,
        `signatures`, `versions`; `text` where there is a tokenizer,
        `problem_type` of a classifier, `task` of a model with a head of its
        own, and `labels` where they are known.
    """
    content: dict[str, Any] = {
        "model": class_name(model),
        "config": backbone_of(model).albert_config().to_dict(),
        "dtype": backbone_of(model).dtype_policy.name,
        "weights_sha256": _digest(model),
        "signatures": {
            name: {"inputs": each.inputs, "outputs": each.outputs}
            for name, each in signatures.items()
        },
        "versions": {
            "albert_keras": albert_keras.__version__,
            "keras": keras.__version__,
            "tensorflow": tf.__version__,
            "tensorflow_text": tf_text.__version__,
        },
    }
    origin = getattr(backbone_of(model), "origin", None)
    if origin is not None:
        content["origin"] = origin
    if tokenizer is not None:
        content["text"] = {
            **tokenizer.python_tokenizer.normalization,
            "special_symbols": tokenizer.special_symbols,
            "max_tokens": max_text_length(model),
        }
    if isinstance(model, AlbertTextClassifier):
        content["problem_type"] = problem_type_of(model)
    if isinstance(model, OwnHead):
        content["task"] = OWN_HEAD_TASK
        content["token_outputs"] = list(model.token_outputs)
    if labels is not None:
        content["labels"] = list(labels)
    return content


def _digest(model: keras.Model) -> str:
    """Says which weights these are, whatever file they came from."""
    digest = hashlib.sha256()
    for weight in sorted(model.weights, key=lambda each: each.path):
        values = np.asarray(weight.value)
        digest.update(f"{weight.path} {values.dtype} {values.shape}".encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()
