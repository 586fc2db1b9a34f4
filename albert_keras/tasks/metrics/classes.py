"""Precision, recall and F1 of each class, and what is taken for what."""

from collections import Counter
from collections.abc import Sequence
from typing import Any


def class_report(
    predictions: Sequence[str],
    labels: Sequence[str],
    names: Sequence[str],
    majority: str,
) -> dict[str, Any]:
    """Compare predicted classes with the true ones.

    Args:
        predictions: a class for each example (tagging: word).
        labels: the true classes, in the same order.
        names: all classes, in the order of their ids.
        majority: the most frequent class of the training examples.

    Returns:
        As JSON holds it: `majority`, the `label` and the `accuracy` of always
        predicting it, in percent; `never_predicted`, classes that occur
        among `labels` and not among `predictions`; `classes`, by name the
        `precision`, `recall` and `f1` in percent (0 where they would divide
        by zero), and the numbers of examples `true` and `predicted`;
        `confusion`, by true class and predicted class the number of examples,
        without zeros.

    Raises:
        ValueError: if there are not as many predictions as labels, or none.
    """
    _check_sizes(predictions, labels)
    pairs = Counter(zip(labels, predictions, strict=True))
    true, found = Counter(labels), Counter(predictions)
    confusion: dict[str, dict[str, int]] = {}
    for wanted in names:
        row = {
            given: pairs[wanted, given]
            for given in names
            if (wanted, given) in pairs
        }
        if row:
            confusion[wanted] = row
    return {
        "majority": {
            "label": majority,
            "accuracy": 100 * true[majority] / len(labels),
        },
        "never_predicted": [n for n in names if true[n] and not found[n]],
        "classes": {
            name: _scores(pairs[name, name], found[name], true[name])
            for name in names
        },
        "confusion": confusion,
    }


def label_report(
    predictions: Sequence[Sequence[str]],
    labels: Sequence[Sequence[str]],
    names: Sequence[str],
) -> dict[str, Any]:
    """Compare predicted sets of labels with the true ones.

    Args:
        predictions: labels of each example, each once.
        labels: the true ones, in the same order.
        names: all labels.

    Returns:
        `never_predicted` and `classes` as of `class_report`.

    Raises:
        ValueError: if there are not as many predictions as examples, or none.
    """
    _check_sizes(predictions, labels)
    true = Counter(name for each in labels for name in each)
    found = Counter(name for each in predictions for name in each)
    both = Counter(
        name
        for given, wanted in zip(predictions, labels, strict=True)
        for name in {*given} & {*wanted}
    )
    return {
        "never_predicted": [n for n in names if true[n] and not found[n]],
        "classes": {n: _scores(both[n], found[n], true[n]) for n in names},
    }


def macro_f1(report: dict[str, Any]) -> float:
    """Return the mean F1 of the classes that are true or predicted somewhere.

    Args:
        report: of `class_report` or `label_report`.

    Returns:
        In percent, as scikit-learn's `f1_score(average="macro")`; 0 where
        there is no such class.
    """
    held = [
        scores["f1"]
        for scores in report["classes"].values()
        if scores["true"] or scores["predicted"]
    ]
    return sum(held) / len(held) if held else 0.0


def micro_f1(report: dict[str, Any]) -> float:
    """Return the F1 over all labels of all examples.

    Args:
        report: of `label_report`.

    Returns:
        In percent; 0 where there is no label.
    """
    held = report["classes"].values()
    true = sum(scores["true"] for scores in held)
    found = sum(scores["predicted"] for scores in held)
    both = sum(scores["correct"] for scores in held)
    return 200 * both / (true + found) if true + found else 0.0


def _scores(both: int, found: int, true: int) -> dict[str, float]:
    return {
        "precision": 100 * both / found if found else 0.0,
        "recall": 100 * both / true if true else 0.0,
        "f1": 200 * both / (found + true) if found + true else 0.0,
        "true": true,
        "predicted": found,
        "correct": both,
    }


def _check_sizes(predictions: Sequence[Any], labels: Sequence[Any]) -> None:
    if not len(labels) or len(predictions) != len(labels):
        raise ValueError(
            "There must be one prediction for each example, and at least one "
            f"example. Received: {len(predictions):,} predictions, "
            f"{len(labels):,} labels."
        )
