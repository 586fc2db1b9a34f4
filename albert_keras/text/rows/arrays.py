"""Rows of many lengths as the arrays that a model takes."""

import numpy as np

from albert_keras.text.rows.table import Features


def encoder_inputs(
    features: Features, width: int | None = None
) -> dict[str, np.ndarray]:
    """Rows as the three inputs of the encoder, int32 `[rows, width]`.

    Args:
        features: with `token_ids` and `segment_ids`.
        width: what rows are filled up to; by default the longest.
    """
    lengths = features.lengths[:, None]
    places = np.arange(width or features.lengths.max())
    return {
        "token_ids": padded(features, "token_ids", width=width),
        "segment_ids": padded(features, "segment_ids", width=width),
        "padding_mask": (places < lengths).astype("int32"),
    }


def padded(
    features: Features, name: str, value: int = 0, width: int | None = None
) -> np.ndarray:
    """A column of tokens, int32 `[rows, width]`.

    Args:
        features: the rows.
        name: the column.
        value: what rows are filled up with.
        width: up to where; by default the longest.
    """
    lengths = features.lengths
    width = width or lengths.max()
    filled = np.full((len(features), width), value, "int32")
    filled[np.arange(width) < lengths[:, None]] = features.tokens[name]
    return filled
