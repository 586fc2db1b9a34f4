"""The official scores of SQuAD 1.1 and 2.0.

The definitions are those of the evaluation scripts `evaluate-v1.1.py` and
`evaluate-v2.0.py` of the dataset's authors (Rajpurkar et al. 2016, 2018).
"""

import re
import string
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

# Each question's right answers by its id; none where it has no answer.
Answers = Mapping[str, Sequence[str]]

_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def normalize_answer(text: str) -> str:
    """Returns an answer without case, ASCII punctuation, articles, spaces."""
    bare = text.lower().translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def squad1(
    answers: Answers, predictions: Mapping[str, str]
) -> dict[str, float]:
    """Scores predictions on SQuAD 1.1.

    A question without a prediction counts as answered wrong, as in the
    official script.

    Args:
        answers: the right answers of each question, by its id.
        predictions: one answer for each question, by its id. Those to other
            questions are left out.

    Returns:
        `exact_match` and `f1` in per cent: the share of predictions that equal
        a right answer, and the mean overlap of words with the best of them.

    Raises:
        ValueError: if there is no question, or one has no right answer.

    Example:
    >>> squad1({"q": ["the Seine"]}, {"q": "Seine river"})
    {'exact_match': 0.0, 'f1': 66.66666666666667}
    """
    _require_questions(answers)
    exact, f1 = [], []
    for question, right in answers.items():
        if not right:
            raise ValueError(
                "Every question of SQuAD 1.1 must have an answer; score this "
                f"as 2.0. Received: question {question!r} without one."
            )
        given = predictions.get(question)
        exact.append(0 if given is None else _best(_exact, given, right))
        f1.append(0 if given is None else _best(_f1, given, right))
    return {"exact_match": _percent(exact), "f1": _percent(f1)}


def squad2(
    answers: Answers,
    predictions: Mapping[str, str],
    null_odds: Mapping[str, float] | None = None,
    threshold: float = 1.0,
) -> dict[str, float]:
    """Scores predictions on SQuAD 2.0, where some questions have no answer.

    Args:
        answers: the right answers of each question, by its id; none where
            the text does not hold the answer.
        predictions: one answer for each question, by its id; "" says that
            there is none. Those to other questions are left out.
        null_odds: how much speaks for no answer, by the question's id, in any
            unit. With it come the best thresholds.
        threshold: a question whose null odds are higher counts as answered
            with "". Without `null_odds` it has no effect.

    Returns:
        By the names of the official script, in per cent: `exact` and `f1`;
        the same of questions with an answer (`HasAns_...`) and without
        (`NoAns_...`), where there are any; their numbers, `..._total`. With
        `null_odds` also `best_exact` and `best_f1` with their thresholds:
        what the best threshold *for these very questions* would give, which
        is no estimate of what it gives on others.

    Raises:
        ValueError: if there is no question, or a prediction or its odds are
            missing. (The official script leaves such questions out of the
            mean, without a word in its scores.)

    Example:
    >>> squad2({"a": ["Paris"], "b": []}, {"a": "Paris", "b": "Rome"})["exact"]
    50.0
    """
    _require_questions(answers)
    _require_all(answers, predictions, "prediction")
    # A right answer that normalises to nothing cannot be found.
    right = {
        question: [t for t in texts if normalize_answer(t)] or [""]
        for question, texts in answers.items()
    }
    exact = {q: _best(_exact, predictions[q], right[q]) for q in answers}
    f1 = {q: _best(_f1, predictions[q], right[q]) for q in answers}
    scores: dict[str, float] = {}
    best: dict[str, float] = {}
    if null_odds is not None:
        _require_all(answers, null_odds, "null odds")
        for name, found in (("exact", exact), ("f1", f1)):
            value, at = _best_threshold(answers, predictions, found, null_odds)
            best |= {f"best_{name}": value, f"best_{name}_thresh": at}
        for question, odds in null_odds.items():
            if question in answers and odds > threshold:
                exact[question] = f1[question] = float(not answers[question])
    with_answer = [q for q, texts in answers.items() if texts]
    without = [q for q, texts in answers.items() if not texts]
    for prefix, questions in (
        ("", list(answers)),
        ("HasAns_", with_answer),
        ("NoAns_", without),
    ):
        if questions:
            scores[f"{prefix}exact"] = _percent([exact[q] for q in questions])
            scores[f"{prefix}f1"] = _percent([f1[q] for q in questions])
            scores[f"{prefix}total"] = len(questions)
    return scores | best


def _best_threshold(
    answers: Answers,
    predictions: Mapping[str, str],
    scores: Mapping[str, float],
    null_odds: Mapping[str, float],
) -> tuple[float, float]:
    # With the lowest threshold nothing is answered; each step up answers one
    # question more, in the order of their odds.
    current = highest = float(sum(not texts for texts in answers.values()))
    threshold = 0.0
    # A sort keeps the order of equals, and the official script sorts in the
    # order of the odds' file.
    for question in sorted(null_odds, key=null_odds.__getitem__):
        if question not in answers:
            continue
        if answers[question]:
            current += scores[question]
        elif predictions[question]:
            current -= 1
        if current > highest:
            highest, threshold = current, null_odds[question]
    return 100 * highest / len(answers), threshold


def _best(
    score: Callable[[str, str], float], given: str, right: Sequence[str]
) -> float:
    return max(score(given, text) for text in right)


def _exact(given: str, right: str) -> float:
    return float(normalize_answer(given) == normalize_answer(right))


def _f1(given: str, right: str) -> float:
    words, wanted = normalize_answer(given).split(), normalize_answer(right)
    right_words = wanted.split()
    if not words or not right_words:
        # Only 2.0 asks for this: its right answer may be none. In 1.1 the
        # overlap of nothing with something is 0 just so.
        return float(words == right_words)
    same = sum((Counter(words) & Counter(right_words)).values())
    if not same:
        return 0.0
    precision, recall = same / len(words), same / len(right_words)
    return 2 * precision * recall / (precision + recall)


def _percent(scores: Sequence[float]) -> float:
    return 100 * sum(scores) / len(scores)


def _require_questions(answers: Answers) -> None:
    if not answers:
        raise ValueError(
            "There must be at least one question to score. Received: none."
        )


def _require_all(
    answers: Answers, given: Mapping[str, object], what: str
) -> None:
    missing = [question for question in answers if question not in given]
    if missing:
        raise ValueError(
            f"Every question must have its {what}. Received: none for "
            f"{len(missing):,} of {len(answers):,}, the first {missing[0]!r}."
        )
