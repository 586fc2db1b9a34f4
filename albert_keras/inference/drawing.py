"""What pictures share: a figure without a display, and labels of any text."""

import functools
from pathlib import Path
from typing import Any

from albert_keras.requirements import require
from albert_keras.whole_files import written_whole

# For pieces that matplotlib's own font has no glyphs for, where installed.
_MORE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Droid Sans Fallback",
    "Noto Sans",
    "PingFang SC",
    "Arial Unicode MS",
    "Microsoft YaHei",
)
DOTS_PER_INCH = 110


def new_figure(width: float, height: float) -> Any:
    """A matplotlib figure that needs no display.

    Args:
        width: In inches.
        height: In inches.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
    """
    check_can_draw()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def check_can_draw() -> None:
    """Refuses to begin what will end in pictures, where none can be drawn.

    Raises:
        ModuleNotFoundError: matplotlib is not installed.
    """
    require("pictures", "A picture")


def panel_at(
    figure: Any, left: float, top: float, width: float, height: float
) -> Any:
    """Axes at a place in inches from the upper left corner of a figure."""
    total_width, total_height = figure.get_size_inches()
    return figure.add_axes(
        (
            left / total_width,
            1 - (top + height) / total_height,
            width / total_width,
            height / total_height,
        )
    )


def text_at(
    figure: Any, left: float, top: float, text: str, **options: Any
) -> None:
    """Text at a place in inches from the upper left corner of a figure.

    Args:
        figure: The figure.
        left: Of the place.
        top: Likewise.
        text: What to write.
        **options: As matplotlib's `Text`.
    """
    width, height = figure.get_size_inches()
    figure.text(left / width, 1 - top / height, text, **options)


def save_figure(figure: Any, path: Path) -> None:
    """Writes a figure as a PNG, whole or not at all."""
    with written_whole(path) as partial:
        figure.savefig(partial, dpi=DOTS_PER_INCH, format="png")


def text_options() -> dict[str, Any]:
    """For labels that hold what a user gave: `$` is no formula in them."""
    return {"fontfamily": _families(), "parse_math": False}


def drawable(text: str, otherwise: str) -> str:
    """The text, if the fonts here have all of it.

    Args:
        text: What shall be a label.
        otherwise: What to write where boxes would be drawn.
    """
    return text if set(map(ord, text)) <= _characters() else otherwise


@functools.cache
def _families() -> list[str]:
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    more = [name for name in _MORE_FONTS if name in installed]
    return ["DejaVu Sans", *more]


@functools.cache
def _characters() -> frozenset[int]:
    from matplotlib import font_manager

    found: set[int] = set()
    for name in _families():
        path = font_manager.findfont(name)
        found |= set(font_manager.get_font(path).get_charmap())
    return frozenset(found)
