"""curves.png of a fine-tuning run."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from albert_keras.training.metrics_log import MetricsRow
from albert_keras.whole_files import written_whole


def draw_task_curves(rows: Sequence[MetricsRow], path: Path) -> bool:
    """Draws every number of a run by its step, a panel for each name.

    Args:
        rows: of metrics.csv.
        path: the PNG to write.

    Returns:
        Whether it was drawn: not without matplotlib, and not without rows.
    """
    if not rows or not find_spec("matplotlib"):
        return False
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(name for row in rows for name in row.values))
    figure = Figure(figsize=(6, 2.2 * len(names) + 0.5))
    FigureCanvasAgg(figure)
    panels = figure.subplots(len(names), 1, sharex=True, squeeze=False)
    for panel, name in zip(panels[:, 0], names, strict=True):
        for split, marker in (("train", None), ("eval", "o")):
            points = [
                (row.step, row.values[name])
                for row in rows
                if row.split == split and name in row.values
            ]
            if points:
                panel.plot(*zip(*points, strict=True), marker=marker)
                unit = ", %" if split == "eval" else ""
                panel.set_title(f"{name} ({split}{unit})", fontsize=10)
        panel.grid(alpha=0.3)
    panels[-1, 0].set_xlabel("step")
    figure.tight_layout()
    with written_whole(path) as partial:
        figure.savefig(partial, dpi=100, format="png")
    return True
