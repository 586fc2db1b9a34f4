"""The signature `classify`: texts in, the names of their classes out."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from albert_keras.export.text_packing import TextPacker
from albert_keras.export.token_rows import run_in_parts


def classify_signature(
    serve_ids: tf.types.experimental.ConcreteFunction,
    packer: TextPacker,
    labels: Sequence[str],
) -> Any:
    """A classifier as a function of texts.

    Args:
        serve_ids: Its signature of ids.
        packer: Makes ids of texts.
        labels: Names of the C classes.

    Returns:
        A function of `text`, a string tensor `[batch]`, to the best class as
        `labels` string `[batch]` and as number `classes` int32 `[batch]`, and
        the `scores` of all, float32 `[batch, C]`, in their order.
    """

    def classify(text: tf.Tensor) -> dict[str, tf.Tensor]:
        scores = run_in_parts(serve_ids, packer(text))["scores"]
        classes = tf.argmax(scores, axis=-1, output_type=tf.int32)
        return {
            "labels": tf.gather(tf.constant(list(labels)), classes),
            "classes": classes,
            "scores": scores,
        }

    return classify
