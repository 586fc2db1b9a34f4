"""A tag for each word: names, parts of speech."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_token_classifier import AlbertTokenClassifier
from albert_keras.tasks.kinds.arrays import Arrays, ids_of, ragged
from albert_keras.tasks.options import FinetuningOptions


class TagTask:
    """A tag for each word, read from the word's first piece.

    Args:
        options: of the run.
        labels: the tags in the order of their ids.
    """

    def __init__(
        self, options: FinetuningOptions, labels: Sequence[str]
    ) -> None:
        self.options = options
        self.labels = tuple(labels)

    def build(self, backbone: AlbertBackbone) -> keras.Model:
        """The model, of random head."""
        return AlbertTokenClassifier(
            backbone,
            num_classes=len(self.labels),
            dropout=self.options.classifier_dropout,
        )

    def arrays(self, examples: Sequence[Any], tokenizer: Any) -> Arrays:
        """Packs `[CLS] words [SEP]`; words that do not fit are left out.

        Args:
            examples: with `words` and `tags`.
            tokenizer: an `ak.AlbertTokenizer`.
        """
        python = tokenizer.python_tokenizer
        words = [word for e in examples for word in e.words]
        pieces = iter(python.encode_batch(words))
        ids = {label: i for i, label in enumerate(self.labels)}
        rows, labels, weights = [], [], []
        room = self.options.sequence_length - 1
        for example in examples:
            row, label, weight = [python.cls_id], [0], [0]
            tags = example.tags or ("",) * len(example.words)
            for tag in tags:
                # A word of which nothing is left still has its place.
                word = next(pieces) or [python.unk_id]
                if len(row) >= room:
                    continue
                word = word[: room - len(row)]
                row += word
                label += [ids.get(tag, 0)] + [0] * (len(word) - 1)
                weight += [1] + [0] * (len(word) - 1)
            rows.append(([*row, python.sep_id], [0] * (len(row) + 1)))
            labels.append([*label, 0])
            weights.append([*weight, 0])
        x, lengths = ids_of(rows)
        return Arrays(x, ragged(labels), lengths, ragged(weights))

    def predictions(
        self, outputs: list[Any], examples: Sequence[Any], arrays: Arrays
    ) -> list[list[str]]:
        """A tag for each word; `O` for words that were left out."""
        found = []
        for output, weights, example in zip(
            outputs, arrays.sample_weight, examples, strict=True
        ):
            firsts = np.flatnonzero(weights.numpy())
            tags = [self.labels[i] for i in output[firsts].argmax(-1)]
            found.append(tags + ["O"] * (len(example.words) - len(tags)))
        return found

    def metrics(
        self, predictions: list[list[str]], examples: Sequence[Any]
    ) -> dict[str, float]:
        """Precision, recall and F1 of whole entities."""
        found = right = true = 0
        for tags, example in zip(predictions, examples, strict=True):
            guess, truth = entities(tags), entities(example.tags)
            found, true = found + len(guess), true + len(truth)
            right += len(guess & truth)
        precision, recall = right / max(found, 1), right / max(true, 1)
        both = precision + recall
        f1 = 2 * precision * recall / both if both else 0.0
        return {"precision": precision, "recall": recall, "f1": f1}


def entities(tags: Sequence[str]) -> set[tuple[int, int, str]]:
    """The entities of a sentence, as conlleval reads its tags.

    An entity begins at a `B-`, and at an `I-` that follows another type.

    Args:
        tags: BIO tags of its words.

    Returns:
        Begin and end (exclusive) in words, and type.

    Example:
    ```python
    entities(["B-PER", "I-PER", "O", "I-LOC"])  # {(0, 2, "PER"), (3, 4, ..)}
    ```
    """
    found = set()
    begin, kind = 0, ""
    for place, tag in enumerate([*tags, "O"]):
        prefix, _, own = tag.partition("-")
        if kind and (prefix != "I" or own != kind):
            found.add((begin, place, kind))
            kind = ""
        if prefix in ("B", "I") and not kind:
            begin, kind = place, own
    return found
