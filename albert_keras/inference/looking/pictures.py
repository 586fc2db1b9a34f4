"""Pictures of attention and of how the layers change hidden states."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from albert_keras.inference.drawing import (
    drawable,
    new_figure,
    save_figure,
    text_options,
)
from albert_keras.inference.looking.inside import Inside, Token
from albert_keras.inference.looking.similarity import LayerChange

MAX_TOKENS = 64
"""A map of more tokens has labels that nobody can read."""

_COLOURS = "magma_r"
_SHOWN = 40  # characters of a text in a title


def draw_attention_overview(inside: Inside, path: Path) -> None:
    """Draws the map of every head of every layer, small and unlabelled.

    Args:
        inside: What `ak.look_inside` found.
        path: The PNG to write.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
        ValueError: The text has more than `MAX_TOKENS` tokens.
    """
    check_drawable(inside)
    layers, heads = inside.attention.shape[:2]
    # 64 heads get maps of a third of an inch, 12 of one inch.
    size = min(2.0, max(0.34, 12 / max(layers, heads)))
    left, top, right, bottom = 0.75, 0.85, 0.95, 0.55
    width, height = heads * size, layers * size
    figure = new_figure(
        max(width, 4.5) + left + right, max(height, 1.6) + top + bottom
    )
    total_width, total_height = figure.get_size_inches()
    grid = figure.subplots(
        layers,
        heads,
        squeeze=False,
        gridspec_kw={
            "left": left / total_width,
            "right": (left + width) / total_width,
            "top": 1 - top / total_height,
            "bottom": 1 - (top + height) / total_height,
            "wspace": 0.08,
            "hspace": 0.08,
        },
    )
    for layer in range(layers):
        for head in range(heads):
            panel = grid[layer, head]
            image = _show_map(panel, inside.attention[layer, head])
            panel.set(xticks=[], yticks=[])
            _thin_frame(panel)
            if layer == 0 and _is_labelled(head, heads, size):
                panel.set_title(f"{head + 1}", fontsize=9)
            if head == 0 and _is_labelled(layer, layers, size):
                panel.set_ylabel(
                    f"{layer + 1}",
                    fontsize=9,
                    rotation=0,
                    ha="right",
                    va="center",
                )
    figure.text(
        (left + width / 2) / total_width,
        1 - 0.5 / total_height,
        "head",
        ha="center",
        fontsize=10,
    )
    figure.text(
        0.22 / total_width,
        1 - (top + height / 2) / total_height,
        "layer",
        rotation=90,
        va="center",
        fontsize=10,
    )
    _title(figure, f"Attention, every head and layer: “{_shown(inside.text)}”")
    figure.text(
        left / total_width,
        0.12 / total_height,
        f"Each map: {len(inside.tokens)} tokens that attend, from top to "
        "bottom, to the same tokens, from left to right.",
        fontsize=8,
    )
    bar = figure.add_axes(
        (
            (left + width + 0.18) / total_width,
            1 - (top + min(height, 3.0)) / total_height,
            0.14 / total_width,
            min(height, 3.0) / total_height,
        )
    )
    _colour_bar(figure, image, bar)
    save_figure(figure, path)


def draw_attention_layer(inside: Inside, layer: int, path: Path) -> None:
    """Draws the maps of one layer's heads, labelled with their pieces.

    Args:
        inside: What `ak.look_inside` found.
        layer: Number of the layer, from 1.
        path: The PNG to write.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
        ValueError: There is no such layer, or the text has more than
            `MAX_TOKENS` tokens.
    """
    check_drawable(inside)
    layers, heads = inside.attention.shape[:2]
    if not 1 <= layer <= layers:
        raise ValueError(
            f"`layer` must be from 1 to {layers}. Received: layer={layer}."
        )
    labels = [_label(token) for token in inside.tokens]
    columns = min(heads, 4 if heads <= 16 else 8)
    rows = math.ceil(heads / columns)
    side = max(1.6, 0.155 * len(labels))
    margin = 0.35 + 0.075 * max(map(len, labels))
    figure = new_figure(
        columns * (side + margin) + 1.1, rows * (side + margin + 0.2) + 0.9
    )
    total_width, total_height = figure.get_size_inches()
    for head in range(heads):
        row, column = divmod(head, columns)
        panel = figure.add_axes(
            (
                (column * (side + margin) + margin) / total_width,
                1
                - (0.65 + row * (side + margin + 0.2) + side + 0.1)
                / total_height,
                side / total_width,
                side / total_height,
            )
        )
        image = _show_map(panel, inside.attention[layer - 1, head])
        _thin_frame(panel)
        panel.set_title(f"head {head + 1}", fontsize=10)
        _name_tokens(panel, labels)
        beside = (margin - 0.25) * 72  # where the pieces end, in points
        if column == 0:
            panel.set_ylabel("attends", fontsize=8, labelpad=beside)
        if head + columns >= heads:
            panel.set_xlabel("is attended to", fontsize=8, labelpad=beside)
    _title(
        figure,
        f"Attention in layer {layer} of {layers}: “{_shown(inside.text)}”",
    )
    right = columns * (side + margin) + 0.2
    bar = figure.add_axes(
        (
            right / total_width,
            1 - (0.75 + side) / total_height,
            0.14 / total_width,
            side / total_height,
        )
    )
    _colour_bar(figure, image, bar)
    save_figure(figure, path)


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
    _title(
        figure,
        "Between input and output of each layer (Lan et al. 2019, Figure 1): "
        f"“{_shown(text)}”",
    )
    save_figure(figure, path)


def check_drawable(inside: Inside) -> None:
    """Refuses texts whose maps nobody could read.

    Raises:
        ValueError: The text has more than `MAX_TOKENS` tokens.
    """
    if len(inside.tokens) > MAX_TOKENS:
        raise ValueError(
            f"A picture of attention must have at most {MAX_TOKENS} tokens, "
            "[CLS] and [SEP] included, to be readable. Received: "
            f"{len(inside.tokens)} tokens."
        )


def _show_map(panel: Any, attention: np.ndarray) -> Any:
    from matplotlib.colors import PowerNorm

    # The root, as most probabilities are small and the few large ones rule.
    return panel.imshow(
        attention,
        cmap=_COLOURS,
        norm=PowerNorm(0.5, vmin=0.0, vmax=1.0),
        interpolation="nearest",
        aspect="equal",
    )


def _name_tokens(panel: Any, labels: Sequence[str]) -> None:
    # As texts, since making hundreds of ticks takes as long as drawing them.
    panel.set(xticks=[], yticks=[])
    options = {"fontsize": 8, **text_options()}
    last = len(labels) - 1
    for place, label in enumerate(labels):
        panel.text(-0.8, place, label, ha="right", va="center", **options)
        panel.text(
            place,
            last + 0.8,
            label,
            rotation=90,
            ha="center",
            va="top",
            **options,
        )


def _thin_frame(panel: Any) -> None:
    for spine in panel.spines.values():
        spine.set(linewidth=0.5, color="0.6")


def _colour_bar(figure: Any, image: Any, axes: Any) -> None:
    bar = figure.colorbar(image, cax=axes, ticks=[0, 0.05, 0.2, 0.5, 1.0])
    bar.set_label("probability", fontsize=9)
    bar.ax.tick_params(labelsize=8)
    bar.outline.set_linewidth(0.5)


def _title(figure: Any, text: str) -> None:
    height = figure.get_size_inches()[1]
    figure.text(
        0.5,
        1 - 0.14 / height,
        drawable(text, text.partition(":")[0]),
        ha="center",
        va="top",
        fontsize=11,
        wrap=True,
        **text_options(),
    )


def _is_labelled(index: int, of: int, size: float) -> bool:
    """Every one, or every fourth where numbers would touch."""
    return size > 0.4 or index % 4 == 3 or index in (0, of - 1)


def _label(token: Token) -> str:
    return drawable(token.piece, f"id {token.id}")


def _shown(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
