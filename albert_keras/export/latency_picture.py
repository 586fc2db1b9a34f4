"""latency.png: time by length, and what it takes in memory."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from albert_keras.export.latency import Latency
from albert_keras.whole_files import written_whole


def draw_latencies(found: Sequence[Latency], path: Path) -> bool:
    """Draws time by length, a panel for each number of threads, and memory.

    Args:
        found: What was measured.
        path: The PNG to write.

    Returns:
        Whether it was drawn: not without matplotlib.
    """
    if not found or not find_spec("matplotlib"):
        return False
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(each.name for each in found))
    threads = list(dict.fromkeys(each.threads for each in found))
    colours = list(dict.fromkeys(_without_cache(name) for name in names))
    size = (3.4 * len(threads) + 4.2, 3.6 + 0.14 * len(names))
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(threads) + 1, squeeze=False)[0]
    for panel, number in zip(panels, threads, strict=False):
        for name in names:
            points = sorted(
                (each.sequence_length, each.milliseconds)
                for each in found
                if each.name == name and each.threads == number
            )
            plain = _without_cache(name)
            panel.plot(
                *zip(*points, strict=True),
                "o-" if name == plain else "x--",
                color=f"C{colours.index(plain)}",
                label=name,
            )
        panel.set_title(f"{number} thread{'s' if number > 1 else ''}")
        panel.set_xlabel("tokens of a row")
        panel.set_xticks(sorted({each.sequence_length for each in found}))
        panel.set_ylim(bottom=0)
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("milliseconds, median")
    lines, _ = panels[0].get_legend_handles_labels()
    figure.legend(lines, names, loc="outside lower center", fontsize=8, ncols=4)
    places = range(len(names))
    for shift, (label, values) in enumerate(
        (
            ("file", [_most(found, name, "num_bytes") for name in names]),
            ("memory", [_most(found, name, "peak_bytes") for name in names]),
        )
    ):
        panels[-1].barh(
            [place + 0.4 * shift - 0.2 for place in places],
            values,
            height=0.38,
            label=label,
        )
    panels[-1].set_yticks(places, names)
    panels[-1].invert_yaxis()
    panels[-1].set_xlabel("MB")
    panels[-1].set_title("size of the file, peak memory")
    panels[-1].legend(fontsize=8)
    with written_whole(path) as partial:
        figure.savefig(partial, dpi=100, format="png")
    return True


def _without_cache(name: str) -> str:
    return name.removesuffix(" cached")


def _most(found: Sequence[Latency], name: str, value: str) -> float:
    """The largest of a contender's values, in MB."""
    return (
        max(getattr(each, value) for each in found if each.name == name) / 1e6
    )
