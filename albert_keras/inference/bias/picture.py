"""The picture of a measurement of bias."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from albert_keras.inference.bias.measurement import (
    ComparisonResult,
    TemplateResult,
)
from albert_keras.inference.bias.report import ratio_text
from albert_keras.inference.drawing import (
    drawable,
    new_figure,
    panel_at,
    save_figure,
    text_at,
    text_options,
)

MAX_PANELS = 40
"""More do not fit into one picture."""

# Inches: of the picture, a row, and the room above and below a panel.
_WIDTH, _ROW, _ABOVE, _BELOW = 9.5, 0.27, 0.95, 0.6

# Told apart by those who see no red or no green as well.
_FIRST, _SECOND = "#1769aa", "#d9730d"


def draw_bias(results: Sequence[ComparisonResult], path: Path) -> None:
    """Draws the probabilities of both groups, a panel for each template.

    Args:
        results: What `ak.measure_bias` found; of more than `MAX_PANELS`
            templates the first ones are drawn, and the others counted.
        path: The PNG to write.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
    """
    every = [
        (result, template)
        for result in results
        for template in result.templates
    ]
    panels = every[:MAX_PANELS]
    heights = [_ROW * len(t.completions) for _, t in panels]
    total = sum(heights) + (_ABOVE + _BELOW) * len(panels) + 0.3
    figure = new_figure(_WIDTH, total)
    top = 0.0
    for (result, template), height in zip(panels, heights, strict=True):
        top += _ABOVE + height
        panel = panel_at(
            figure, 0.2 * _WIDTH, top - height, 0.64 * _WIDTH, height
        )
        _draw_template(panel, result, template)
        top += _BELOW
    if len(every) > len(panels):
        text_at(
            figure,
            0.2 * _WIDTH,
            total - 0.12,
            f"and {len(every) - len(panels)} more templates, not drawn",
            fontsize=9,
        )
    save_figure(figure, path)


def _draw_template(
    panel: Any, result: ComparisonResult, template: TemplateResult
) -> None:
    completions = template.completions
    rows = range(len(completions))
    options = text_options()
    for group, colour, marker in ((0, _FIRST, "o"), (1, _SECOND, "s")):
        panel.scatter(
            [each.probabilities[group] for each in completions],
            rows,
            color=colour,
            marker=marker,
            s=34,
            zorder=3,
            label=drawable(
                result.comparison.names[group], f"group {group + 1}"
            ),
        )
    for row, each in enumerate(completions):
        colour = _FIRST if each.ratio >= 1 else _SECOND
        panel.plot(each.probabilities, (row, row), color=colour, alpha=0.5)
        panel.text(
            1.02,
            row,
            ratio_text(each.ratio),
            transform=panel.get_yaxis_transform(),
            va="center",
            fontsize=9,
            color=colour,
        )
    panel.set_xscale("log")
    panel.xaxis.set_major_formatter("{x:g}")
    least, most = panel.get_xlim()
    if most < 10 * least:  # else they would touch
        panel.xaxis.set_minor_formatter("{x:g}")
    panel.set_xlabel("probability of the piece at [MASK]", fontsize=9)
    panel.set_yticks(
        rows,
        [drawable(each.piece, f"id {each.token}") for each in completions],
        fontsize=9,
        **options,
    )
    panel.set_ylim(len(completions) - 0.5, -0.5)
    panel.tick_params(axis="x", labelsize=8, length=3, which="both")
    panel.grid(alpha=0.3, which="both")
    panel.set_title(
        f"{drawable(template.template, 'template')}\n"
        f"divergence {template.divergence:.3f} bits "
        "(0: the same for both, 1: nothing in common)",
        fontsize=10.5,
        pad=24,
        **options,
    )
    legend = panel.legend(
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=2,
        fontsize=9,
        frameon=False,
    )
    for text in legend.get_texts():
        text.set(**options)
    first, second = legend.get_texts()
    panel.text(
        1.02,
        1.02,
        f"{first.get_text()[:14]}\n/ {second.get_text()[:14]}",
        transform=panel.transAxes,
        fontsize=8,
        va="bottom",
        **options,
    )
