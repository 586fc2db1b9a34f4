"""The signature `embed`: texts in, a vector for each out."""

from typing import Any

import tensorflow as tf

from albert_keras.export.pooling import POOLINGS, pool
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

    def embed_ids(**inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        outputs = serve_ids(**inputs)
        vectors = {
            pooling: pool(outputs, inputs["padding_mask"], pooling)
            for pooling in POOLINGS
        }
        for pooling in ("mean", "cls"):
            vectors[f"{pooling}_normalized"] = tf.math.l2_normalize(
                vectors[pooling], axis=-1
            )
        return vectors

    specs = serve_ids.structured_input_signature[1]
    traced = tf.function(embed_ids, autograph=False).get_concrete_function(
        **specs
    )

    def embed(text: tf.Tensor) -> dict[str, tf.Tensor]:
        return run_in_parts(traced, packer(text))

    return embed
