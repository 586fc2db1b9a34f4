"""Predictions as files: for evaluation, and for gluebenchmark.com."""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from albert_keras.tasks.run_folder import FinetuningFolder
from albert_keras.text.answers import AnsweredQuestions
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
    predictions: Any,
) -> None:
    """Writes `{id: prediction}`, and of GLUE's test sets the submission.

    Args:
        folder: of the run.
        task: of the run.
        split: whose predictions they are.
        examples: in the order of the predictions.
        predictions: class, number, letter, or tags of each; of questions an
            `AnsweredQuestions`, which is three files in a folder.
    """
    folder.predictions.mkdir(exist_ok=True)
    if isinstance(predictions, AnsweredQuestions):
        files = predictions.files()
        for name, held in files.items():
            _write_json(folder.predictions / split / name, held)
        return
    by_id = {
        example.id: prediction
        for example, prediction in zip(examples, predictions, strict=True)
    }
    _write_json(folder.predictions / f"{split}.json", by_id)
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


def _write_json(path: Path, held: Any) -> None:
    with written_whole(path) as partial:
        text = json.dumps(held, ensure_ascii=False, indent=1)
        partial.write_text(text + "\n", "utf-8")
