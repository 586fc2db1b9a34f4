"""What the kinds of tasks have in common."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from albert_keras.tasks.class_remarks import never_predicted
from albert_keras.tasks.class_weights import class_weights
from albert_keras.tasks.kinds.arrays import Arrays
from albert_keras.tasks.options import FinetuningOptions


class Kind:
    """A kind of task.

    Args:
        options: of the run.
        labels: names of the classes or tags in the order of their ids; empty
            where there are none, as in regression.

    Attributes:
        fewest_classes: of a training file.
        takes_class_weight: whether there is one class for each text or word.
    """

    fewest_classes = 0
    takes_class_weight = False

    def __init__(
        self, options: FinetuningOptions, labels: Sequence[str]
    ) -> None:
        self.options = options
        self.labels = tuple(labels)

    def class_counts(self, examples: Sequence[Any]) -> Counter[str]:
        """Count how many examples (tagging: words) have each class.

        Args:
            examples: with labels.

        Returns:
            By name; empty where there are no classes.
        """
        return Counter()

    def predicted_classes(self, predictions: Any) -> Sequence[str]:
        """Return what `class_counts` counts, of predictions."""
        return predictions

    def one_sided(
        self, predictions: Any, examples: Sequence[Any]
    ) -> Iterator[str]:
        """Say which classes are never predicted, if there are such.

        Args:
            predictions: of this kind.
            examples: with labels, those predicted or the training examples.

        Yields:
            A sentence.
        """
        can_weigh = (
            self.takes_class_weight and self.options.class_weight is None
        )
        yield from never_predicted(
            self.predicted_classes(predictions),
            self.class_counts(examples),
            can_weigh,
        )

    def weighted(self, arrays: Arrays, examples: Sequence[Any]) -> Arrays:
        """Return training examples with the weights of their classes.

        Args:
            arrays: of the examples.
            examples: the examples.

        Raises:
            ValueError: if the weights do not fit the classes.
        """
        given = self.options.class_weight
        if given is None:
            return arrays
        counts = self.class_counts(examples)
        by_id = np.array([counts[name] for name in self.labels])
        weights = class_weights(given, self.labels, by_id)
        return self.with_weights(arrays, weights)

    def with_weights(self, arrays: Arrays, weights: np.ndarray) -> Arrays:
        """Return arrays with a weight for each class, float32 `[classes]`."""
        raise NotImplementedError

    def report(
        self, predictions: Any, examples: Sequence[Any], majority: str
    ) -> dict[str, Any] | None:
        """Compare predictions class by class.

        Args:
            predictions: of this kind.
            examples: with labels.
            majority: the most frequent class of the training examples.

        Returns:
            As of `albert_keras.tasks.metrics.classes`; None where there are no
            classes.
        """
        return None
