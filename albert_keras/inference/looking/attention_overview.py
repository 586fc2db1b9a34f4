"""A picture of the attention of every head and layer."""

from pathlib import Path

from albert_keras.inference.drawing import (
    new_figure,
    panel_at,
    save_figure,
    text_at,
)
from albert_keras.inference.looking.attention_map import (
    check_drawable,
    draw_colours,
    draw_map,
    draw_title,
)
from albert_keras.inference.looking.inside import Inside

# Inches around all maps.
_LEFT, _TOP, _RIGHT, _BOTTOM = 0.75, 0.85, 0.95, 0.55


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
    width, height = heads * size, layers * size
    figure = new_figure(
        max(width, 4.5) + _LEFT + _RIGHT, max(height, 1.6) + _TOP + _BOTTOM
    )
    for layer in range(layers):
        for head in range(heads):
            panel = panel_at(
                figure,
                _LEFT + head * size,
                _TOP + layer * size,
                0.93 * size,
                0.93 * size,
            )
            image = draw_map(panel, inside.attention[layer, head])
    number = {"fontsize": 9, "va": "center"}
    for head in _labelled(heads, size):
        place = _LEFT + (head + 0.46) * size
        text_at(figure, place, _TOP - 0.1, f"{head + 1}", ha="center", **number)
    for layer in _labelled(layers, size):
        place = _TOP + (layer + 0.46) * size
        text_at(
            figure, _LEFT - 0.08, place, f"{layer + 1}", ha="right", **number
        )
    text_at(figure, _LEFT + width / 2, 0.5, "head", ha="center", fontsize=10)
    text_at(
        figure,
        0.2,
        _TOP + height / 2,
        "layer",
        rotation=90,
        va="center",
        fontsize=10,
    )
    text_at(
        figure,
        _LEFT,
        figure.get_size_inches()[1] - 0.12,
        f"Each map: {len(inside.tokens)} tokens that attend, from top to "
        "bottom, to the same tokens, from left to right.",
        fontsize=8,
    )
    draw_title(figure, "Attention, every head and layer", inside.text)
    bar = panel_at(figure, _LEFT + width + 0.15, _TOP, 0.14, min(height, 3.0))
    draw_colours(figure, image, bar)
    save_figure(figure, path)


def _labelled(count: int, size: float) -> list[int]:
    """Every one, or every fourth where numbers would touch."""
    return [
        index
        for index in range(count)
        if size > 0.4 or index % 4 == 3 or index in (0, count - 1)
    ]
