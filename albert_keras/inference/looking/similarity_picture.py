"""A picture of how the layers change hidden states."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from albert_keras.inference.drawing import new_figure, save_figure
from albert_keras.inference.looking.attention_map import draw_title
from albert_keras.inference.looking.similarity import LayerChange


def draw_layer_changes(
    changes: Sequence[LayerChange], text: str, path: Path
) -> None:
    """Draws Figure 1 of the paper for a text.

    Args:
        changes: What `layer_changes` found.
        text: The text, for the title.
        path: The PNG to write.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
    """
    from matplotlib.ticker import MaxNLocator

    figure = new_figure(10, 4.2)
    figure.subplots_adjust(0.07, 0.14, 0.98, 0.78, wspace=0.2)
    layers = [change.layer for change in changes]
    for panel, (title, unit, values, deviations) in zip(
        figure.subplots(1, 2),
        (
            (
                "L2 distance",
                "distance",
                [change.distance for change in changes],
                [change.distance_deviation for change in changes],
            ),
            (
                "angle (cosine similarity)",
                "degrees",
                [change.degrees for change in changes],
                [change.degrees_deviation for change in changes],
            ),
        ),
        strict=True,
    ):
        mean, spread = np.array(values), np.array(deviations)
        panel.fill_between(
            layers,
            np.maximum(mean - spread, 0),
            mean + spread,
            alpha=0.2,
            color="tab:blue",
            linewidth=0,
            label="± 1 standard deviation over the tokens",
        )
        panel.plot(
            layers,
            mean,
            marker="o",
            markersize=4,
            color="tab:blue",
            label="mean over the tokens",
        )
        panel.set_title(title, fontsize=11)
        panel.set_ylabel(unit)
        panel.set_xlabel("layer")
        panel.set_ylim(bottom=0)
        panel.set_xlim(0.5, len(layers) + 0.5)
        panel.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        panel.grid(alpha=0.3)
    figure.legend(
        *panel.get_legend_handles_labels(),
        fontsize=9,
        loc="upper center",
        bbox_to_anchor=(0.5, 0.93),
        ncols=2,
        frameon=False,
    )
    draw_title(
        figure,
        "Between input and output of each layer (Lan et al. 2019, Figure 1)",
        text,
    )
    save_figure(figure, path)
