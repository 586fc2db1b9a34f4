"""The splits of a run: of an official task, or a user's own files."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from albert_keras.tasks.readers import SPLITS, read
from albert_keras.tasks.readers.own import has_labels, read_file
from albert_keras.text.examples import Examples


def official_splits(task: str, directory: Path) -> dict[str, Examples]:
    """Reads the splits of a task that are there.

    Args:
        task: one of `ak.tasks.readers.TASKS`.
        directory: where its files are.

    Returns:
        By split; all but "train" only where they have a file. Of MNLI also
        "dev-mm" and "test-mm", the mismatched ones, and "ax", which is
        predicted with its classes.

    Raises:
        FileNotFoundError: if there are no training examples.
        ValueError: if a file is not as it should be.
    """
    splits = {"train": read(task, directory, "train")}
    wanted = {split: (task, split) for split in SPLITS[1:]}
    if task.startswith("squad"):
        del wanted["test"]  # is not public
    if task == "mnli":
        wanted |= {
            "dev-mm": ("mnli-mm", "dev"),
            "test-mm": ("mnli-mm", "test"),
            "ax": ("ax", "test"),
        }
    for split, (data, part) in wanted.items():
        try:
            splits[split] = read(data, directory, part)
        except FileNotFoundError:
            continue
    return splits


def own_splits(
    kind: str,
    files: Mapping[str, Path],
    columns: Mapping[str, str | Sequence[str]],
) -> dict[str, Examples]:
    """Reads a user's own files.

    Args:
        kind: as `ak.tasks.readers.own.read_file` knows it.
        files: by split, "train" among them.
        columns: what the files call their columns.

    Returns:
        By split, all with the labels of "train". Of "test" the labels need
        not be there.

    Raises:
        OSError: if a file cannot be read.
        ValueError: if one is not as it should be.
    """
    train = read_file(files["train"], kind, columns)
    splits = {"train": train}
    for split, file in files.items():
        if split != "train":
            labelled = split != "test" or has_labels(file, kind, columns)
            splits[split] = read_file(
                file, kind, columns, train.labels or None, labelled
            )
    return splits
