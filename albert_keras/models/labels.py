"""The names of a model's classes, and labels as the numbers of a loss."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from albert_keras.models.text_columns import plain


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

    def name_classes(self, names: set[str]) -> None:
        """Take the names of the classes from the labels of a training set.

        Names that the model has already stay.

        Args:
            names: All different names in the labels.

        Raises:
            ValueError: There are more or fewer of them than classes.
        """
        if self.labels is not None or not names:
            return
        if len(names) != self.num_classes:
            shown = ", ".join(sorted(names)[:10])
            raise ValueError(
                f"The labels must be {self.num_classes} different names, one "
                "for each class; set `model.labels` if some don't occur. "
                f"Received: {len(names)} ({shown:.200})."
            )
        self.labels = sorted(names)


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


def names_in(labels: Any) -> set[str]:
    """Return all different names in labels, however nested; {} for numbers."""
    if isinstance(labels, bytes):
        return {labels.decode("utf-8", "replace")}
    if isinstance(labels, str):
        return {str(labels)}
    if isinstance(labels, np.ndarray) and labels.dtype.kind in "biuf":
        return set()
    if isinstance(labels, list | tuple | set | frozenset | np.ndarray):
        return set().union(*map(names_in, labels))
    return set()


def class_numbers(
    labels: Any,
    num_classes: int,
    names: Sequence[str] | None = None,
    where: str = "row",
) -> np.ndarray:
    """Return the classes that labels name, int32 in the labels' shape.

    Args:
        labels: Numbers or names of classes: an array, or a flat list.
        num_classes: Number of classes.
        names: Names of the classes, if they have any.
        where: What a place in the labels is called in messages.

    Raises:
        ValueError: One of them isn't the number or name of a class.
    """
    found = _numbers(labels)
    if found is None:
        found = np.asarray(
            [
                _class_number(label, names, f"{where} {row}")
                for row, label in enumerate(plain(labels))
            ],
            "float64",
        )
    wrong = np.argwhere(
        ~((found >= 0) & (found < num_classes) & (found == np.floor(found)))
    )
    if len(wrong):
        place = tuple(wrong[0])
        raise ValueError(
            f"A class must be from 0 to {num_classes - 1}. Received: "
            f"{_shown(found[place])} in {where} "
            f"{', '.join(str(int(index)) for index in place)}."
        )
    return found.astype("int32")


def class_sets(
    labels: Any, num_classes: int, names: Sequence[str] | None
) -> np.ndarray:
    """Return rows of 0 and 1 for labels with any number of classes each.

    Args:
        labels: `[rows, num_classes]` numbers from 0 to 1, or for each row
            the names of its classes.
        num_classes: Number of classes.
        names: Names of the classes, if they have any.

    Returns:
        float32 `[rows, num_classes]`.

    Raises:
        ValueError: The shape is another, a number isn't from 0 to 1, or a
            name is unknown.
    """
    rows = labels if isinstance(labels, np.ndarray) else plain(labels)
    if isinstance(rows, list) and any(
        isinstance(row, set | frozenset | str | bytes) or names_in(row)
        for row in rows
    ):
        found = np.zeros((len(rows), num_classes), "float32")
        for number, row in enumerate(rows):
            row = [row] if isinstance(row, str | bytes) else sorted(row)
            for name in row:
                place = _class_number(name, names, f"row {number}")
                found[number, int(place)] = 1
        return found
    numbers = _numbers(rows)
    if numbers is None or numbers.shape[1:] != (num_classes,):
        raise _wrong_shape(
            labels, numbers, f"(rows, {num_classes})", "one number per class"
        )
    return _within_0_and_1(numbers)


def binary_targets(labels: Any) -> np.ndarray:
    """Return the labels of a model with a single class, float32.

    Raises:
        ValueError: One of them isn't a number from 0 to 1.
    """
    numbers = _numbers(labels)
    if numbers is None or numbers.shape[1:] not in ((), (1,)):
        raise _wrong_shape(labels, numbers, "(rows,)", "one number per row")
    return _within_0_and_1(numbers)


def regression_targets(labels: Any, num_outputs: int) -> np.ndarray:
    """Return the numbers that a regression learns, float32.

    Raises:
        ValueError: One of them isn't a finite number, or their shape isn't
            `(rows,)` or `(rows, num_outputs)`.
    """
    numbers = _numbers(labels)
    shapes = [(num_outputs,), *([()] if num_outputs == 1 else [])]
    if numbers is None or numbers.shape[1:] not in shapes:
        shape = "(rows,)" if num_outputs == 1 else f"(rows, {num_outputs})"
        raise _wrong_shape(labels, numbers, shape, "numbers")
    wrong = np.argwhere(~np.isfinite(numbers))
    if len(wrong):
        raise ValueError(
            "A label must be a finite number. Received: "
            f"{_shown(numbers[tuple(wrong[0])])} in row {wrong[0][0]}."
        )
    return numbers.astype("float32")


def one_number_per_row(labels: Any) -> Any:
    """Return labels of shape `[rows]` or `[rows, 1]` as `[rows]`.

    Raises:
        ValueError: They have another shape.
    """
    numbers = _numbers(labels)
    if numbers is None:
        rows = plain(labels)
        if any(isinstance(row, list | set | tuple) for row in rows):
            if all(isinstance(row, list) and len(row) == 1 for row in rows):
                return [row[0] for row in rows]
            raise ValueError(
                "A label must be one class; for several, build the model with "
                'problem_type="multi_label_classification". Received: '
                f"{rows[0]!r:.60} in row 0."
            )
        return rows
    if numbers.ndim == 2 and numbers.shape[1] == 1:
        return numbers[:, 0]
    if numbers.ndim != 1:
        raise ValueError(
            "The loss takes one class number per row, of shape (rows,); "
            "compile with `keras.losses.CategoricalCrossentropy` for one-hot "
            f"rows. Received: labels of shape {numbers.shape}."
        )
    return numbers


def class_weights(
    class_weight: Mapping[Any, float],
    num_classes: int,
    names: Sequence[str] | None,
) -> np.ndarray:
    """Return the weight of each class, float32 `[num_classes]`.

    Args:
        class_weight: Weights by number or name of a class; 1 for the others.
        num_classes: Number of classes.
        names: Names of the classes, if they have any.

    Raises:
        ValueError: A key isn't a class, or a weight isn't a finite number.
    """
    found = np.ones(num_classes, "float32")
    for name, weight in class_weight.items():
        (place,) = class_numbers([name], num_classes, names, "`class_weight`")
        if not np.isfinite(weight):
            raise ValueError(
                "`class_weight` must hold finite numbers. Received: "
                f"{weight} for {name!r}."
            )
        found[place] = weight
    return found


def row_weights(sample_weight: Any, num_rows: int) -> np.ndarray | None:
    """Return the weight of each row, float32 `[rows]`; None for None.

    Raises:
        ValueError: There isn't one finite number for each row.
    """
    if sample_weight is None:
        return None
    weights = _numbers(sample_weight)
    if weights is None or weights.shape not in ((num_rows,), (num_rows, 1)):
        received = (
            "something else" if weights is None else f"shape {weights.shape}"
        )
        raise ValueError(
            f"`sample_weight` must hold {num_rows} numbers, one for each row. "
            f"Received: {received}."
        )
    weights = weights.reshape(num_rows)
    wrong = np.flatnonzero(~np.isfinite(weights))
    if len(wrong):
        raise ValueError(
            "`sample_weight` must hold finite numbers. Received: "
            f"{weights[wrong[0]]} in row {wrong[0]}."
        )
    return weights.astype("float32")


def _numbers(values: Any) -> np.ndarray | None:
    """Return an array of numbers; None if these aren't numbers."""
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    try:
        found = np.asarray(values)
        if found.dtype.kind == "O" and not names_in(plain(values)):
            found = found.astype("float64")
    except (TypeError, ValueError):
        return None
    if found.dtype.kind == "b":
        return found.astype("int32")
    return found if found.dtype.kind in "iuf" else None


