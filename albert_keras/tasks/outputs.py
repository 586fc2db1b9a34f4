"""Predictions as files: for evaluation, and for gluebenchmark.com."""

import json
import zipfile
from collections.abc import Mapping, Sequence
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
    split: str,
    examples: Sequence[Any],
    predictions: Any,
) -> None:
    """Writes `{id: prediction}`, of questions the original's three files.

    Args:
        folder: of the run.
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


def submission_name(task: str, split: str) -> str | None:
    """The file of a submission to GLUE that a split's predictions make.

    Args:
        task: of the run.
        split: of the run, see `ak.tasks.splits.official_splits`.

    Returns:
        Its name; None if they make none.
    """
    if task == "mnli" and split in ("test-mm", "ax"):
        task = {"test-mm": "mnli-mm", "ax": "ax"}[split]
    elif split != "test":
        return None
    return SUBMISSION_FILES.get(task)


def submission_text(
    examples: Sequence[Any], predictions: Sequence[str | float]
) -> str:
    """A file of a submission: a line with index and prediction an example."""
    lines = ["index\tprediction"]
    for example, prediction in zip(examples, predictions, strict=True):
        if isinstance(prediction, float):  # STS-B is from 0 to 5
            prediction = f"{min(max(prediction, 0.0), 5.0):.3f}"
        lines.append(f"{example.id}\t{prediction}")
    return "\n".join(lines) + "\n"


def write_submission(
    folder: FinetuningFolder, files: Mapping[str, str]
) -> None:
    """Writes submission.zip.

    Args:
        folder: of the run.
        files: their texts by name.
    """
    with (
        written_whole(folder.submission) as partial,
        zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name, text in files.items():
            archive.writestr(name, text)


def _write_json(path: Path, held: Any) -> None:
    with written_whole(path) as partial:
        text = json.dumps(held, ensure_ascii=False, indent=1)
        partial.write_text(text + "\n", "utf-8")
