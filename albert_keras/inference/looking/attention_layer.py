"""A picture of the attention of one layer's heads, with their pieces."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from albert_keras.inference.drawing import (
    drawable,
    new_figure,
    panel_at,
    save_figure,
    text_options,
)
from albert_keras.inference.looking.attention_map import (
    check_drawable,
    draw_colours,
    draw_map,
    draw_title,
)
from albert_keras.inference.looking.inside import Inside, Token

# Inches: above all maps, of a title of a map, and of a token in it.
_TOP, _TITLE, _TOKEN = 0.75, 0.2, 0.155


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
    side = max(1.6, _TOKEN * len(labels))
    margin = 0.35 + 0.075 * max(map(len, labels))  # for the longest piece
    across, down = side + margin, side + margin + _TITLE
    figure = new_figure(
        columns * across + 1.1, math.ceil(heads / columns) * down + 0.9
    )
    beside = (margin - 0.25) * 72  # where the pieces end, in points
    for head in range(heads):
        row, column = divmod(head, columns)
        panel = panel_at(
            figure, column * across + margin, _TOP + row * down, side, side
        )
        image = draw_map(panel, inside.attention[layer - 1, head])
        panel.set_title(f"head {head + 1}", fontsize=10)
        _name_tokens(panel, labels)
        if column == 0:
            panel.set_ylabel("attends", fontsize=8, labelpad=beside)
        if head + columns >= heads:
            panel.set_xlabel("is attended to", fontsize=8, labelpad=beside)
    draw_title(figure, f"Attention in layer {layer} of {layers}", inside.text)
    bar = panel_at(figure, columns * across + 0.2, _TOP, 0.14, side)
    draw_colours(figure, image, bar)
    save_figure(figure, path)


def _name_tokens(panel: Any, labels: Sequence[str]) -> None:
    # As texts, since making hundreds of ticks takes as long as drawing them.
    options = {"fontsize": 8, **text_options()}
    below = len(labels) - 0.2
    for place, label in enumerate(labels):
        panel.text(-0.8, place, label, ha="right", va="center", **options)
        panel.text(
            place, below, label, rotation=90, ha="center", va="top", **options
        )


def _label(token: Token) -> str:
    return drawable(token.piece, f"id {token.id}")
