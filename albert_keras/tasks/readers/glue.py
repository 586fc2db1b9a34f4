"""The files of GLUE, as gluebenchmark.com gives them."""

import math
from pathlib import Path
from typing import NamedTuple

from albert_keras.text.examples import Examples, TextExample
from albert_keras.text.records.remarks import Remarks
from albert_keras.text.records.tables import Row, tsv_rows

_BINARY = ("0", "1")
_ENTAILMENT = ("entailment", "not_entailment")
_NLI = ("contradiction", "entailment", "neutral")


class Layout(NamedTuple):
    """Where a task's examples are.

    Attributes:
        folder: its folder in the archive.
        text: column of the text.
        pair: column of the second; "" if there is none.
        label: column of the label.
        labels: the classes in the order of their ids, which is that of
            google-research/albert; none for regression.
        files: by split.
    """

    folder: str
    text: str
    pair: str
    label: str
    labels: tuple[str, ...]
    files: dict[str, str]


_SPLITS = {split: f"{split}.tsv" for split in ("train", "dev", "test")}
# The files of CoLA with labels have no first line with names.
_COLA_NAMES = ("source", "label", "star", "sentence")

LAYOUTS = {
    "cola": Layout("CoLA", "sentence", "", "label", _BINARY, _SPLITS),
    "sst2": Layout("SST-2", "sentence", "", "label", _BINARY, _SPLITS),
    "mrpc": Layout(
        "MRPC", "#1 String", "#2 String", "Quality", _BINARY, _SPLITS
    ),
    "stsb": Layout("STS-B", "sentence1", "sentence2", "score", (), _SPLITS),
    "qqp": Layout(
        "QQP", "question1", "question2", "is_duplicate", _BINARY, _SPLITS
    ),
    "mnli": Layout(
        "MNLI",
        "sentence1",
        "sentence2",
        "gold_label",
        _NLI,
        {
            "train": "train.tsv",
            "dev": "dev_matched.tsv",
            "test": "test_matched.tsv",
        },
    ),
    "mnli-mm": Layout(
        "MNLI",
        "sentence1",
        "sentence2",
        "gold_label",
        _NLI,
        {
            "train": "train.tsv",
            "dev": "dev_mismatched.tsv",
            "test": "test_mismatched.tsv",
        },
    ),
    "qnli": Layout(
        "QNLI", "question", "sentence", "label", _ENTAILMENT, _SPLITS
    ),
    "rte": Layout(
        "RTE", "sentence1", "sentence2", "label", _ENTAILMENT, _SPLITS
    ),
    "wnli": Layout("WNLI", "sentence1", "sentence2", "label", _BINARY, _SPLITS),
    "ax": Layout(
        "diagnostic",
        "sentence1",
        "sentence2",
        "",
        _NLI,
        {"test": "diagnostic.tsv"},
    ),
}


def glue_file(task: str, directory: Path, split: str) -> Path:
    """Where the examples of a split are.

    Args:
        task: a name in `LAYOUTS`.
        directory: the folder of the task, or that of all of GLUE.
        split: "train", "dev" or "test".

    Returns:
        The file, whether or not it exists.

    Raises:
        ValueError: if the task has no such split.
    """
    layout = LAYOUTS[task]
    if split not in layout.files:
        raise ValueError(
            f"`split` of {task} must be one of {', '.join(layout.files)}. "
            f"Received: {split!r}."
        )
    inside = directory / layout.folder
    return (inside if inside.is_dir() else directory) / layout.files[split]


def read_glue(task: str, file: Path, labelled: bool) -> Examples:
    """Reads the examples of a file.

    Rows of which a column is missing, as a few of QQP's, are left out, with
    a remark; texts that are empty are kept, with a remark.

    Args:
        task: a name in `LAYOUTS`.
        file: in the layout of that task.
        labelled: whether it has labels; those of GLUE's test sets are secret.

    Returns:
        `Examples` of kind "text". Their ids are their places in the file, from
        0, as in the index of its test sets.

    Raises:
        ValueError: if a label is none of the task's, or a column is missing in
            the first line.
    """
    layout = LAYOUTS[task]
    columns = [layout.text, layout.pair] if layout.pair else [layout.text]
    needed = [*columns, layout.label] if labelled else columns
    names = _COLA_NAMES if task == "cola" and labelled else None
    remarks = Remarks()
    examples = []
    for place, row in enumerate(tsv_rows(file, needed, names)):
        if row.is_short:
            remarks.add(row.source, "the row lacks a column and is left out")
            continue
        texts = [row.cells[column].strip() for column in columns]
        if not all(texts):
            remarks.add(row.source, "a text is empty, and kept so")
        label = _label(row, layout) if labelled else None
        pair = texts[1] if layout.pair else None
        examples.append(
            TextExample(str(place), texts[0], pair, label, row.source)
        )
    if not examples:
        raise ValueError(f"{file} must hold examples. Received: none.")
    return Examples("text", tuple(examples), layout.labels, remarks.sentences())


def _label(row: Row, layout: Layout) -> int | float:
    given = row.cells[layout.label].strip()
    if layout.labels:
        if given in layout.labels:
            return layout.labels.index(given)
        wanted = "one of " + ", ".join(layout.labels)
    else:
        number = _number(given)
        if 0 <= number <= 5:
            return number
        wanted = "a number from 0 to 5"
    raise ValueError(
        f"{row.source} must have {wanted} as {layout.label!r}. "
        f"Received: {given!r:.60}."
    )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
