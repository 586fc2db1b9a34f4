"""What both pictures of attention share: one map, its colours, the title."""

from typing import Any

import numpy as np

from albert_keras.inference.drawing import drawable, text_at, text_options
from albert_keras.inference.looking.inside import Inside

MAX_TOKENS = 64
"""A map of more tokens has labels that nobody can read."""

_SHOWN = 40  # characters of a text in a title


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


def draw_map(panel: Any, attention: np.ndarray) -> Any:
    """Draws one head's attention, without ticks.

    Args:
        panel: Axes of matplotlib.
        attention: `[tokens, tokens]`.

    Returns:
        The image, which `draw_colours` explains.
    """
    from matplotlib.colors import PowerNorm

    # The root, as most probabilities are small and the few large ones rule.
    image = panel.imshow(
        attention,
        cmap="magma_r",
        norm=PowerNorm(0.5, vmin=0.0, vmax=1.0),
        interpolation="nearest",
        aspect="equal",
    )
    panel.set(xticks=[], yticks=[])
    for spine in panel.spines.values():
        spine.set(linewidth=0.5, color="0.6")
    return image


def draw_colours(figure: Any, image: Any, panel: Any) -> None:
    """Draws the scale of colours, which is the same for all maps.

    Args:
        figure: What the maps are in.
        image: Any of them.
        panel: Where to draw.
    """
    bar = figure.colorbar(image, cax=panel, ticks=[0, 0.05, 0.2, 0.5, 1.0])
    bar.set_label("probability", fontsize=9)
    bar.ax.tick_params(labelsize=8)
    bar.outline.set_linewidth(0.5)


def draw_title(figure: Any, title: str, text: str) -> None:
    """Draws what is shown, and the beginning of which text.

    Args:
        figure: The figure.
        title: What is shown.
        text: The text, left out where the fonts do not have it.
    """
    text = " ".join(text.split())
    if len(text) > _SHOWN:
        text = f"{text[: _SHOWN - 1]}…"
    text_at(
        figure,
        figure.get_size_inches()[0] / 2,
        0.14,
        drawable(f"{title}: “{text}”", title),
        ha="center",
        va="top",
        fontsize=11,
        **text_options(),
    )
