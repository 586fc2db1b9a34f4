"""Classes and numbers of a text or of a pair of texts."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_text_classifier import AlbertTextClassifier
from albert_keras.tasks.kinds.arrays import Arrays, ids_of
from albert_keras.tasks.options import FinetuningOptions
from albert_keras.text.packing import truncated_lengths


class TextTask:
    """A class, or a number, for each text or pair of texts.

    Args:
        options: of the run.
        labels: names of the classes in the order of their ids; empty for
            regression.
    """

    def __init__(
        self, options: FinetuningOptions, labels: Sequence[str]
    ) -> None:
        self.options = options
        self.labels = tuple(labels)

    def build(self, backbone: AlbertBackbone) -> keras.Model:
        """The model, of random head."""
        return AlbertTextClassifier(
            backbone,
            num_classes=len(self.labels) or 1,
            dropout=self.options.classifier_dropout,
        )

    def arrays(self, examples: Sequence[Any], tokenizer: Any) -> Arrays:
        """Packs `[CLS] text [SEP] pair [SEP]`, the longer one cut.

        Args:
            examples: with `text`, `pair` and `label`.
            tokenizer: an `ak.AlbertTokenizer`.
        """
        python = tokenizer.python_tokenizer
        firsts = python.encode_batch([e.text for e in examples])
        pairs = python.encode_batch([e.pair or "" for e in examples])
        rows = []
        for example, first, pair in zip(examples, firsts, pairs, strict=True):
            is_pair = example.pair is not None
            room = self.options.sequence_length - 2 - is_pair
            kept = truncated_lengths(
                len(first), len(pair), room, "longest_first"
            )
            row = [python.cls_id, *first[: kept[0]], python.sep_id]
            behind = [*pair[: kept[1]], python.sep_id] if is_pair else []
            rows.append((row + behind, [0] * len(row) + [1] * len(behind)))
        x, lengths = ids_of(rows)
        y = None
        if all(e.label is not None for e in examples):
            dtype = "int32" if self.labels else "float32"
            y = np.array([e.label for e in examples], dtype)
            y = y if self.labels else y[:, None]
        return Arrays(x, y, lengths)

    def predictions(
        self, outputs: list[Any], examples: Sequence[Any], arrays: Arrays
    ) -> list[str | float]:
        """The best class of each example by its name, or its number."""
        if not self.labels:
            return [float(output[0]) for output in outputs]
        return [self.labels[int(output.argmax())] for output in outputs]

    def metrics(
        self, predictions: list[Any], examples: Sequence[Any]
    ) -> dict[str, float]:
        """Accuracy, or Pearson's correlation."""
        if not self.labels:
            truth = [float(e.label) for e in examples]
            correlation = np.corrcoef(predictions, truth)[0, 1]
            return {"pearson": float(np.nan_to_num(correlation))}
        right = [
            prediction == self.labels[e.label]
            for prediction, e in zip(predictions, examples, strict=True)
        ]
        return {"accuracy": float(np.mean(right))}
