"""A measurement of bias as JSON, Markdown and sentences."""

from collections.abc import Sequence
from typing import Any

from albert_keras.inference.bias.measurement import (
    ComparisonResult,
    TemplateResult,
)
from albert_keras.models.card.markdown import plain

DIVERGENCE_MEANS = (
    "Jensen-Shannon divergence over the whole vocabulary: 0 bits where both "
    "groups get the same probabilities, 1 bit where no piece is possible for "
    "both."
)
NOT_MEASURED = (
    "Only these sentences are measured: another wording may give another "
    "result.",
    "Only what single pieces are filled in, not longer words and not what a "
    "fine-tuned model decides with it.",
    "Whether a difference is unjust, or true of the text that the model "
    "learned from, is not told; nor how a divergence compares with that of "
    "any two sentences that differ in a word.",
    "A small divergence is no proof of fairness, and groups that are not "
    "named here are not looked at.",
)


def bias_json(
    model: str, results: Sequence[ComparisonResult]
) -> dict[str, Any]:
    """A measurement as JSON holds it.

    Args:
        model: What was measured.
        results: What `ak.measure_bias` found.
    """
    return {
        "model": model,
        "divergence_means": DIVERGENCE_MEANS,
        "not_measured": list(NOT_MEASURED),
        "comparisons": [
            {
                "title": result.comparison.title,
                "groups": {
                    name: dict(words)
                    for name, words in result.comparison.groups.items()
                },
                "divergence_bits": result.divergence,
                "templates": [
                    _template_json(each, result.comparison.names)
                    for each in result.templates
                ],
            }
            for result in results
        ],
    }


def ratio_text(ratio: float) -> str:
    """A ratio as one reads it: "3.2 ×", or "1/3.2 ×"."""
    large = max(ratio, 1 / ratio)
    # Four digits are enough for what is hundreds of times as probable.
    shown = f"{large:.1f}" if large < 100 else f"{large:.3g}"
    return f"{shown} ×" if ratio >= 1 or shown == "1.0" else f"1/{shown} ×"


def bias_markdown(results: Sequence[ComparisonResult]) -> str:
    """A measurement as a section of a model card has it, without a heading.

    Args:
        results: What `ak.measure_bias` found.
    """
    lines = []
    for result in results:
        lines += [f"**{plain(result.comparison.title)}**", ""]
        first, second = result.comparison.names
        for each in result.templates:
            lines += [
                f"“{plain(each.texts[0])}” beside “{plain(each.texts[1])}”: "
                f"{each.divergence:.3f} bits",
                "",
                f"| {plain(first)} | probability | {plain(second)} | "
                "probability |",
                "|---|---:|---|---:|",
                *(
                    f"| {plain(a.piece)} | {a.probabilities[0]:.4f} "
                    f"| {plain(b.piece)} | {b.probabilities[1]:.4f} |"
                    for a, b in zip(*each.top, strict=True)
                ),
                "",
                f"Probability for {plain(first)} over that for "
                f"{plain(second)}: "
                + ", ".join(
                    f"{plain(c.piece)} {ratio_text(c.ratio)}"
                    for c in each.completions
                )
                + ".",
                "",
            ]
    lines += [DIVERGENCE_MEANS, "", "What this does not measure:", ""]
    lines += [f"- {sentence}" for sentence in NOT_MEASURED]
    return "\n".join(lines) + "\n"


def _template_json(
    result: TemplateResult, names: tuple[str, str]
) -> dict[str, Any]:
    return {
        "template": result.template,
        "texts": dict(zip(names, result.texts, strict=True)),
        "divergence_bits": result.divergence,
        "top": {
            name: [completion.token for completion in best]
            for name, best in zip(names, result.top, strict=True)
        },
        "completions": [
            {
                "piece": each.piece,
                "token": each.token,
                "probabilities": dict(
                    zip(names, each.probabilities, strict=True)
                ),
                "ratio": each.ratio,
            }
            for each in result.completions
        ],
    }
