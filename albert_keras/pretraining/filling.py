"""Filling up batches with examples that count for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf


def filled_up(batch: tuple, rows: int | tf.Tensor) -> tuple:
    """Gives a batch as many rows as all have, with zeros behind its own.

    A row that fills up has the sample weight 0, so that it counts neither in
    the loss nor in a metric; and it is all padding.

    Args:
        batch: `(x, y, sample_weight)`, each a tensor, dense or ragged in its
            inner dimensions, or nested in dictionaries; [B, ...].
        rows: The rows it is to have, B or more.

    Returns:
        The batch, every tensor [rows, ...].
    """
    import tensorflow as tf

    def fill(tensor: tf.Tensor) -> tf.Tensor:
        missing = rows - tf.shape(tensor)[0]
        behind = [[0, missing]] + [[0, 0]] * (tensor.shape.rank - 1)
        filled = tf.pad(tensor, behind)
        if isinstance(rows, int):
            filled = tf.ensure_shape(filled, [rows, *tensor.shape[1:]])
        return filled

    return tf.nest.map_structure(fill, batch)
