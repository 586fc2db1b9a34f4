"""What a load test found: figures, and a picture of them."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from open_loop import Outcome

PERCENTILES = (50.0, 90.0, 99.0, 99.9)


def summary(
    outcomes: Sequence[Outcome],
    rate: float,
    memory: Sequence[tuple[float, int]] = (),
) -> dict[str, Any]:
    """The figures of a load test.

    Args:
        outcomes: Of all requests.
        rate: Requests a second that were to come.
        memory: Seconds and bytes that the server's process held.

    Returns:
        `requests`, `errors` (how often each), `rate` and `answered_rate` in
        requests a second, `latency_ms` by percentile and `max`, and with
        `memory` the `memory_mb` at the first tenth and at the end.
    """
    good = [each.latency for each in outcomes if each.error is None]
    errors = Counter(each.error for each in outcomes if each.error)
    last = max((each.due + each.latency for each in outcomes), default=0.0)
    found: dict[str, Any] = {
        "requests": len(outcomes),
        "errors": dict(errors),
        "rate": round(rate, 3),
        "answered_rate": round(len(good) / last, 3) if last else 0.0,
        "latency_ms": {},
    }
    if good:
        values = 1000 * np.percentile(good, PERCENTILES)
        found["latency_ms"] = {
            f"p{name:g}": round(float(value), 2)
            for name, value in zip(PERCENTILES, values, strict=True)
        } | {"max": round(1000 * max(good), 2)}
    if memory:
        found["memory_mb"] = {
            "first_tenth": round(memory[len(memory) // 10][1] / 1e6, 1),
            "end": round(memory[-1][1] / 1e6, 1),
            "most": round(max(each for _, each in memory) / 1e6, 1),
        }
    return found


def draw(
    outcomes: Sequence[Outcome],
    title: str,
    path: Path,
    memory: Sequence[tuple[float, int]] = (),
) -> None:
    """Draws latency by percentile and over time, and the memory beside it.

    Args:
        outcomes: Of all requests; one at least was answered.
        title: Says what was asked.
        path: The PNG to write.
        memory: As for `summary`.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(
        1, 2, figsize=(11, 4.2), layout="constrained"
    )
    figure.suptitle(title)
    good = [each for each in outcomes if each.error is None]
    _draw_percentiles(left, 1000 * np.sort([each.latency for each in good]))
    right.plot(
        [each.due for each in good],
        [1000 * each.latency for each in good],
        ".",
        markersize=2,
        alpha=0.5,
        label="answered",
    )
    for each in outcomes:
        if each.error:
            right.axvline(each.due, color="tab:red", linewidth=0.5)
    right.set(
        xlabel="when the request was due, s",
        ylabel="latency, ms",
        yscale="log",
        title=f"{len(outcomes):,} requests, "
        f"{len(outcomes) - len(good):,} not answered",
    )
    if memory:
        beside = right.twinx()
        seconds, held = zip(*memory, strict=True)
        beside.plot(
            seconds,
            np.array(held) / 1e6,
            color="tab:orange",
            label="memory of the server",
        )
        beside.set_ylabel("memory of the server, MB", color="tab:orange")
        beside.set_ylim(0, 1.25e-6 * max(held))
    figure.savefig(path, dpi=130)
    pyplot.close(figure)


def _draw_percentiles(axes: Any, latencies: np.ndarray) -> None:
    """Latency against the share of slower requests, which is a log scale."""
    slower = 1 - (np.arange(len(latencies)) + 0.5) / len(latencies)
    axes.plot(slower, latencies)
    axes.set(
        xscale="log",
        xlabel="percentile",
        ylabel="latency, ms",
        ylim=(0, None),
        title="latency by percentile",
    )
    axes.invert_xaxis()
    shown = [p for p in PERCENTILES if (100 - p) / 100 >= slower[-1]]
    axes.set_xticks(
        [(100 - each) / 100 for each in shown], [f"p{p:g}" for p in shown]
    )
    axes.minorticks_off()
    for each in shown:
        value = float(np.percentile(latencies, each))
        axes.plot([(100 - each) / 100], [value], "o", color="tab:blue")
        axes.annotate(
            f"{value:.0f} ms",
            ((100 - each) / 100, value),
            textcoords="offset points",
            xytext=(-6, 8),
            ha="right",
        )
    axes.grid(alpha=0.3)
