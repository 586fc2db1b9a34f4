"""The signature `embed`: texts in, a vector for each out."""

from typing import Any

import tensorflow as tf

from albert_keras.export.text_packing import TextPacker
from albert_keras.export.token_rows import run_in_parts


def embed_signature(
    serve_ids: tf.types.experimental.ConcreteFunction, packer: TextPacker
) -> Any:
    """A backbone as a function of texts.

    Args:
        serve_ids: Its signature of ids.
        packer: Makes ids of texts.

    Returns:
        A function of `text`, a string tensor `[batch]`, to float32 `[batch,
        hidden_dim]`: `mean`, the mean of `sequence_output` over all tokens,
        `[CLS]` and `[SEP]` among them; `cls`, that of `[CLS]`; `pooled`, the
        `pooled_output`; and the first two with a Euclidean length of 1,
        `mean_normalized` and `cls_normalized`.
    """

    def vectors(**inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        outputs = serve_ids(**inputs)
        hidden = outputs["sequence_output"]
        weights = tf.cast(inputs["padding_mask"], tf.float32)[:, :, None]
        mean = tf.reduce_sum(hidden * weights, axis=1)
        mean /= tf.reduce_sum(weights, axis=1)
        return {
            "mean": mean,
            "cls": hidden[:, 0],
            "pooled": outputs["pooled_output"],
        }

    specs = serve_ids.structured_input_signature[1]
    traced = tf.function(vectors, autograph=False).get_concrete_function(
        **specs
    )

    def embed(text: tf.Tensor) -> dict[str, tf.Tensor]:
        found = run_in_parts(traced, packer(text))
        for name in ("mean", "cls"):
            normalized = tf.math.l2_normalize(found[name], axis=-1)
            found[f"{name}_normalized"] = normalized
        return found

    return embed
