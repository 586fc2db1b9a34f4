"""From the scores of windows to the answers of questions.

A long passage is read in windows that overlap. Each gives spans with scores;
together they give the best answers of a question, as `squad_utils.py` of
google-research/albert makes them.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

# run_squad_v1.py and run_squad_v2.py: flags of these names.
N_BEST = 20
MAX_ANSWER_LENGTH = 30


class Passage(NamedTuple):
    """The part of a passage that a window holds.

    Attributes:
        first: where in the window its first token stands.
        starts: int `[tokens]`, where each token begins in the passage, in
            characters.
        ends: int `[tokens]`, where it ends (exclusive).
        is_max_context: bool `[tokens]`: of all windows that hold the token,
            this one has most context on its shorter side. Answers begin only
            at such tokens, so that each is found once.
    """

    first: int
    starts: np.ndarray
    ends: np.ndarray
    is_max_context: np.ndarray


class Span(NamedTuple):
    """A possible answer: characters `start` to `end` (exclusive), scores."""

    start: int
    end: int
    start_score: float
    end_score: float


def spans_of_logits(
    start_logits: np.ndarray,
    end_logits: np.ndarray,
    passage: Passage,
    n_best: int = N_BEST,
    max_answer_length: int = MAX_ANSWER_LENGTH,
) -> list[Span]:
    """Pairs the best starts of a window with its best ends (head `"v1"`).

    The best are looked for in the passage alone. The original takes the best
    of the whole window, the question and padding included, and then drops
    what is not in the passage, so that it may be left with no span at all.

    Args:
        start_logits: float `[sequence]`, what the model says of each token.
        end_logits: float `[sequence]`.
        passage: where the passage is in the window.
        n_best: how many starts and ends to pair.
        max_answer_length: in tokens.

    Returns:
        The spans, in no order.
    """
    held = slice(passage.first, passage.first + len(passage.starts))
    starts, ends = start_logits[held], end_logits[held]
    best_starts, best_ends = _best(starts, n_best), _best(ends, n_best)
    return _spans(
        np.repeat(best_starts, len(best_ends)),
        np.tile(best_ends, len(best_starts)),
        np.repeat(starts[best_starts], len(best_ends)),
        np.tile(ends[best_ends], len(best_starts)),
        passage,
        max_answer_length,
    )


def spans_of_beam(
    outputs: Mapping[str, np.ndarray],
    passage: Passage,
    max_answer_length: int = MAX_ANSWER_LENGTH,
) -> list[Span]:
    """Takes the spans that the beam of a window holds (head `"v2"`).

    Args:
        outputs: one row of what `AlbertQuestionAnswering` gives:
            `start_top_index` and `start_top_log_probs` `[starts]`,
            `end_top_index` and `end_top_log_probs` `[starts * ends]`.
        passage: where the passage is in the window.
        max_answer_length: in tokens.

    Returns:
        The spans, in no order.
    """
    starts = outputs["start_top_index"] - passage.first
    ends = outputs["end_top_index"] - passage.first
    each = len(ends) // len(starts)
    return _spans(
        np.repeat(starts, each),
        ends,
        np.repeat(outputs["start_top_log_probs"], each),
        outputs["end_top_log_probs"],
        passage,
        max_answer_length,
    )


def rank(
    context: str, spans: Iterable[Span], n_best: int = N_BEST
) -> list[dict[str, Any]]:
    """Ranks the spans that a question's windows gave.

    Args:
        context: the passage.
        spans: of all its windows. Of those with the same text the best
            counts.
        n_best: how many answers to keep.

    Returns:
        The best first, each with `text`, `probability` among those kept,
        `start_log_prob` and `end_log_prob` (logits with head `"v1"`), as the
        original names them, and `start` and `end` in characters of `context`.
        Where no span is possible, one answer "" at 0, 0 with scores of -1e6.
    """
    best: dict[str, Span] = {}
    for span in sorted(spans, key=_score, reverse=True):
        text = context[span.start : span.end]
        if text.strip() not in best:
            margin = len(text) - len(text.lstrip())
            start = span.start + margin
            end = start + len(text.strip())
            best[text.strip()] = span._replace(start=start, end=end)
            if len(best) == n_best:
                break
    if not best:
        best = {"": Span(0, 0, -1e6, -1e6)}
    highest = max(map(_score, best.values()))
    weights = [math.exp(_score(span) - highest) for span in best.values()]
    return [
        {
            "text": text,
            "probability": weight / sum(weights),
            "start_log_prob": span.start_score,
            "end_log_prob": span.end_score,
            "start": span.start,
            "end": span.end,
        }
        for (text, span), weight in zip(best.items(), weights, strict=True)
    ]


def choose(
    ranked: Mapping[str, Sequence[Mapping[str, Any]]],
    null_odds: Mapping[str, float] | None = None,
    threshold: float | None = None,
) -> dict[str, str]:
    """Gives each question its answer.

    Args:
        ranked: by the question's id, what `rank` returned.
        null_odds: by its id, what speaks for no answer: the least
            `cls_logits` of its windows.
        threshold: from these null odds on the answer is "". None: every
            question is answered.

    Returns:
        By the question's id the text, as in `predictions.json`.
    """
    answers = {}
    for question, best in ranked.items():
        none = (
            null_odds is not None
            and threshold is not None
            and null_odds[question] >= threshold
        )
        answers[question] = "" if none else best[0]["text"]
    return answers


class AnsweredQuestions(NamedTuple):
    """What a model answers to the questions of a file.

    Attributes:
        ranked: by the question's id what `rank` returned.
        null_odds: by its id what speaks for no answer, a logit; None of a
            head that always answers.
    """

    ranked: dict[str, list[dict[str, Any]]]
    null_odds: dict[str, float] | None

    def best(self) -> dict[str, str]:
        """The best text for each question, whatever speaks for none."""
        return choose(self.ranked)

    def files(self) -> dict[str, Any]:
        """The original's files; no answer where that is more likely."""
        files: dict[str, Any] = {
            "predictions.json": choose(self.ranked, self.null_odds, 0.0),
            "nbest_predictions.json": self.ranked,
        }
        if self.null_odds is not None:
            files["null_odds.json"] = self.null_odds
        return files


def _best(scores: np.ndarray, count: int) -> np.ndarray:
    return np.argsort(-scores, kind="stable")[:count]


def _score(span: Span) -> float:
    return span.start_score + span.end_score


def _spans(
    starts: np.ndarray,
    ends: np.ndarray,
    start_scores: np.ndarray,
    end_scores: np.ndarray,
    passage: Passage,
    max_answer_length: int,
) -> list[Span]:
    tokens = len(passage.starts)
    possible = (starts >= 0) & (starts <= ends) & (ends < tokens)
    possible &= ends - starts < max_answer_length
    possible[possible] = passage.is_max_context[starts[possible]]
    starts, ends = starts[possible], ends[possible]
    columns = (
        passage.starts[starts],
        passage.ends[ends],
        # Python's floats, as the original sums them.
        start_scores[possible].astype("float64"),
        end_scores[possible].astype("float64"),
    )
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [Span(*row) for row in rows]
