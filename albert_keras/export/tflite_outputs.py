"""What a TensorFlow Lite file puts out."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import tensorflow as tf

from albert_keras.export.pooling import POOLINGS, pool
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_text_classifier import AlbertTextClassifier
from albert_keras.models.own_head import class_name
from albert_keras.models.serving import model_outputs


def check_pooling(model: keras.Model, pooling: str | None) -> None:
    """Refuses a pooling that does not go with a model.

    Args:
        model: The model.
        pooling: One of `POOLINGS`, or None.

    Raises:
        ValueError: There is no such pooling, or the model has a head.
    """
    if pooling is None:
        return
    if pooling not in POOLINGS:
        raise ValueError(
            f"`pooling` must be one of {', '.join(POOLINGS)}. Received: "
            f"pooling={pooling!r}."
        )
    if not isinstance(model, AlbertBackbone):
        raise ValueError(
            "`pooling` is for an AlbertBackbone. Received: "
            f"pooling={pooling!r} for {class_name(model)}."
        )


def tflite_outputs(
    pooling: str | None,
) -> Callable[[Any, Mapping[str, tf.Tensor]], dict[str, tf.Tensor]]:
    """A function that gives a file's outputs of a model and its inputs.

    They are `model_outputs`, but for two: a classifier gives `scores` alone,
    since the TFLite Task Library takes a file for a classifier's only if it
    has one output; and with a pooling a backbone gives one vector,
    `embedding` `[batch, hidden_dim]`.

    Args:
        pooling: What `check_pooling` accepts.
    """

    def outputs(
        model: Any, inputs: Mapping[str, tf.Tensor]
    ) -> dict[str, tf.Tensor]:
        found = model_outputs(model, inputs)
        if isinstance(model, AlbertTextClassifier):
            return {"scores": found["scores"]}
        if pooling is not None:
            mask = inputs["padding_mask"]
            return {"embedding": pool(found, mask, pooling)}
        return found

    return outputs
