"""Classes and numbers of a text or of a pair of texts."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_text_classifier import AlbertTextClassifier
from albert_keras.tasks.kinds.arrays import Arrays, ids_of
from albert_keras.tasks.kinds.kind import Kind
from albert_keras.tasks.metrics.glue import METRICS, glue
from albert_keras.text.rows.table import Features
from albert_keras.text.rows.texts import text_features


class TextTask(Kind):
    """A class, or a number, for each text or pair of texts.

    A number where there are no labels.
    """

    def build(self, backbone: AlbertBackbone) -> keras.Model:
        """The model, of random head."""
        return AlbertTextClassifier(
            backbone,
            num_classes=len(self.labels) or 1,
            dropout=self.options.classifier_dropout,
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
    ) -> list[str | float]:
        """The best class of each example by its name, or its number."""
        if not self.labels:
            return [float(output[0]) for output in outputs]
        return [self.labels[int(output.argmax())] for output in outputs]

    def metrics(
        self, predictions: list[Any], examples: Sequence[Any]
    ) -> dict[str, float]:
        """GLUE's metrics of the task; of others accuracy or correlations."""
        task = self.options.task
        if task not in METRICS:
            task = "sst2" if self.labels else "stsb"
        labels = [
            self.labels[e.label] if self.labels else e.label for e in examples
        ]
        return glue(task, predictions, labels)
