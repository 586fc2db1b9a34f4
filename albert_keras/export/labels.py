"""Names of the classes that a model tells apart."""

from collections.abc import Sequence
from typing import Any

import keras

from albert_keras.models.albert_text_classifier import AlbertTextClassifier
from albert_keras.models.albert_token_classifier import AlbertTokenClassifier


def check_labels(model: keras.Model, labels: Sequence[str] | None) -> None:
    """Refuses labels that do not go with a model.

    Args:
        model: The model.
        labels: Names of its classes; None if they are not known.

    Raises:
        ValueError: The model has no classes, or another number of them.
    """
    if labels is None:
        return
    if not isinstance(model, AlbertTextClassifier | AlbertTokenClassifier):
        raise ValueError(
            "`labels` are for classifiers. Received: labels for "
            f"{type(model).__name__}."
        )
    if isinstance(labels, str) or len(labels) != model.num_classes:
        raise ValueError(
            f"`labels` must be {model.num_classes} names, one for each class. "
            f"Received: labels={labels!r}."
        )


def label_names(model: Any, labels: Sequence[str] | None) -> Sequence[str]:
    """The labels, or the numbers of the classes.

    Args:
        model: A model with `num_classes`.
        labels: What `check_labels` accepts.
    """
    return labels or [str(number) for number in range(model.num_classes)]
