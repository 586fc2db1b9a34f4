"""What answers without reading come to, by the official metrics."""

import math
from collections import Counter

from albert_keras.tasks.metrics.race import race
from albert_keras.tasks.metrics.squad import squad1
from albert_keras.text.examples import LETTERS, Examples


def baselines(train: Examples, test: Examples) -> dict[str, float]:
    """Scores of the best constant answers, chosen on the training examples.

    Args:
        train: what a constant is chosen on.
        test: what it is scored on.

    Returns:
        Scores in per cent by what is answered, and of classes the standard
        error of a share of that size.
    """
    if test.kind == "text":
        (label, _) = Counter(e.label for e in train).most_common(1)[0]
        share = sum(e.label == label for e in test) / len(test)
        error = math.sqrt(share * (1 - share) / len(test))
        return {"majority": 100 * share, "standard_error": 100 * error}
    if test.kind == "choice":
        answers = {e.id: LETTERS[e.label] for e in test}
        (label, _) = Counter(e.label for e in train).most_common(1)[0]
        longest = {
            e.id: LETTERS[max(range(4), key=lambda i: len(e.options[i]))]
            for e in test
        }
        share = 0.25
        return {
            "most frequent letter": race(
                answers, dict.fromkeys(answers, LETTERS[label])
            )["all"],
            "longest option": race(answers, longest)["all"],
            "standard_error": 100 * math.sqrt(share * (1 - share) / len(test)),
        }
    if test.kind == "question":
        words = max(range(1, 31), key=lambda n: _first_words(train, n)["f1"])
        return {
            f"first {words} words, {name}": score
            for name, score in _first_words(test, words).items()
        }
    return {}


def _first_words(examples: Examples, words: int) -> dict[str, float]:
    return squad1(
        {e.id: e.answers for e in examples},
        {e.id: " ".join(e.context.split()[:words]) for e in examples},
    )
