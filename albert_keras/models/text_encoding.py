"""Texts and pairs of texts as the ids that a task takes."""

from collections.abc import Sequence
from typing import Any

import keras
import keras_hub
import numpy as np

from albert_keras.models.takes_strings import Encoded
from albert_keras.text.examples import TextExample
from albert_keras.text.rows.arrays import encoder_inputs, padded
from albert_keras.text.rows.texts import text_features

# Texts that a preprocessor of another make is given at once.
_AT_ONCE = 1024


def has_known_preprocessor(model: Any) -> bool:
    """Return whether a model's preprocessor does what `text_features` does.

    Its `call` may be a subclass's, its tokenizer KerasHub's, and "waterfall"
    truncates another text of a pair.
    """
    preprocessor = model.preprocessor
    return (
        type(preprocessor).call
        in (
            keras_hub.models.TextClassifierPreprocessor.call,
            keras_hub.models.MaskedLMPreprocessor.call,
        )
        and hasattr(preprocessor.tokenizer, "python_tokenizer")
        and preprocessor.truncate == "round_robin"
    )


def encode_texts(
    model: Any,
    rows: Sequence[TextExample],
    y: Any,
    sample_weight: Any,
    width: int | None,
) -> Encoded:
    """Return texts as the inputs of the encoder, with labels and weights.

    Args:
        model: A task with a preprocessor.
        rows: The texts.
        y: Labels, or None.
        sample_weight: Weights, or None.
        width: What rows are padded to; None for the longest.
    """
    if not has_known_preprocessor(model):
        parts = [
            model.preprocessor(columns_of(rows[first : first + _AT_ONCE]))
            for first in range(0, len(rows), _AT_ONCE)
        ]
        x = keras.tree.map_structure(
            lambda *arrays: np.concatenate([np.asarray(a) for a in arrays]),
            *parts,
        )
        return Encoded(x, y, sample_weight, np.zeros(len(rows), "bool"))
    tokenizer, length = model.text_tools()
    features = text_features(rows, tokenizer, length)
    width = width or model.width_of(features.lengths.max())
    x = encoder_inputs(features, width)
    x["token_ids"] = padded(features, "token_ids", tokenizer.pad_id, width)
    return Encoded(x, y, sample_weight, features.rows["num_cut"] > 0)


def columns_of(rows: Sequence[TextExample]) -> Any:
    """Return texts as KerasHub's preprocessors take them."""
    firsts = [row.text for row in rows]
    if rows[0].pair is None:
        return firsts
    return firsts, [row.pair for row in rows]
