"""The page of a measurement of bias."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from albert_keras.inference.bias.measurement import (
    ComparisonResult,
    Completion,
    TemplateResult,
)
from albert_keras.inference.bias.report import (
    DIVERGENCE_MEANS,
    NOT_MEASURED,
    ratio_text,
)
from albert_keras.inference.html_page import escape, page, table, write_page

_STYLE = """
.bar { display: flex; width: 16rem; }
.bar > span { flex: 1 1 50%; display: flex; height: .9rem; }
.bar > .first { justify-content: flex-end; border-right: 1px solid var(--ink); }
.bar i { display: block; height: 100%; }
.first i { background: var(--first); } .second i { background: var(--second); }
.one { color: var(--first); font-weight: 600; }
.two { color: var(--second); font-weight: 600; }
.side { display: flex; flex-wrap: wrap; gap: 0 3rem; }
"""


def write_bias_page(
    path: Path, model: str, results: Sequence[ComparisonResult]
) -> None:
    """Writes a page with all tables, which needs no other file.

    Args:
        path: The HTML file to write.
        model: What was measured.
        results: What `ak.measure_bias` found.
    """
    body = [
        f'<p class="note">Model: {escape(model)}</p>',
        f"<p>{escape(DIVERGENCE_MEANS)}</p>",
    ]
    for result in results:
        body.append(
            f"<h2>{escape(result.comparison.title)}: "
            f"{result.divergence:.3f} bits</h2>"
        )
        for each in result.templates:
            body += _template(each, result.comparison.names)
    body.append("<h2>What this does not measure</h2><ul>")
    body += [f"<li>{escape(sentence)}</li>" for sentence in NOT_MEASURED]
    body.append("</ul>")
    write_page(path, page("Bias in what is filled in", body, style=_STYLE))


def _template(result: TemplateResult, names: tuple[str, str]) -> Iterator[str]:
    yield (
        f'<p><span class="one">{escape(result.texts[0])}</span> beside '
        f'<span class="two">{escape(result.texts[1])}</span><br>'
        f"divergence {result.divergence:.3f} bits</p>"
    )
    yield '<div class="side">'
    for group, name in enumerate(names):
        yield table(
            ("", "piece", "probability"),
            [
                (
                    str(place),
                    escape(each.piece),
                    f"{each.probabilities[group]:.4f}",
                )
                for place, each in enumerate(result.top[group], start=1)
            ],
            numbers=(0, 2),
            caption=f"Most probable for {name}",
        )
    yield "</div>"
    furthest = max(abs(each.log2_ratio) for each in result.completions)
    yield table(
        ("piece", names[0], names[1], "ratio", f"{names[0]} ← → {names[1]}"),
        [
            (
                escape(each.piece),
                f"{each.probabilities[0]:.2g}",
                f"{each.probabilities[1]:.2g}",
                ratio_text(each.ratio),
                _bar(each, furthest),
            )
            for each in result.completions
        ],
        numbers=(1, 2, 3),
        caption=(
            f"Probability for {names[0]}, for {names[1]}, and the first over "
            "the second. Bars: the ratio on a logarithmic scale."
        ),
    )


def _bar(each: Completion, furthest: float) -> str:
    share = 100 * abs(each.log2_ratio) / furthest if furthest else 0.0
    filled = f'<i style="width:{share:.1f}%"></i>'
    first, second = (filled, "") if each.ratio > 1 else ("", filled)
    return (
        f'<span class="bar"><span class="first">{first}</span>'
        f'<span class="second">{second}</span></span>'
    )
