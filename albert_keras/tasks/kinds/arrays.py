"""Rows of ids as batches of a few shapes, and outputs back in their order."""

from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from albert_keras.pretraining.buckets import Buckets, choose_lengths
from albert_keras.text.rows.table import Features
from albert_keras.training.ragged_batches import RaggedBatches


class Arrays(NamedTuple):
    """What a model takes of N rows.

    Attributes:
        x: dictionary of ragged int32 `[N, (S)]`, of multiple choice
            `[N, C, (S)]`.
        y: labels, or None of unlabelled rows.
        lengths: int `[N]`. Tokens of each.
        sample_weight: ragged or dense weights, or None.
    """

    x: dict[str, Any]
    y: Any
    lengths: np.ndarray
    sample_weight: Any = None


def ids_of(features: Features) -> dict[str, tf.RaggedTensor]:
    """The three inputs of the encoder, ragged int32 `[N, (S)]`.

    Args:
        features: with `token_ids` and `segment_ids`.
    """
    tokens = ragged(features, "token_ids")
    return {
        "token_ids": tokens,
        "segment_ids": ragged(features, "segment_ids"),
        "padding_mask": tf.ones_like(tokens),
    }


def ragged(features: Features, name: str) -> tf.RaggedTensor:
    """A column of tokens as a tensor, int32 `[N, (S)]`."""
    return tf.RaggedTensor.from_row_splits(
        np.asarray(features.tokens[name]), features.row_splits
    )


def batches_of(arrays: Arrays, batch_size: int, seed: int) -> RaggedBatches:
    """Batches of about one length each.

    Args:
        arrays: the rows.
        batch_size: int. Rows of a batch.
        seed: int. Decides the order.
    """
    lengths = choose_lengths(np.bincount(arrays.lengths), most=6)
    y = arrays.y
    if y is None:
        y = np.zeros(len(arrays.lengths), "int32")
    return RaggedBatches(
        arrays.x,
        y,
        arrays.lengths,
        Buckets.of_batch_size(lengths, batch_size),
        sample_weight=arrays.sample_weight,
        seed=seed,
    )


def outputs_of(model: keras.Model, arrays: Arrays, batch_size: int) -> list:
    """What the model puts out for each row, each row once.

    Args:
        model: the task.
        arrays: the rows.
        batch_size: int. Rows computed at once.

    Returns:
        A list in the order of the rows: arrays, or dictionaries of them.
    """
    batches = batches_of(arrays, batch_size, seed=0)
    planned = batches.plan(0, shuffle=False)
    rows: list[Any] = [None] * len(arrays.lengths)
    for plan, (x, _, _) in zip(planned, batches.evaluation(), strict=True):
        outputs = model.predict_on_batch(
            {name: tensor.numpy() for name, tensor in x.items()}
        )
        for place, row in enumerate(plan.examples):
            rows[row] = keras.tree.map_structure(
                lambda output, place=place: np.asarray(output[place]), outputs
            )
    return rows
