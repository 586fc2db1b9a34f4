"""Classes, or a number, for each text or pair of texts."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from albert_keras.artefact_names import MULTI_LABEL, REGRESSION, THRESHOLD
from albert_keras.inference.asking import Asks, Result, as_many, text_list
from albert_keras.inference.batches import ids_of, run_rows
from albert_keras.text.examples import TextExample
from albert_keras.text.rows.table import Features
from albert_keras.text.rows.texts import text_features


class Classify(Asks[TextExample]):
    """Classify texts or pairs of texts.

    Args:
        model: An `ak.AlbertTextClassifier`, or the path of a preset, a
            SavedModel or a .tflite file of one.
        tokenizer: As of `ak.inference.Asks`.
        threshold: The score from which a multi-label classifier gives a text
            a class, 0 to 1; None for 0.5. Other models have no threshold.
        **options: As of `ak.inference.Asks`.

    Call arguments:
        texts: A string, or a sequence of strings.
        pairs: The second text of each, or None.

    Returns:
        For one text a dictionary, else a list of these: `label`, the best
        class by its name (by its number, where there are no names); its
        `score` (float, probability); and `scores` of all classes by name. A
        multi-label classifier (`problem_type` of the model) gives `labels`,
        the list of the classes whose score reaches the threshold, best first,
        and `scores` of all classes by name, each the probability of that class
        alone. A regression gives its number as `score`, and several numbers
        as `scores` by name.

    Raises:
        TypeError: `model` is no classifier, or a text is no string.
        ValueError: The numbers of pairs and texts, or of labels and classes,
            differ, or `threshold` is out of range or for another model.

    Example:

    ```python
    classify = ak.inference.Classify("run/preset", labels=["bad", "good"])
    classify("A fine film.")["label"]
    ```
    """

    task = "classify"

    def __init__(
        self,
        model: Any,
        tokenizer: Any = None,
        *,
        threshold: float | None = None,
        **options: Any,
    ) -> None:
        super().__init__(model, tokenizer, **options)
        if threshold is not None and self.model.problem_type != MULTI_LABEL:
            raise ValueError(
                "`threshold` is for multi-label classifiers. Received: "
                f"threshold={threshold} for {self.model.source}, whose problem "
                f"type is {self.model.problem_type}."
            )
        if threshold is not None and not 0 <= threshold <= 1:
            raise ValueError(
                "`threshold` must be from 0 to 1. Received: "
                f"threshold={threshold}."
            )
        self.threshold = THRESHOLD if threshold is None else threshold

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
        problem_type = self.model.problem_type
        is_multi_label = problem_type == MULTI_LABEL
        if len(scores) == 1 and not is_multi_label:
            return {"score": float(scores[0])}
        self.check_labels(len(scores))
        by_name = {
            "scores": {
                self.label(number): float(score)
                for number, score in enumerate(scores)
            }
        }
        if problem_type == REGRESSION:
            return by_name
        if is_multi_label:
            order = np.argsort(-scores, kind="stable")
            chosen = [n for n in order if scores[n] >= self.threshold]
            return {"labels": [self.label(int(n)) for n in chosen], **by_name}
        best = int(scores.argmax())
        return {
            "label": self.label(best),
            "score": float(scores[best]),
            **by_name,
        }


def _scores(
    batch: Features, outputs: dict[str, np.ndarray]
) -> list[np.ndarray]:
    return list(outputs["scores"])