def _class_number(label: Any, names: Sequence[str] | None, where: str) -> float:
    if isinstance(label, bytes):
        label = label.decode("utf-8", "replace")
    if isinstance(label, str):
        if names is None:
            raise ValueError(
                "Set `model.labels` to the names of the classes first, or "
                f"train on labels that are names. Received: {label!r:.60} in "
                f"{where}."
            )
        if label not in names:
            raise ValueError(
                f"A label must be one of {', '.join(names):.200}. Received: "
                f"{label!r:.60} in {where}."
            )
        return names.index(label)
    try:
        return float(label)
    except (TypeError, ValueError):
        raise ValueError(
            "A label must be the number or the name of a class. Received: "
            f"{label!r:.60} in {where}."
        ) from None


def _within_0_and_1(numbers: np.ndarray) -> np.ndarray:
    wrong = np.argwhere(~((numbers >= 0) & (numbers <= 1)))
    if len(wrong):
        raise ValueError(
            "A label must be from 0 to 1 for each class. Received: "
            f"{_shown(numbers[tuple(wrong[0])])} in row {wrong[0][0]}."
        )
    return numbers.astype("float32")


def _wrong_shape(
    labels: Any, numbers: np.ndarray | None, shape: str, what: str
) -> ValueError:
    received = (
        f"{labels!r:.60}" if numbers is None else f"shape {numbers.shape}"
    )
    return ValueError(
        f"The labels must have the shape {shape}, {what}. Received: {received}."
    )


def _shown(number: Any) -> str:
    number = float(number)
    return str(int(number)) if number.is_integer() else str(number)
