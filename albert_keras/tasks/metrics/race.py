"""The accuracy of RACE: of middle school, of high school, of both."""

from collections.abc import Mapping


def race(
    answers: Mapping[str, str],
    predictions: Mapping[str, str],
    groups: Mapping[str, str] | None = None,
) -> dict[str, float]:
    """Scores predictions on RACE (Lai et al. 2017, section 5).

    Args:
        answers: the letter of the right option, by the question's id.
        predictions: the letter of the one chosen, by the question's id. Those
            to other questions are left out.
        groups: which part of RACE a question is of, "middle" or "high", by
            its id.

    Returns:
        The share of right answers in per cent: `all`, and with `groups` that
        of each part.

    Raises:
        ValueError: if there is no question, or one has no prediction.

    Example:
    >>> race({"1": "A", "2": "B"}, {"1": "A", "2": "C"})
    {'all': 50.0}
    """
    if not answers:
        raise ValueError(
            "There must be at least one question to score. Received: none."
        )
    missing = [question for question in answers if question not in predictions]
    if missing:
        raise ValueError(
            "Every question must have its prediction. Received: none for "
            f"{len(missing):,} of {len(answers):,}, the first {missing[0]!r}."
        )
    parts: dict[str, list[bool]] = {}
    for question, right in answers.items():
        hit = predictions[question] == right
        for part in (groups[question] if groups else "", "all"):
            parts.setdefault(part, []).append(hit)
    names = [n for n in ("middle", "high", *sorted(parts)) if n in parts]
    return {
        name: 100 * sum(parts[name]) / len(parts[name])
        for name in dict.fromkeys(names)
        if name
    }
