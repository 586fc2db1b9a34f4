"""The official metrics of GLUE (Wang et al. 2018, section 3).

CoLA has Matthews' correlation, STS-B Pearson's and Spearman's, MRPC and QQP
accuracy and the F1 of their positive class, all others accuracy; the
diagnostic set AX has the correlation among three classes (Gorodkin 2004).
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

# The class whose F1 counts in MRPC and QQP: "is a paraphrase".
_POSITIVE = "1"


def glue(
    task: str,
    predictions: Sequence[str] | Sequence[float],
    labels: Sequence[str] | Sequence[float],
) -> dict[str, float]:
    """Scores the predictions of a GLUE task.

    Args:
        task: such as "cola", "sst2", "mrpc", "stsb", "qqp", "mnli",
            "mnli-mm", "qnli", "rte", "wnli" or "ax".
        predictions: one for each example: the label as the task's files have
            it ("1", "entailment"), for STS-B the similarity from 0 to 5.
        labels: the right ones, in the same order.

    Returns:
        The task's metrics in per cent: of `accuracy`, `f1`, `matthews`,
        `pearson` and `spearman` those that count.

    Raises:
        ValueError: if the task is unknown, there is no example, or there are
            not as many predictions as labels.

    Example:
    >>> glue("sst2", ["1", "0"], ["1", "1"])
    {'accuracy': 50.0}
    """
    if task not in METRICS:
        raise ValueError(
            f"`task` must be one of {', '.join(METRICS)}. Received: {task!r}."
        )
    if not len(labels) or len(predictions) != len(labels):
        raise ValueError(
            "There must be one prediction for each example, and at least one "
            f"example. Received: {len(predictions):,} predictions, "
            f"{len(labels):,} labels."
        )
    return {
        metric.__name__: 100 * metric(predictions, labels)
        for metric in METRICS[task]
    }


def accuracy(predictions: Sequence[Any], labels: Sequence[Any]) -> float:
    """Returns the share of predictions that are right, of 1."""
    pairs = zip(predictions, labels, strict=True)
    return sum(given == right for given, right in pairs) / len(labels)


def f1(predictions: Sequence[str], labels: Sequence[str]) -> float:
    """Returns the F1 of the class "1"; 0 where it never occurs."""
    pairs = zip(predictions, labels, strict=True)
    both = sum(given == right == _POSITIVE for given, right in pairs)
    either = [*predictions, *labels].count(_POSITIVE)
    return 2 * both / either if either else 0.0


def matthews(predictions: Sequence[str], labels: Sequence[str]) -> float:
    """Returns Matthews' correlation, of any number of classes, from -1 to 1.

    It is 0 where all predictions, or all labels, are one class.
    """
    total = len(labels)
    given, right = Counter(predictions), Counter(labels)
    hits = sum(a == b for a, b in zip(predictions, labels, strict=True))
    by_chance = sum(given[c] * right[c] for c in right)
    spread = (total**2 - sum(n * n for n in given.values())) * (
        total**2 - sum(n * n for n in right.values())
    )
    # Whole numbers up to here: nothing is rounded but the last division.
    return (hits * total - by_chance) / math.sqrt(spread) if spread else 0.0


def pearson(predictions: Sequence[float], labels: Sequence[float]) -> float:
    """Returns Pearson's correlation, from -1 to 1.

    It is 0 where all predictions, or all labels, are equal; there the
    definition divides by zero.
    """
    x, y = _centred(predictions), _centred(labels)
    scale = math.hypot(*x) * math.hypot(*y)
    if not scale:
        return 0.0
    return math.fsum(a * b for a, b in zip(x, y, strict=True)) / scale


def spearman(predictions: Sequence[float], labels: Sequence[float]) -> float:
    """Returns Spearman's correlation: Pearson's of the ranks.

    Equal values share the mean of their ranks.
    """
    return pearson(_ranks(predictions), _ranks(labels))


def _centred(values: Sequence[float]) -> list[float]:
    if min(values) == max(values):
        return [0.0] * len(values)  # their mean may differ in its last bit
    mean = math.fsum(values) / len(values)
    return [value - mean for value in values]


def _ranks(values: Sequence[float]) -> list[float]:
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    first = 0
    while first < len(order):
        last = first
        while (
            last + 1 < len(order)
            and values[order[last + 1]] == values[order[first]]
        ):
            last += 1
        for place in order[first : last + 1]:
            ranks[place] = (first + last) / 2
        first = last + 1
    return ranks


METRICS: dict[str, tuple[Callable[..., float], ...]] = {
    "cola": (matthews,),
    "sst2": (accuracy,),
    "mrpc": (accuracy, f1),
    "stsb": (pearson, spearman),
    "qqp": (accuracy, f1),
    "mnli": (accuracy,),
    "mnli-mm": (accuracy,),
    "qnli": (accuracy,),
    "rte": (accuracy,),
    "wnli": (accuracy,),
    "ax": (matthews,),
}
