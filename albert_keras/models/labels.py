"""The names of a model's classes."""

from collections.abc import Sequence
from typing import Any


class HasLabels:
    """Mixed into models with classes: their names, which are saved with them.

    The model has `num_classes` before it is given `labels`.
    """

    num_classes: int
    _labels: tuple[str, ...] | None = None

    @property
    def labels(self) -> tuple[str, ...] | None:
        """The names of the classes in order, or None if they have none."""
        return self._labels

    @labels.setter
    def labels(self, labels: Sequence[str] | None) -> None:
        self._labels = checked_labels(labels, self.num_classes)


def checked_labels(labels: Any, num_classes: int) -> tuple[str, ...] | None:
    """Check the names of a model's classes.

    Args:
        labels: The names in the order of the classes, or None.
        num_classes: Number of classes.

    Returns:
        The names as Python strings, or None.

    Raises:
        ValueError: These aren't `num_classes` different names.
    """
    if labels is None:
        return None
    names = (labels,) if isinstance(labels, str | bytes) else tuple(labels)
    if (
        isinstance(labels, str | bytes)
        or not all(isinstance(name, str) for name in names)
        or len(names) != num_classes
        or len(set(names)) != num_classes
    ):
        raise ValueError(
            f"`labels` must be {num_classes} different names, one for each "
            f"class. Received: labels={labels!r:.200}."
        )
    return tuple(map(str, names))
