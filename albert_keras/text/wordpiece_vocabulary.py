"""The pieces of a `vocab.txt`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from albert_keras.text.segments import SPECIAL_SYMBOLS

PAD_PIECE = "[PAD]"
UNK_PIECE = "[UNK]"
SUFFIX_MARK = "##"
"""What a piece begins with that goes on with a word."""


def load_pieces(
    vocabulary: str | os.PathLike[str] | Sequence[str],
) -> list[str]:
    """Loads a WordPiece vocabulary and looks whether ALBERT can use it.

    A file is read as by `load_vocab` of google-research/albert
    (`tokenization.py`): one piece a line, up to the first white space; a line
    without any is the piece of one space, which no text gives. A piece that
    stands there twice, which moves the ids of all that follow, is an error.

    Args:
        vocabulary: Path of a `vocab.txt`, in UTF-8, or the pieces in the order
            of their ids.

    Returns:
        The pieces.

    Raises:
        FileNotFoundError: If there is no file at the path.
        ValueError: If the file is empty or not UTF-8, a piece occurs twice or
            holds white space, or one of the special pieces is missing.
        TypeError: If `vocabulary` is neither a path nor a list of strings.
    """
    if isinstance(vocabulary, str | os.PathLike):
        name = os.fspath(vocabulary)
        pieces = [_piece_of(line) for line in _read_lines(Path(name))]
    else:
        name = "a list"
        pieces = _checked(vocabulary)
    first_places: dict[str, int] = {}
    for place, piece in enumerate(pieces):
        first = first_places.setdefault(piece, place)
        if first != place:
            raise ValueError(
                "A WordPiece vocabulary must hold every piece once. Received: "
                f"{name}, with {piece!r} in the places {first + 1} and "
                f"{place + 1}."
            )
    missing = [
        piece
        for piece in (PAD_PIECE, UNK_PIECE, *SPECIAL_SYMBOLS)
        if piece not in first_places
    ]
    if missing:
        raise ValueError(
            "An ALBERT vocabulary of WordPiece must hold the pieces [PAD], "
            f"[UNK], [CLS], [SEP] and [MASK]. Received: {name}, without "
            f"{', '.join(missing)}."
        )
    return pieces


def _read_lines(path: Path) -> list[str]:
    if not path.is_file():
        raise FileNotFoundError(
            "A WordPiece tokenizer must be given a vocab.txt. Received: "
            f"{path}, which is no file."
        )
    data = path.read_bytes()
    if not data:
        raise ValueError(
            "A WordPiece tokenizer must be given a vocab.txt. Received: "
            f"{path}, which is empty."
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = 1 + data.count(b"\n", 0, error.start)
        raise ValueError(
            "A vocab.txt must be encoded in UTF-8. Received: "
            f"{path}, with the byte 0x{data[error.start]:02x} in line {number}."
        ) from error
    # Not `splitlines`: a vocabulary can hold other line ends as pieces.
    return text.removesuffix("\n").split("\n")


def _piece_of(line: str) -> str:
    return next(iter(line.split()), " ")


def _checked(vocabulary: Sequence[str]) -> list[str]:
    is_list = isinstance(vocabulary, list | tuple)
    for piece in vocabulary if is_list else [vocabulary]:
        if not isinstance(piece, str):
            raise TypeError(
                "A WordPiece tokenizer must be given the path of a vocab.txt "
                f"or a list of pieces. Received: {piece!r} of type "
                f"{type(piece).__name__}{' in a list' if is_list else ''}."
            )
        if piece != _piece_of(piece):
            raise ValueError(
                "A piece must be a string without white space. Received: "
                f"{piece!r}."
            )
    return list(vocabulary)
