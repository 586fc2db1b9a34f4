"""What the pages speak of: a corpus, and tasks in their official layouts.

Made by rule, so that a tiny model can learn it in a few steps; no sentence is
one of a data set.
"""

import csv
import dataclasses
import inspect
import itertools
import json
import random
import textwrap
from pathlib import Path
from typing import Any

from albert_keras import AlbertConfig

_THINGS = ("film", "book", "song", "play", "meal", "room", "show", "tale")
_GOOD = ("good", "fine", "lovely", "great", "bright", "warm")
_BAD = ("bad", "dull", "awful", "poor", "weak", "cold")
_NAMES = ("Ann", "Ben", "Eva", "Max", "Lea", "Tom")
_TOWNS = ("Rome", "Oslo", "Bern", "Riga", "Lima", "Cairo")


def write_page_files(folder: Path) -> None:
    """Writes them all into a folder."""
    draw = random.Random(0)
    text = inspect.getsource(textwrap) + inspect.getsource(inspect)
    (folder / "corpus.txt").write_text(text, "utf-8")
    reviews = [
        (f"the {thing} was {word} and {other}", int(words is _GOOD))
        for words in (_GOOD, _BAD)
        for thing in _THINGS
        for word, other in itertools.permutations(words, 2)
    ]
    draw.shuffle(reviews)
    _write_rows(folder / "train.csv", "review", "stars", reviews[:120])
    _write_rows(folder / "dev.csv", "review", "stars", reviews[120:160])
    _write_glue(folder / "glue", reviews)
    _write_squad(folder, draw)
    _write_race(folder)
    _write_conll(folder)
    tiny = AlbertConfig.named("albert_tiny_test")
    dataclasses.replace(tiny, vocab_size=200).to_json(folder / "tiny.json")


def _write_rows(
    path: Path, text: str, label: str, rows: list[tuple[str, int]]
) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([text, label])
        writer.writerows(rows)


def _write_glue(folder: Path, reviews: list[tuple[str, int]]) -> None:
    (folder / "SST-2").mkdir(parents=True)
    for split, rows in (("train", reviews[:160]), ("dev", reviews[160:200])):
        lines = ["sentence\tlabel", *(f"{text} \t{is_}" for text, is_ in rows)]
        path = folder / "SST-2" / f"{split}.tsv"
        path.write_text("\n".join(lines) + "\n", "utf-8")


def _write_squad(folder: Path, draw: random.Random) -> None:
    (folder / "squad").mkdir()
    for split, count in (("train", 40), ("dev", 12)):
        path = folder / "squad" / f"{split}-v1.1.json"
        layout = _squad(draw, count)
        path.write_text(json.dumps(layout), "utf-8")
    answers = {
        question["id"]: _NAMES[0]
        for article in layout["data"]
        for paragraph in article["paragraphs"]
        for question in paragraph["qas"]
    }
    (folder / "answers.json").write_text(json.dumps(answers), "utf-8")


def _squad(draw: random.Random, count: int) -> dict[str, Any]:
    paragraphs = []
    for number in range(count):
        name, town = draw.choice(_NAMES), draw.choice(_TOWNS)
        context = f"{name} has lived in {town} for many years."
        questions = [("Who lives there?", name), ("Where is it?", town)]
        paragraphs.append(
            {
                "context": context,
                "qas": [
                    {
                        "id": f"{number}-{asked}",
                        "question": question,
                        "answers": [
                            {
                                "text": answer,
                                "answer_start": context.index(answer),
                            }
                        ],
                    }
                    for asked, (question, answer) in enumerate(questions)
                ],
            }
        )
    article = {"title": "Towns", "paragraphs": paragraphs}
    return {"version": "1.1", "data": [article]}


def _write_race(folder: Path) -> None:
    article = {
        "id": "middle1.txt",
        "article": "Ann went to the market and came home with a red apple.",
        "questions": ["What did Ann bring?"],
        "options": [["An apple", "A pear", "A plum", "Nothing"]],
        "answers": ["A"],
    }
    for level in ("middle", "high"):
        (folder / "RACE" / "dev" / level).mkdir(parents=True)
        article["id"] = f"{level}1.txt"
        path = folder / "RACE" / "dev" / level / "1.txt"
        path.write_text(json.dumps(article), "utf-8")
    letters = {"middle1.txt-0": "A", "high1.txt-0": "B"}
    (folder / "letters.json").write_text(json.dumps(letters), "utf-8")


def _write_conll(folder: Path) -> None:
    (folder / "conll").mkdir()
    words = [("Ann", "B-PER"), ("lives", "O"), ("in", "O"), ("Rome", "B-LOC")]
    lines = [f"{word} X X {tag}" for word, tag in words]
    (folder / "conll" / "test.txt").write_text("\n".join(lines) + "\n")
    predicted = [f"{line} {line.split()[-1]}" for line in lines]
    (folder / "tagged.txt").write_text("\n".join(predicted) + "\n")
