"""The real data of the trainings here, from the folder beside the checkout."""

import csv
import dataclasses
from pathlib import Path

DATA = Path(__file__).parents[3] / "shared" / "data"

# Folder, columns of text and pair, column of the label, classes in order.
GLUE = {
    "sst2": ("SST-2", "sentence", None, "label", ("0", "1")),
    "mrpc": ("MRPC", "#1 String", "#2 String", "Quality", ("0", "1")),
    "rte": (
        "RTE",
        "sentence1",
        "sentence2",
        "label",
        ("entailment", "not_entailment"),
    ),
}


@dataclasses.dataclass(frozen=True)
class Text:
    id: str
    text: str
    pair: str | None
    label: int | None


@dataclasses.dataclass(frozen=True)
class Tagged:
    id: str
    words: tuple[str, ...]
    tags: tuple[str, ...] | None


@dataclasses.dataclass(frozen=True)
class Examples:
    examples: tuple
    labels: tuple[str, ...]


def load(task: str) -> dict[str, Examples]:
    """The splits of a task; the test set is there where it is labelled."""
    if task == "conll2003":
        files = {"train": "train", "dev": "valid", "test": "test"}
        read = {
            s: _sentences(DATA / "conll2003" / f"{f}.txt")
            for s, f in files.items()
        }
        tags = {t for e in read["train"] for t in e.tags}
        return {s: Examples(e, tuple(sorted(tags))) for s, e in read.items()}
    folder, text, pair, label, labels = GLUE[task]
    splits = {}
    for split in ("train", "dev"):
        path = DATA / "glue" / folder / f"{split}.tsv"
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(
                csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            )
        splits[split] = Examples(
            tuple(
                Text(
                    str(i),
                    r[text],
                    r[pair] if pair else None,
                    labels.index(r[label]),
                )
                for i, r in enumerate(rows)
            ),
            labels,
        )
    return splits


def _sentences(path: Path) -> tuple[Tagged, ...]:
    found, words, tags = [], [], []
    for line in [*path.read_text("utf-8").splitlines(), ""]:
        cells = line.split()
        if cells and cells[0] != "-DOCSTART-":
            words.append(cells[0])
            tags.append(cells[-1])
        elif words:
            found.append(Tagged(str(len(found)), tuple(words), tuple(tags)))
            words, tags = [], []
    return tuple(found)
