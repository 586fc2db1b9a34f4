"""Predictions as files: for evaluation, and for gluebenchmark.com."""

import json
import zipfile
from collections.abc import Sequence
from typing import Any

from albert_keras.tasks.run_folder import FinetuningFolder
from albert_keras.whole_files import written_whole

# The names that gluebenchmark.com asks for (its FAQ).
SUBMISSION_FILES = {
    "cola": "CoLA.tsv",
    "sst2": "SST-2.tsv",
    "mrpc": "MRPC.tsv",
    "stsb": "STS-B.tsv",
    "qqp": "QQP.tsv",
    "mnli": "MNLI-m.tsv",
    "mnli-mm": "MNLI-mm.tsv",
    "qnli": "QNLI.tsv",
    "rte": "RTE.tsv",
    "wnli": "WNLI.tsv",
    "ax": "AX.tsv",
}


def write_predictions(
    folder: FinetuningFolder,
    task: str,
    split: str,
    examples: Sequence[Any],
    predictions: Sequence[Any],
) -> None:
    """Writes `{id: prediction}`, and of GLUE's test sets the submission.

    Args:
        folder: of the run.
        task: of the run.
        split: whose predictions they are.
        examples: in the order of the predictions.
        predictions: class, number, or tags of each.
    """
    folder.predictions.mkdir(exist_ok=True)
    by_id = {
        example.id: prediction
        for example, prediction in zip(examples, predictions, strict=True)
    }
    with written_whole(folder.predictions / f"{split}.json") as partial:
        partial.write_text(
            json.dumps(by_id, ensure_ascii=False, indent=1) + "\n", "utf-8"
        )
    if split == "test" and task in SUBMISSION_FILES:
        lines = ["index\tprediction"]
        for index, prediction in enumerate(predictions):
            if isinstance(prediction, float):  # STS-B is from 0 to 5
                prediction = f"{min(max(prediction, 0.0), 5.0):.3f}"
            lines.append(f"{index}\t{prediction}")
        with (
            written_whole(folder.submission) as partial,
            zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            archive.writestr(SUBMISSION_FILES[task], "\n".join(lines) + "\n")
