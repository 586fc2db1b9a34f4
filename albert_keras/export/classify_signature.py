"""The signature `classify`: texts in, the names of their classes out."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from albert_keras.artefact_names import THRESHOLD
from albert_keras.export.text_packing import TextPacker
from albert_keras.export.token_rows import run_in_parts


def classify_signature(
    serve_ids: tf.types.experimental.ConcreteFunction,
    packer: TextPacker,
    labels: Sequence[str],
    *,
    is_multi_label: bool = False,
) -> Any:
    """Return a classifier as a function of texts.

    Args:
        serve_ids: Its signature of ids.
        packer: Makes ids of texts.
        labels: Names of the C classes.
        is_multi_label: Whether a text can have any number of the classes.

    Returns:
        A function of `text`, a string tensor `[batch]`, to the best class as
        `labels` string `[batch]` and as number `classes` int32 `[batch]`, and
        the `scores` of all, float32 `[batch, C]`, in their order. With several
        labels a text, `labels` is string `[batch, C]`, each class' name if its
        score is at least 0.5 and "" otherwise; there are no `classes`.
    """

    def classify(text: tf.Tensor) -> dict[str, tf.Tensor]:
        scores = run_in_parts(serve_ids, packer(text))["scores"]
        if is_multi_label:
            return {
                "labels": tf.where(
                    scores >= THRESHOLD, tf.constant([list(labels)]), ""
                ),
                "scores": scores,
            }
        classes = tf.argmax(scores, axis=-1, output_type=tf.int32)
        return {
            "labels": tf.gather(tf.constant(list(labels)), classes),
            "classes": classes,
            "scores": scores,
        }

    return classify
