"""metrics.csv, the one record of a run's numbers."""

import csv
from pathlib import Path
from typing import NamedTuple, TextIO

from albert_keras.whole_files import written_whole

# Names of google-research/albert's evaluation (run_pretraining.py).
METRICS = (
    "loss",
    "masked_lm_loss",
    "masked_lm_accuracy",
    "sentence_order_loss",
    "sentence_order_accuracy",
)


class MetricsRow(NamedTuple):
    """What was measured at one step.

    Attributes:
        step: finished steps.
        split: `"train"`, means since the last such row, or `"eval"`.
        values: number by name: `METRICS`; for `"train"` also `learning_rate`,
            `gradient_norm` (before clipping; of each execution's last step)
            where the train step tells it, and, once a step was timed,
            `tokens_per_second` (without padding) and `share_of_peak`.
    """

    step: int
    split: str
    values: dict[str, float]


class MetricsLog:
    """metrics.csv, and its rows in the order in which they were measured.

    Args:
        path: the file; made with the first row, if it does not exist.
        columns: what the file has beside step and split.

    Attributes:
        rows: list of `MetricsRow`.
    """

    COLUMNS: tuple[str, ...] = (
        *METRICS,
        "learning_rate",
        "gradient_norm",
        "tokens_per_second",
        "share_of_peak",
    )

    def __init__(self, path: Path, columns: tuple[str, ...] = COLUMNS) -> None:
        self.path = path
        self.columns = ("step", "split", *columns)
        self.rows = read_metrics(path)

    def drop_after(self, step: int) -> None:
        """Drops the rows of later steps, which are to be taken again."""
        self.rows = [row for row in self.rows if row.step <= step]
        with (
            written_whole(self.path) as partial,
            partial.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = self._writer(file)
            writer.writeheader()
            writer.writerows(_flat(row) for row in self.rows)

    def append(self, row: MetricsRow) -> None:
        """Adds a row to the file, at once."""
        is_new = not self.path.exists()
        with self.path.open("a", newline="", encoding="utf-8") as file:
            writer = self._writer(file)
            if is_new:
                writer.writeheader()
            writer.writerow(_flat(row))
        self.rows.append(row)

    def _writer(self, file: TextIO) -> csv.DictWriter:
        return csv.DictWriter(
            file, self.columns, extrasaction="ignore", lineterminator="\n"
        )


def _flat(row: MetricsRow) -> dict[str, object]:
    return {"step": row.step, "split": row.split, **row.values}


def read_metrics(path: Path) -> list[MetricsRow]:
    """The rows of a metrics.csv, up to one that was cut off."""
    if not path.exists():
        return []
    rows = []
    with path.open(newline="", encoding="utf-8") as file:
        for cells in csv.DictReader(file):
            try:
                step, split = int(cells.pop("step")), cells.pop("split")
                values = {k: float(v) for k, v in cells.items() if v}
            except (KeyError, TypeError, ValueError):
                break  # cut off when the process was killed
            rows.append(MetricsRow(step, split, values))
    return rows
