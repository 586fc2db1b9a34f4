"""The examples of GLUE, SQuAD, RACE and CoNLL-2003 from their files."""

from os import PathLike
from pathlib import Path

from albert_keras.tasks.readers.conll import CONLL2003, read_conll
from albert_keras.tasks.readers.conll import FILES as CONLL_FILES
from albert_keras.tasks.readers.glue import LAYOUTS, glue_file, read_glue
from albert_keras.tasks.readers.race import read_race
from albert_keras.tasks.readers.squad import read_squad
from albert_keras.text.examples import Examples

TASKS = (*LAYOUTS, "squad1", "squad2", "race", "conll2003")
SPLITS = ("train", "dev", "test")
_SQUAD = {"squad1": "1.1", "squad2": "2.0"}


def read(task: str, directory: str | PathLike[str], split: str) -> Examples:
    """Reads a split of a task in its official layout.

    Args:
        task: one of `TASKS`.
        directory: where its files are: for a task of GLUE its folder or that
            of all of GLUE, for RACE also its archive.
        split: "train", "dev" or "test". What is public of the test sets of
            GLUE has no labels; SQuAD has no public test set.

    Returns:
        The examples.

    Raises:
        FileNotFoundError: if the split's file is not there.
        ValueError: if the task or split is unknown, or the file has another
            layout; the message names file and line.

    Example:
    ```python
    read("sst2", "glue", "dev")[0].text
    ```
    """
    if task not in TASKS:
        raise ValueError(
            f"`task` must be one of {', '.join(TASKS)}. Received: {task!r}."
        )
    if split not in SPLITS:
        raise ValueError(
            f"`split` must be one of {', '.join(SPLITS)}. Received: {split!r}."
        )
    directory = Path(directory)
    if task == "race":
        return read_race(directory, split)
    if task in LAYOUTS:
        file = _existing(task, split, glue_file(task, directory, split))
        return read_glue(task, file, labelled=split != "test")
    if task == "conll2003":
        file = _existing(task, split, directory / CONLL_FILES[split])
        return read_conll(file, CONLL2003)
    version = _SQUAD[task]
    if split == "test":
        raise ValueError(
            f"`split` of {task} must be train or dev: its test set is not "
            "public. Received: 'test'."
        )
    file = directory / f"{split}-v{version}.json"
    return read_squad(_existing(task, split, file), version)


def _existing(task: str, split: str, file: Path) -> Path:
    if not file.is_file():
        raise FileNotFoundError(
            f"The {split} examples of {task} must be in `{file}`. Received: "
            "no such file."
        )
    return file
