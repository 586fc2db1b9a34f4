"""A class, or a number, for each text or pair of texts."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from albert_keras.inference.asking import Asks, Result, as_many, text_list
from albert_keras.inference.batches import ids_of, run_rows
from albert_keras.text.examples import TextExample
from albert_keras.text.rows.table import Features
from albert_keras.text.rows.texts import text_features


class Classify(Asks[TextExample]):
    """Says which class a text, or a pair of texts, is of.

    Args:
        model: An `ak.AlbertTextClassifier`, or the path of a preset, a
            SavedModel or a .tflite file of one.
        tokenizer: As of `ak.inference.Asks`.
        **options: Likewise.

    Call arguments:
        texts: A string, or a sequence of strings.
        pairs: The second text of each, or None.

    Returns:
        For one text a dictionary, else a list of these: `label`, the best
        class by its name (by its number, where there are no names); its
        `score` (float, probability); and `scores` of all classes by name. A
        regression gives its number as `score` alone.

    Raises:
        TypeError: `model` is no classifier, or a text is no string.
        ValueError: There are not as many pairs as texts, or labels as classes.

    Example:

    ```python
    classify = ak.inference.Classify("run/preset", labels=["bad", "good"])
    classify("A fine film.")["label"]
    ```
    """

    task = "classify"

    def __call__(
        self,
        texts: str | Sequence[str],
        pairs: str | Sequence[str] | None = None,
    ) -> Any:
        given, is_single = text_list(texts)
        seconds: Sequence[str | None] = [None] * len(given)
        if pairs is not None:
            seconds, _ = text_list(pairs, "pairs")
            as_many("pairs", seconds, len(given), "texts")
        examples = [
            TextExample("", text, pair, None, "")
            for text, pair in zip(given, seconds, strict=True)
        ]
        found = [result for _, result in self.stream(examples)]
        return found[0] if is_single else found

    def size_of(self, example: TextExample) -> int:
        return len(example.text) + len(example.pair or "")

    def answers(self, examples: Sequence[TextExample]) -> list[Result]:
        features = text_features(
            examples, self.tokenizer, self.model.max_tokens
        )
        self.count_truncated(features)
        scores = run_rows(
            self.model, features, self.batch_size, ids_of, _scores
        )
        return [self._result(each) for each in scores]

    def _result(self, scores: np.ndarray) -> Result:
        if len(scores) == 1:
            return {"score": float(scores[0])}
        self.check_labels(len(scores))
        best = int(scores.argmax())
        return {
            "label": self.label(best),
            "score": float(scores[best]),
            "scores": {
                self.label(number): float(score)
                for number, score in enumerate(scores)
            },
        }


def _scores(
    batch: Features, outputs: dict[str, np.ndarray]
) -> list[np.ndarray]:
    return list(outputs["scores"])
