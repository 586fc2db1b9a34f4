"""Where things lie in the folder of a fine-tuning run."""

import json
import shutil
from os import PathLike
from typing import Any

from albert_keras.training.run_folder import RunFolder
from albert_keras.whole_files import written_whole


class FinetuningFolder(RunFolder):
    """A `RunFolder` with the answers of the model.

    ```
    metrics.json       the official metrics of dev, and what was trained
    predictions/       of each split: what the task's evaluation reads
    submission.zip     the predictions of test as gluebenchmark.com takes them
    adapter.lora.h5    what LoRA trained, for `model.load_lora_weights`
    ```

    Args:
        path: the folder, which need not exist.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        super().__init__(path)
        self.results = self.path / "metrics.json"
        self.predictions = self.path / "predictions"
        self.submission = self.path / "submission.zip"
        self.adapter = self.path / "adapter.lora.h5"

    def clear(self) -> None:
        if self.predictions.is_dir():
            shutil.rmtree(self.predictions)
        self.submission.unlink(missing_ok=True)
        self.adapter.unlink(missing_ok=True)
        self.results.unlink(missing_ok=True)
        super().clear()

    def write_results(self, results: dict[str, Any]) -> None:
        """Writes metrics.json."""
        with written_whole(self.results) as partial:
            partial.write_text(
                json.dumps(results, indent=2) + "\n", encoding="utf-8"
            )
