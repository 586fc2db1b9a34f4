"""Names of the classes that a model tells apart."""

from collections.abc import Sequence
from typing import Any

import keras

from albert_keras.models.albert_text_classifier import AlbertTextClassifier
from albert_keras.models.albert_token_classifier import AlbertTokenClassifier
from albert_keras.models.labels import checked_labels
from albert_keras.models.own_head import class_name


def labels_for(
    model: keras.Model, labels: Sequence[str] | None
) -> Sequence[str] | None:
    """Return the names of a model's classes, or refuse those that don't fit.

    Args:
        model: The model.
        labels: Names of its classes; None for the model's own.

    Returns:
        The names; None if there are none.

    Raises:
        ValueError: The model has no classes, or another number of them.
    """
    if labels is None:
        return getattr(model, "labels", None)
    if not isinstance(model, AlbertTextClassifier | AlbertTokenClassifier):
        raise ValueError(
            "`labels` are for classifiers. Received: labels for "
            f"{class_name(model)}."
        )
    return checked_labels(labels, model.num_classes)


def label_names(model: Any, labels: Sequence[str] | None) -> Sequence[str]:
    """The labels, or the numbers of the classes.

    Args:
        model: A model with `num_classes`.
        labels: What `labels_for` returned.
    """
    return labels or [str(number) for number in range(model.num_classes)]
