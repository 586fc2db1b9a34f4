"""curves.png: losses, accuracies, learning rate and gradient norm by step."""

import math
from collections.abc import Iterable, Mapping
from itertools import cycle
from pathlib import Path

from albert_keras.training.metrics_log import MetricsRow
from albert_keras.whole_files import written_whole

_PANELS = {
    "masked_lm_loss": "masked LM: loss (nats a token)",
    "masked_lm_accuracy": "masked LM: accuracy",
    "sentence_order_loss": "sentence order: loss (nats)",
    "sentence_order_accuracy": "sentence order: accuracy",
    "learning_rate": "learning rate",
    "gradient_norm": "gradient norm before clipping",
}
# Clipping by global norm, optimization.py of google-research/albert.
_CLIP_NORM = 1.0
_LABELS = {"train": "training", "eval": "held out"}
_COLOURS = {"train": "tab:blue", "eval": "tab:orange"}


def draw_curves(
    rows: Iterable[MetricsRow],
    path: Path,
    baselines: Mapping[str, float] | None = None,
) -> None:
    """Draws both losses and both accuracies, training and held out.

    Below them the learning rate and the norm of the gradient, of training.
    Needs matplotlib, and no display.

    Args:
        rows: rows of metrics.csv.
        path: the PNG to write.
        baselines: masked-LM accuracies to compare with, by their labels, drawn
            as level lines. Chance is drawn for the sentence order.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter

    rows = list(rows)
    levels = {
        "masked_lm_accuracy": dict(baselines or {}),
        "sentence_order_accuracy": {"chance": 0.5},
        "gradient_norm": {"clipped above": _CLIP_NORM},
    }
    figure = Figure(figsize=(10, 9.5))
    FigureCanvasAgg(figure)
    # A layout engine would draw everything twice.
    figure.subplots_adjust(0.08, 0.06, 0.98, 0.96, wspace=0.18, hspace=0.2)
    for panel, (metric, title) in zip(
        figure.subplots(3, 2, sharex=True).flat, _PANELS.items(), strict=True
    ):
        has_points = False
        for split, colour in _COLOURS.items():
            points = [
                (row.step, row.values[metric])
                for row in rows
                if row.split == split
                and math.isfinite(row.values.get(metric, math.nan))
            ]
            if points:
                has_points = True
                steps, values = zip(*points, strict=True)
                panel.plot(
                    steps,
                    values,
                    color=colour,
                    label=_LABELS[split],
                    linewidth=1.2 if split == "train" else 2.0,
                    marker="o" if split == "eval" else None,
                    markersize=4,
                )
        for (label, level), style in zip(
            levels.get(metric, {}).items() if has_points else (),
            cycle((":", "--", "-.")),
            strict=False,
        ):
            panel.axhline(
                level, color="0.4", linestyle=style, linewidth=1.2, label=label
            )
        if metric.endswith("accuracy"):
            panel.yaxis.set_major_formatter(PercentFormatter(xmax=1.0))
        if metric == "gradient_norm" and has_points:
            panel.set_yscale("log")
        if metric == "learning_rate":
            panel.ticklabel_format(axis="y", style="sci", scilimits=(-3, 3))
        panel.set_title(title, fontsize=11)
        panel.grid(alpha=0.3)
        if has_points:
            panel.legend(fontsize=9)
        else:
            panel.text(0.5, 0.5, "not measured", ha="center", color="0.4")
    for panel in figure.axes[4:]:
        panel.set_xlabel("step")
    with written_whole(path) as partial:
        figure.savefig(partial, dpi=110, format="png")
