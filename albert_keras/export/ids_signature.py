"""The signature `serve_ids`: token ids in, the model's outputs by name."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from albert_keras.checkpoints.temporary_presets import as_own_model
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_masked_lm import AlbertMaskedLM
from albert_keras.models.albert_multiple_choice import AlbertMultipleChoice
from albert_keras.models.albert_pretrainer import AlbertPretrainer
from albert_keras.models.albert_question_answering import (
    AlbertQuestionAnswering,
)
from albert_keras.models.albert_text_classifier import AlbertTextClassifier
from albert_keras.models.albert_token_classifier import AlbertTokenClassifier
from albert_keras.models.own_head import OwnHead
from albert_keras.models.serving import model_outputs

_MODELS = (
    AlbertBackbone,
    AlbertMaskedLM,
    AlbertPretrainer,
    AlbertTextClassifier,
    AlbertMultipleChoice,
    AlbertQuestionAnswering,
    AlbertTokenClassifier,
)


def exportable(model: Any, preprocessor: Any = None) -> keras.Model:
    """Return a model in the form that can be exported, or refuse it.

    Args:
        model: A model of this package or of keras_hub, or a Keras model with
            a head of its own.
        preprocessor: As of `OwnHead`, for a head of its own.

    Returns:
        A model of this package, or an `OwnHead`.

    Raises:
        TypeError: `model` isn't one of these.
        ValueError: `preprocessor` is given for a model of this package.
        RuntimeError: Keras does not run on TensorFlow.
    """
    if not isinstance(model, keras.Model):
        names = ", ".join(each.__name__ for each in _MODELS)
        raise TypeError(
            f"`model` must be one of {names}, or a Keras model built on an "
            f"AlbertBackbone. Received: {type(model).__name__}."
        )
    model = as_own_model(model)
    if not isinstance(model, _MODELS):
        model = OwnHead(model, preprocessor)
    elif preprocessor is not None:
        raise ValueError(
            "`preprocessor` is for a model with a head of its own. Received: "
            f"a preprocessor for {type(model).__name__}; set "
            "`model.preprocessor`, or pass `tokenizer`."
        )
    if keras.backend.backend() != "tensorflow":
        raise RuntimeError(
            "An export needs Keras on TensorFlow. Received: KERAS_BACKEND="
            f"{keras.backend.backend()}."
        )
    return model


def takes_choices(model: keras.Model) -> bool:
    """Whether a row of the model holds several texts."""
    return isinstance(model, AlbertMultipleChoice)


def ids_signature(
    model: keras.Model,
    batch_size: int | None = None,
    sequence_length: int | None = None,
    max_masks: int | None = None,
    num_choices: int | None = None,
    outputs: Callable[..., dict[str, tf.Tensor]] | None = None,
) -> tf.types.experimental.ConcreteFunction:
    """A model as a traced function of ids.

    Args:
        model: A model that `exportable` returned.
        batch_size: Rows; None leaves them to the caller.
        sequence_length: Tokens a row; None likewise.
        max_masks: Mask positions a row; None likewise.
        num_choices: Texts to choose from; None likewise.
        outputs: What gives outputs of the model and its inputs; by default
            `model_outputs`.

    Returns:
        A concrete function of the model's inputs by name, int32
        `[batch_size, sequence_length]` and for `mask_positions`
        `[batch_size, max_masks]`, which returns `outputs`. Those of a
        multiple choice are `[batch_size, num_choices, sequence_length]`.
    """
    choices = [num_choices] if takes_choices(model) else []
    specs = {}
    for name in model.input:
        width = max_masks if name == "mask_positions" else sequence_length
        specs[name] = tf.TensorSpec(
            [batch_size, *choices, width], tf.int32, name=name
        )

    def serve_ids(**inputs):
        return (outputs or model_outputs)(model, inputs)

    return tf.function(serve_ids, autograph=False).get_concrete_function(
        **specs
    )
