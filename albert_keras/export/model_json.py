"""`assets.extra/model.json`: which model a SavedModel was made from."""

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
from albert_keras.export.artefact import Signature
from albert_keras.models.albert_tokenizer import AlbertTokenizer
from albert_keras.models.albert_word_piece_tokenizer import (
    AlbertWordPieceTokenizer,
)
from albert_keras.models.serving import backbone_of, max_text_length


def write_model_json(
    folder: Path,
    model: keras.Model,
    tokenizer: AlbertTokenizer | AlbertWordPieceTokenizer | None,
    labels: Sequence[str] | None,
    signatures: Mapping[str, Signature],
) -> None:
    """Writes the file where TF Serving lets such things lie.

    Args:
        folder: The SavedModel.
        model: The model that it holds.
        tokenizer: The tokenizer that it holds, if it takes texts.
        labels: Names of a classifier's classes, if they are known.
        signatures: The SavedModel's, by name.
    """
    path = folder / "assets.extra" / "model.json"
    path.parent.mkdir()
    content: dict[str, Any] = {
        "model": type(model).__name__,
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
    if tokenizer is not None:
        content["text"] = {
            **tokenizer.python_tokenizer.normalization,
            "special_symbols": tokenizer.special_symbols,
            "max_tokens": max_text_length(model),
        }
        if isinstance(tokenizer, AlbertWordPieceTokenizer):
            # The graph holds these pieces only in a form that is not read.
            path.with_name("vocab.txt").write_text(
                "".join(f"{p}\n" for p in tokenizer.get_vocabulary()), "utf-8"
            )
    if labels is not None:
        content["labels"] = list(labels)
    path.write_text(
        json.dumps(content, indent=2, ensure_ascii=False) + "\n",
        encoding="utf-8",
    )


def _digest(model: keras.Model) -> str:
    """Says which weights these are, whatever file they came from."""
    digest = hashlib.sha256()
    for weight in sorted(model.weights, key=lambda each: each.path):
        values = np.asarray(weight.value)
        digest.update(f"{weight.path} {values.dtype} {values.shape}".encode())
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()
