"""Classes and numbers of a text or of a pair of texts."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import keras
import numpy as np

from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_text_classifier import AlbertTextClassifier
from albert_keras.tasks.class_remarks import constant_number
from albert_keras.tasks.kinds.arrays import Arrays, ids_of
from albert_keras.tasks.kinds.kind import Kind
from albert_keras.tasks.metrics.classes import (
    class_report,
    label_report,
    macro_f1,
    micro_f1,
)
from albert_keras.tasks.metrics.glue import METRICS, accuracy, glue
from albert_keras.tasks.options import FinetuningOptions
from albert_keras.text.rows.table import Features
from albert_keras.text.rows.texts import text_features


class TextTask(Kind):
    """A class, or a number, for each text or pair of texts.

    A number where there are no labels.
    """

    def __init__(
        self, options: FinetuningOptions, labels: Sequence[str]
    ) -> None:
        super().__init__(options, labels)
        self.takes_class_weight = bool(labels)
        self.fewest_classes = 2 if labels else 0

    def build(self, backbone: AlbertBackbone) -> keras.Model:
        """The model, of random head."""
        return AlbertTextClassifier(
            backbone,
            num_classes=len(self.labels) or 1,
            dropout=self.options.classifier_dropout,
            labels=self.labels or None,
        )

    def features(self, examples: Sequence[Any], tokenizer: Any) -> Features:
        """Packs the examples."""
        return text_features(examples, tokenizer, self.options.sequence_length)

    def arrays(self, features: Features) -> Arrays:
        """What the model takes of them."""
        y = features.rows.get("label")
        if y is not None and not self.labels:
            y = np.asarray(y, "float32")[:, None]
        return Arrays(ids_of(features), y, features.lengths)

    def predictions(
        self, outputs: list[Any], examples: Sequence[Any], features: Features
    ) -> list[Any]:
        """The best class of each example by its name, or its number."""
        if not self.labels:
            return [float(output[0]) for output in outputs]
        return [self.labels[int(output.argmax())] for output in outputs]

    def metrics(
        self, predictions: list[Any], examples: Sequence[Any]
    ) -> dict[str, float]:
        """GLUE's metrics of the task.

        Of other tasks accuracy and macro F1, or correlations of numbers.
        """
        task, labels = self.options.task, self._true(examples)
        if task in METRICS:
            return glue(task, predictions, labels)
        if not self.labels:
            return glue("stsb", predictions, labels)
        report = class_report(predictions, labels, self.labels, "")
        return {
            "accuracy": 100 * accuracy(predictions, labels),
            "f1_macro": macro_f1(report),
        }

    def class_counts(self, examples: Sequence[Any]) -> Counter[str]:
        return Counter(self._true(examples) if self.labels else ())

    def one_sided(
        self, predictions: Any, examples: Sequence[Any]
    ) -> Iterator[str]:
        if self.labels:
            yield from super().one_sided(predictions, examples)
        else:
            yield from constant_number(predictions, self._true(examples))

    def with_weights(self, arrays: Arrays, weights: np.ndarray) -> Arrays:
        return arrays._replace(sample_weight=weights[np.asarray(arrays.y)])

    def report(
        self, predictions: list[Any], examples: Sequence[Any], majority: str
    ) -> dict[str, Any] | None:
        if not self.labels:
            return None
        labels = self._true(examples)
        return class_report(predictions, labels, self.labels, majority)

    def _true(self, examples: Sequence[Any]) -> list[Any]:
        if not self.labels:
            return [example.label for example in examples]
        return [self.labels[example.label] for example in examples]


class MultiLabelTask(TextTask):
    """Any number of labels for each text or pair of texts."""

    def __init__(
        self, options: FinetuningOptions, labels: Sequence[str]
    ) -> None:
        super().__init__(options, labels)
        self.takes_class_weight = False
        self.fewest_classes = 1

    def build(self, backbone: AlbertBackbone) -> keras.Model:
        """The model, of random head."""
        return AlbertTextClassifier(
            backbone,
            num_classes=len(self.labels),
            dropout=self.options.classifier_dropout,
            labels=self.labels,
            problem_type="multi_label_classification",
        )

    def arrays(self, features: Features) -> Arrays:
        """What the model takes of them: a 1 or 0 for each label."""
        y = features.rows.get("label")
        if y is not None:
            y = np.asarray(y, "float32")
        return Arrays(ids_of(features), y, features.lengths)

    def predictions(
        self, outputs: list[Any], examples: Sequence[Any], features: Features
    ) -> list[list[str]]:
        """The labels of each example that are likelier than not."""
        return [
            [self.labels[number] for number in np.flatnonzero(output > 0)]
            for output in outputs
        ]

    def metrics(
        self, predictions: list[list[str]], examples: Sequence[Any]
    ) -> dict[str, float]:
        """Micro and macro F1, and the share of texts with the exact labels."""
        labels = self._true(examples)
        report = label_report(predictions, labels, self.labels)
        return {
            "f1_micro": micro_f1(report),
            "f1_macro": macro_f1(report),
            "exact_match": 100 * accuracy(predictions, labels),
        }

    def class_counts(self, examples: Sequence[Any]) -> Counter[str]:
        return Counter(chain.from_iterable(self._true(examples)))

    def predicted_classes(self, predictions: list[list[str]]) -> list[str]:
        return list(chain.from_iterable(predictions))

    def report(
        self,
        predictions: list[list[str]],
        examples: Sequence[Any],
        majority: str,
    ) -> dict[str, Any]:
        return label_report(predictions, self._true(examples), self.labels)

    def _true(self, examples: Sequence[Any]) -> list[list[str]]:
        return [
            [self.labels[number] for number in np.flatnonzero(example.label)]
            for example in examples
        ]
