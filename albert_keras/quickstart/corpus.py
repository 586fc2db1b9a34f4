"""The text of a quickstart, split into training and held-out documents."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from albert_keras.pretraining.docstrings import (
    docstring_documents,
    is_held_out,
)
from albert_keras.pretraining.documents import read_documents
from albert_keras.whole_files import written_whole

Document = list[str]

# Of the docstrings: about 13,000 masked pieces, measured in seconds.
_HELD_OUT_SHARE = 0.02
# A novel without blank lines is one document; pieces of it can be held out.
_SENTENCES_A_PIECE = 100
# Every twentieth piece of a user's text, which may be short, is held out.
_HELD_OUT_EVERY = 20
_FEWEST_SENTENCES = 200


def write_corpus(
    folder: Path, sources: Sequence[str | os.PathLike[str]] | None
) -> None:
    """Writes `train.txt` and `held_out.txt` into a folder that appears whole.

    Args:
        folder: The folder to make.
        sources: Text files, or folders of such, one sentence a line; None
            takes the docstrings of the standard library and the installed
            packages.

    Raises:
        FileNotFoundError: A source does not exist.
        ValueError: A source is no plain text in UTF-8, or the corpus has
            too few sentences to train on and to hold some out.
    """
    if sources is None:
        split = [
            (is_held_out(name, _HELD_OUT_SHARE), sentences)
            for name, sentences in docstring_documents()
        ]
    else:
        split = [
            (number % _HELD_OUT_EVERY == 0, piece)
            for number, piece in enumerate(_pieces(read_documents(sources)))
        ]
    sentences = sum(len(piece) for _, piece in split)
    held_out = [piece for held, piece in split if held]
    training = [piece for held, piece in split if not held]
    if sentences < _FEWEST_SENTENCES or not held_out or not training:
        raise ValueError(
            f"The corpus must have at least {_FEWEST_SENTENCES} sentences "
            f"(lines), to train on some and hold some out. Received: "
            f"{sentences} sentences."
        )
    if not all(any(len(p) > 1 for p in part) for part in (held_out, training)):
        raise ValueError(
            "The corpus must have documents of two sentences (lines) and more, "
            "to learn their order. Received: a blank line after each sentence."
        )
    with written_whole(folder) as partial:
        partial.mkdir()
        _write(partial / "train.txt", training)
        _write(partial / "held_out.txt", held_out)


def _pieces(documents: Iterable[Document]) -> Iterator[Document]:
    for document in documents:
        for start in range(0, len(document), _SENTENCES_A_PIECE):
            yield document[start : start + _SENTENCES_A_PIECE]


def _write(path: Path, documents: Iterable[Document]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for document in documents:
            file.write("\n".join(document) + "\n\n")
