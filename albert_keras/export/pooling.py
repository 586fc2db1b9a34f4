"""From a vector for each token to one for the text."""

from collections.abc import Mapping

import tensorflow as tf

POOLINGS = ("mean", "cls", "pooled")


def pool(
    outputs: Mapping[str, tf.Tensor], padding_mask: tf.Tensor, pooling: str
) -> tf.Tensor:
    """One vector for each text.

    Args:
        outputs: What a backbone gives: `sequence_output` float32 `[batch,
            sequence, hidden_dim]` and `pooled_output`.
        padding_mask: `[batch, sequence]`, 1 for tokens.
        pooling: `"mean"`, the mean over all tokens, `[CLS]` and `[SEP]` among
            them; `"cls"`, that of `[CLS]`; `"pooled"`, the `pooled_output`.

    Returns:
        float32 `[batch, hidden_dim]`.
    """
    if pooling == "pooled":
        return outputs["pooled_output"]
    hidden = outputs["sequence_output"]
    if pooling == "cls":
        return hidden[:, 0]
    weights = tf.expand_dims(tf.cast(padding_mask, tf.float32), -1)
    total = tf.reduce_sum(hidden * weights, axis=1)
    return total / tf.reduce_sum(weights, axis=1)
