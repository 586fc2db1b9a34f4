"""What whoever serves a model asks of it, whatever its class."""

from collections.abc import Mapping
from typing import Any

import keras

from albert_keras.artefact_names import MULTI_LABEL, REGRESSION, SINGLE_LABEL
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_masked_lm import AlbertMaskedLM
from albert_keras.models.albert_multiple_choice import AlbertMultipleChoice
from albert_keras.models.albert_text_classifier import AlbertTextClassifier
from albert_keras.models.albert_token_classifier import AlbertTokenClassifier


def backbone_of(model: keras.Model) -> AlbertBackbone:
    """The backbone of a task, or the backbone itself."""
    return model if isinstance(model, AlbertBackbone) else model.backbone


def longest_row(model: keras.Model) -> int:
    """Return the maximum tokens per row of a model."""
    has_own = hasattr(model, "max_sequence_length")
    return (model if has_own else model.backbone).max_sequence_length


def takes_mask_positions(model: keras.Model) -> bool:
    """Whether the model has a masked-LM head."""
    return "mask_positions" in model.input


def problem_type_of(model: AlbertTextClassifier) -> str:
    """Return what a classifier's outputs mean, also where it's left open."""
    if model.problem_type is not None:
        return model.problem_type
    return REGRESSION if model.num_classes == 1 else SINGLE_LABEL


def max_text_length(model: keras.Model) -> int:
    """Most tokens of a text: as `predict` on strings and `ak.FillMask` take.

    A task's preprocessor may cut texts to less than the model takes.
    """
    longest = longest_row(model)
    preprocessor = getattr(model, "preprocessor", None)
    if preprocessor is None or takes_mask_positions(model):
        return longest
    return min(longest, getattr(preprocessor, "sequence_length", longest))


def model_outputs(
    model: keras.Model, inputs: Mapping[str, Any]
) -> dict[str, Any]:
    """The model's outputs by name, numbers that are not integers in float32.

    Args:
        model: A model of this package.
        inputs: Its inputs by name.

    Returns:
        For a backbone `sequence_output` and `pooled_output`; for a masked LM
        `mlm_logits`, for a pretrainer `sop_logits` as well; for a classifier
        `logits` `[batch, classes]` and their softmax, or with several labels
        a text their sigmoid, as `scores`. A regression, and a classifier with
        an activation of its own, give their outputs as `scores` alone. A
        reader gives what its class
        says, a tagger and a multiple choice `logits`, an `OwnHead` its own
        outputs.
    """
    outputs = model(dict(inputs), training=False)
    if isinstance(model, AlbertMaskedLM):
        outputs = {"mlm_logits": outputs}
    elif isinstance(model, AlbertTextClassifier):
        outputs = _class_scores(model, outputs)
    elif isinstance(model, AlbertTokenClassifier | AlbertMultipleChoice):
        outputs = {"logits": outputs}
    return {name: _in_float32(output) for name, output in outputs.items()}


def _class_scores(model: AlbertTextClassifier, outputs: Any) -> dict[str, Any]:
    problem_type = problem_type_of(model)
    has_activation = model.activation != keras.activations.linear
    if problem_type == REGRESSION or has_activation:
        return {"scores": outputs}
    logits = _in_float32(outputs)
    if problem_type == MULTI_LABEL:
        return {"logits": logits, "scores": keras.ops.sigmoid(logits)}
    return {"logits": logits, "scores": keras.ops.softmax(logits)}


def _in_float32(output: Any) -> Any:
    if not keras.backend.is_float_dtype(output.dtype):
        return output
    return keras.ops.cast(output, "float32")
