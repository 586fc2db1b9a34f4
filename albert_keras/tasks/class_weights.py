"""Weights of classes in the training loss."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

BALANCED = "balanced"


def class_weights(
    given: str | Mapping[str, float], labels: Sequence[str], counts: np.ndarray
) -> np.ndarray:
    """Return a weight for each class.

    Args:
        given: `"balanced"`, or weights by the name of the class; a class that
            is not named weighs 1.
        labels: names of the classes.
        counts: int `[classes]`. Training examples (tagging: words) of each.

    Returns:
        float32 `[classes]`. Balanced weights are `n / (k * count)` with `n`
        examples of `k` classes that occur, as scikit-learn's: their sum over
        all examples is `n`.

    Raises:
        ValueError: if a name is no class, a weight is negative or not finite,
            or no class that occurs has a positive weight.
    """
    if isinstance(given, str):
        check_class_weight(given)
        occurring = np.maximum(counts, 1) * np.count_nonzero(counts)
        return (counts.sum() / occurring).astype("float32")
    weights = np.ones(len(labels), "float32")
    for name, weight in given.items():
        if name not in labels:
            raise ValueError(
                "`class_weight` must name classes of the training examples: "
                f"{_some(labels)}. Received: {name!r}."
            )
        weights[labels.index(name)] = weight
    check_class_weight(given)
    if not weights[counts > 0].any():
        raise ValueError(
            "`class_weight` must give a positive weight to a class of the "
            f"training examples. Received: {dict(given)}."
        )
    return weights


def check_class_weight(given: str | Mapping[str, float]) -> None:
    """Refuse what is wrong for any classes.

    Raises:
        ValueError: if a text is not `"balanced"`, nothing is named, or a
            weight is negative or not finite.
    """
    if isinstance(given, str):
        if given != BALANCED:
            raise ValueError(
                f"`class_weight` must be {BALANCED!r} or weights by class. "
                f"Received: {given!r}."
            )
        return
    if not given:
        raise ValueError("`class_weight` must name a class. Received: none.")
    for name, weight in given.items():
        is_number = type(weight) in (int, float)
        if not is_number or not math.isfinite(weight) or weight < 0:
            raise ValueError(
                "`class_weight` must give each class a number of at least 0. "
                f"Received: {weight!r} for {name!r}."
            )


def _some(labels: Sequence[str], most: int = 20) -> str:
    more = len(labels) - most
    return ", ".join(labels[:most]) + (f" and {more} more" if more > 0 else "")
