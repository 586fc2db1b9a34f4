"""One of several options."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_multiple_choice import AlbertMultipleChoice
from albert_keras.tasks.kinds.arrays import Arrays, ids_of
from albert_keras.tasks.kinds.kind import Kind
from albert_keras.tasks.metrics.race import race
from albert_keras.text.examples import LETTERS
from albert_keras.text.rows.choices import choice_features
from albert_keras.text.rows.table import Features


class ChoiceTask(Kind):
    """Which of the options of a question is right."""

    def build(self, backbone: AlbertBackbone) -> keras.Model:
        """The model, of random head."""
        return AlbertMultipleChoice(
            backbone, dropout=self.options.classifier_dropout
        )

    def features(self, examples: Sequence[Any], tokenizer: Any) -> Features:
        """Packs a row for each option."""
        return choice_features(
            examples,
            tokenizer,
            self.options.sequence_length,
            self.options.question_length,
        )

    def arrays(self, features: Features) -> Arrays:
        """What the model takes of them: the options of an example together."""
        of = features.rows["example_index"]
        options = int(np.count_nonzero(of == of[0]))
        x = {
            name: tf.RaggedTensor.from_uniform_row_length(column, options)
            for name, column in ids_of(features).items()
        }
        y = features.rows.get("label")
        lengths = features.lengths.reshape(-1, options).max(axis=1)
        return Arrays(x, None if y is None else y[::options], lengths)

    def predictions(
        self, outputs: list[Any], examples: Sequence[Any], features: Features
    ) -> list[str]:
        """The letter of the best option of each example."""
        return [LETTERS[int(output.argmax())] for output in outputs]

    def metrics(
        self, predictions: list[str], examples: Sequence[Any]
    ) -> dict[str, float]:
        """Accuracy of all, and of RACE's parts."""
        ids = [example.id for example in examples]
        groups = {example.id: example.group for example in examples}
        return race(
            {example.id: LETTERS[example.label] for example in examples},
            dict(zip(ids, predictions, strict=True)),
            groups if all(groups.values()) else None,
        )

    def class_counts(self, examples: Sequence[Any]) -> Counter[str]:
        return Counter(LETTERS[example.label] for example in examples)
