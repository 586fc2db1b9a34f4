"""The numbers of a run, wherever they are to be seen."""

import time
from collections.abc import Mapping
from importlib.util import find_spec

from albert_keras.training.curves import draw_curves
from albert_keras.training.metrics_log import MetricsLog, MetricsRow
from albert_keras.training.run_folder import RunFolder
from albert_keras.training.tensorboard import ScalarSummaries

# Drawing takes about a second.
_SECONDS_BETWEEN_DRAWINGS = 60.0


class RunLog:
    """metrics.csv, and TensorBoard's scalars and curves.png made from it.

    Args:
        folder: of the run.
        step: int. Finished steps of a resumed run; rows of later steps are
            dropped.
        baselines: masked-LM accuracies to draw as level lines, by label.
    """

    def __init__(
        self,
        folder: RunFolder,
        step: int = 0,
        baselines: Mapping[str, float] | None = None,
    ) -> None:
        self._curves = folder.curves
        self._baselines = baselines
        self._drawn = time.monotonic()
        self._csv = MetricsLog(folder.metrics)
        self._csv.drop_after(step)
        self._scalars = ScalarSummaries(folder.tensorboard, self._csv.rows)

    def append(self, row: MetricsRow) -> None:
        """Adds a row to metrics.csv and TensorBoard, and now and then draws."""
        self._csv.append(row)
        self._scalars.write(row)
        if time.monotonic() - self._drawn > _SECONDS_BETWEEN_DRAWINGS:
            self._draw()

    @property
    def rows(self) -> list[MetricsRow]:
        """All rows so far, in the order in which they were measured."""
        return self._csv.rows

    def last(self, split: str) -> MetricsRow | None:
        """The latest row of a split."""
        rows = [row for row in self._csv.rows if row.split == split]
        return rows[-1] if rows else None

    def close(self) -> None:
        """Draws the curves and closes what is open."""
        self._draw()
        self._scalars.close()

    def _draw(self) -> None:
        """Draws curves.png, where matplotlib is installed."""
        if self._csv.rows and find_spec("matplotlib"):
            draw_curves(self._csv.rows, self._curves, self._baselines)
        self._drawn = time.monotonic()
