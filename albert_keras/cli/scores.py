"""Scores as lines of text."""

from collections.abc import Iterator
from typing import Any

# Rows of a table that still fits on a screen.
_MOST_CLASSES, _MOST_COLUMNS = 20, 10


def score_line(name: str, value: float) -> str:
    """A line for one score.

    Args:
        name: as the metrics of `albert_keras.tasks` name it.
        value: a number of examples where the name ends with `total`; else a
            score in per cent, or a threshold.
    """
    if name.endswith("total"):
        return f"{name:18} {value:,}"
    # Found by trying all thresholds on what is scored.
    note = "   (fitted on these questions)" if name.startswith("best_") else ""
    return f"{name:18} {value:.3f}{note}"


def report_lines(report: dict[str, Any]) -> Iterator[str]:
    """Show scores by class and a confusion table.

    Args:
        report: of `albert_keras.tasks.metrics.classes`.

    Yields:
        Lines: the accuracy of always predicting the most frequent class; a
        table of the most frequent classes; and what was taken for what, a
        table of up to ten classes, or the most frequent mistakes.
    """
    from albert_keras.text.shown import plain, shown

    if not report:
        return
    majority = report.get("majority")
    if majority:
        line = score_line("majority baseline", majority["accuracy"])
        yield f"{line}   (always {shown(majority['label'])})"
    scores = report["classes"]
    order = sorted(scores, key=lambda n: -scores[n]["true"])[:_MOST_CLASSES]
    rows = [["class", "precision", "recall", "f1", "true", "predicted"]]
    for name in scores:
        if name in order:
            held = scores[name]
            percent = (held[n] for n in ("precision", "recall", "f1"))
            counts = (held[n] for n in ("true", "predicted"))
            rows.append(
                [
                    plain(name),
                    *(f"{number:.3f}" for number in percent),
                    *(f"{number:,}" for number in counts),
                ]
            )
    yield from _aligned(rows)
    if len(scores) > len(order):
        yield f"and {len(scores) - len(order):,} more classes (metrics.json)"
    confusion = report.get("confusion")
    if confusion is None:
        return
    if len(scores) <= _MOST_COLUMNS:
        yield "confusion (rows: true classes, columns: predicted classes)"
        rows = [["", *map(plain, scores)]]
        for name in scores:
            row = confusion.get(name, {})
            rows.append([plain(name), *(f"{row.get(n, 0):,}" for n in scores)])
        yield from _aligned(rows)
        return
    wrong = [
        (count, true, given)
        for true, row in confusion.items()
        for given, count in row.items()
        if given != true
    ]
    wrong.sort(key=lambda each: -each[0])
    for count, true, given in wrong[:_MOST_COLUMNS]:
        yield f"{shown(true)} predicted as {shown(given)}: {count:,}"


def _aligned(rows: list[list[str]]) -> Iterator[str]:
    """Yield rows of a table: the first column to the left, others right."""
    from rich.cells import cell_len

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = []
        for place, (cell, width) in enumerate(zip(row, widths, strict=True)):
            fill = " " * (width - cell_len(cell))
            cells.append(fill + cell if place else cell + fill)
        yield f"  {'  '.join(cells)}".rstrip()
