"""A tag for each word: names, parts of speech."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_token_classifier import AlbertTokenClassifier
from albert_keras.tasks.kinds.arrays import Arrays, ids_of, ragged
from albert_keras.tasks.kinds.kind import Kind
from albert_keras.tasks.metrics.conll import conll
from albert_keras.text.rows.table import Features
from albert_keras.text.rows.tags import NO_WORD, tag_features


class TagTask(Kind):
    """A tag for each word, read from the word's first piece."""

    def build(self, backbone: AlbertBackbone) -> keras.Model:
        """The model, of random head."""
        return AlbertTokenClassifier(
            backbone,
            num_classes=len(self.labels),
            dropout=self.options.classifier_dropout,
        )

    def features(self, examples: Sequence[Any], tokenizer: Any) -> Features:
        """Packs the sentences."""
        return tag_features(
            examples, tokenizer, self.options.sequence_length, self.labels
        )

    def arrays(self, features: Features) -> Arrays:
        """What the model takes of them: first pieces of words count."""
        words = ragged(features, "word_index")
        return Arrays(
            ids_of(features),
            ragged(features, "tags"),
            features.lengths,
            tf.cast(words != NO_WORD, "int32"),
        )

    def predictions(
        self, outputs: list[Any], examples: Sequence[Any], features: Features
    ) -> list[list[str]]:
        """A tag for each word."""
        found: list[list[str]] = [[] for _ in examples]
        for index, output in enumerate(outputs):
            row = features.row(index)
            firsts = np.flatnonzero(row["word_index"] != NO_WORD)
            found[row["example_index"]] += [
                self.labels[tag] for tag in output[firsts].argmax(-1)
            ]
        return found

    def metrics(
        self, predictions: list[list[str]], examples: Sequence[Any]
    ) -> dict[str, float]:
        """Precision, recall and F1 of whole entities."""
        return conll(predictions, [example.tags for example in examples])
