"""The rows of a run as scalars for TensorBoard."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tensorflow as tf

from albert_keras.training.metrics_log import MetricsRow


class ScalarSummaries:
    """Writes rows as TensorBoard scalars, a folder for each split.

    TensorBoard then shows train and eval as two curves of one chart. The
    folder is written anew from the rows at each start, so that a resumed run
    shows one curve and not the steps that it took twice.

    Args:
        directory: the folder; what it holds is removed.
        rows: the rows measured so far.
    """

    def __init__(self, directory: Path, rows: Iterable[MetricsRow]) -> None:
        if directory.exists():
            shutil.rmtree(directory)
        self.directory = directory
        self._writers: dict[str, Any] = {}
        for row in rows:
            self.write(row)

    def write(self, row: MetricsRow) -> None:
        """Writes the numbers of a row under their names."""
        if row.split not in self._writers:
            self._writers[row.split] = tf.summary.create_file_writer(
                str(self.directory / row.split)
            )
        writer = self._writers[row.split]
        with writer.as_default():
            for name, value in row.values.items():
                tf.summary.scalar(name, value, step=row.step)
        writer.flush()

    def close(self) -> None:
        """Closes the event files."""
        for writer in self._writers.values():
            writer.close()
