"""A tag for each word: names, parts of speech."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_token_classifier import AlbertTokenClassifier
from albert_keras.tasks.kinds.arrays import Arrays, ids_of, ragged
from albert_keras.tasks.kinds.kind import Kind
from albert_keras.tasks.metrics.classes import class_report, macro_f1
from albert_keras.tasks.metrics.conll import conll
from albert_keras.tasks.metrics.glue import accuracy
from albert_keras.text.entities import is_entity_tag
from albert_keras.text.rows.table import Features
from albert_keras.text.rows.tags import NO_WORD, tag_features


class TagTask(Kind):
    """A tag for each word, read from the word's first piece."""

    fewest_classes = 2
    takes_class_weight = True

    def build(self, backbone: AlbertBackbone) -> keras.Model:
        """The model, of random head."""
        return AlbertTokenClassifier(
            backbone,
            num_classes=len(self.labels),
            dropout=self.options.classifier_dropout,
            labels=self.labels,
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
        """Precision, recall and F1 of whole entities.

        Of other tags, such as parts of speech, the macro F1 and the accuracy
        of words.
        """
        true = [example.tags for example in examples]
        if all(map(is_entity_tag, self.labels)):
            return conll(predictions, true)
        given, wanted = _flat(predictions), _flat(true)
        report = class_report(given, wanted, self.labels, "")
        return {
            "f1": macro_f1(report),
            "accuracy": 100 * accuracy(given, wanted),
        }

    def class_counts(self, examples: Sequence[Any]) -> Counter[str]:
        return Counter(_flat([example.tags for example in examples]))

    def predicted_classes(self, predictions: list[list[str]]) -> list[str]:
        return _flat(predictions)

    def with_weights(self, arrays: Arrays, weights: np.ndarray) -> Arrays:
        tags, words = arrays.y, arrays.sample_weight
        weight = weights[tags.flat_values.numpy()] * words.flat_values.numpy()
        return arrays._replace(sample_weight=words.with_flat_values(weight))

    def report(
        self,
        predictions: list[list[str]],
        examples: Sequence[Any],
        majority: str,
    ) -> dict[str, Any]:
        true = _flat([example.tags for example in examples])
        return class_report(_flat(predictions), true, self.labels, majority)


def _flat(sentences: Sequence[Sequence[str]]) -> list[str]:
    return [tag for sentence in sentences for tag in sentence]
