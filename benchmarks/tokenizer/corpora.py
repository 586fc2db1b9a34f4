"""The texts that the tokenizers are compared on."""

import json
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path


def wikitext(
    folder: Path, parts: Iterable[str] = ("train", "valid", "test")
) -> Iterator[str]:
    for part in parts:
        yield from _lines(folder / f"wikitext-2/wiki.{part}.tokens")


def sst2(folder: Path) -> Iterator[str]:
    for part, column in (("train", 0), ("dev", 0), ("test", 1)):
        _, *rows = _lines(folder / f"glue/SST-2/{part}.tsv")
        yield from (row.split("\t")[column] for row in rows)


def cola(folder: Path) -> Iterator[str]:
    for part in ("train", "dev"):
        rows = _lines(folder / f"glue/CoLA/{part}.tsv")
        yield from (row.split("\t")[3] for row in rows)
    _, *rows = _lines(folder / "glue/CoLA/test.tsv")
    yield from (row.split("\t")[1] for row in rows)


def race_dev(folder: Path) -> Iterator[str]:
    """Articles, questions and options."""
    with tarfile.open(folder / "race/RACE.tar.gz") as archive:
        for member in archive:
            if member.name.startswith("RACE/dev/") and member.isfile():
                passage = json.load(archive.extractfile(member))
                yield passage["article"]
                yield from passage["questions"]
                for options in passage["options"]:
                    yield from options


def squad_contexts(folder: Path) -> Iterator[str]:
    for paragraph in _squad_paragraphs(folder):
        yield paragraph["context"]


def squad_questions(folder: Path) -> Iterator[str]:
    for paragraph in _squad_paragraphs(folder):
        for question in paragraph["qas"]:
            yield question["question"]


def conll2003(folder: Path) -> Iterator[str]:
    """Sentences, their words joined by spaces."""
    for part in ("train", "valid", "test"):
        words: list[str] = []
        for line in [*_lines(folder / f"conll2003/{part}.txt"), ""]:
            if line:
                words.append(line.split(" ")[0])
            elif words:
                if words != ["-DOCSTART-"]:
                    yield " ".join(words)
                words = []


CORPORA = {
    "WikiText-2": wikitext,
    "SST-2": sst2,
    "CoLA": cola,
    "RACE dev": race_dev,
    "SQuAD dev contexts": squad_contexts,
    "SQuAD dev questions": squad_questions,
    "CoNLL-2003": conll2003,
}


def read(
    folder: Path, names: Iterable[str] = tuple(CORPORA)
) -> dict[str, list[str]]:
    """The texts of each corpus, without their line breaks at the end."""
    return {name: list(CORPORA[name](folder)) for name in names}


def _squad_paragraphs(folder: Path) -> Iterator[dict]:
    for version in ("v1.1", "v2.0"):
        document = json.loads(
            (folder / f"squad/dev-{version}.json").read_text("utf-8")
        )
        for article in document["data"]:
            yield from article["paragraphs"]


def _lines(path: Path) -> list[str]:
    # Not `splitlines`, which cuts at U+2028 and the like as well.
    lines = path.read_text("utf-8").split("\n")
    return lines if lines[-1] else lines[:-1]
