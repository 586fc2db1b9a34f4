"""A SentencePiece model that can be ALBERT's vocabulary."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import sentencepiece as spm

from albert_keras.text.segments import SPECIAL_SYMBOLS

PAD_PIECE = "<pad>"


class Model(NamedTuple):
    """A loaded model.

    Attributes:
        proto: It, serialized.
        processor: What encodes with it.
        pieces: Its pieces, in the order of their ids.
    """

    proto: bytes
    processor: spm.SentencePieceProcessor
    pieces: list[str]


def load_model(proto: str | os.PathLike[str] | bytes) -> Model:
    """Loads a SentencePiece model and looks whether ALBERT can use it.

    Args:
        proto: Path of the model, or its serialized bytes.

    Returns:
        A `Model`.

    Raises:
        FileNotFoundError: If there is no file at the path.
        ValueError: If the file is no SentencePiece model, or one without the
            special pieces or with pieces for single bytes.
        TypeError: If `proto` is neither a path nor bytes.
    """
    data = _read(proto)
    name = "bytes" if isinstance(proto, bytes) else os.fspath(proto)
    try:
        processor = spm.SentencePieceProcessor(model_proto=data)
        ids = range(processor.get_piece_size())
        # A damaged piece may be no UTF-8, which is a ValueError.
        pieces = [processor.id_to_piece(i) for i in ids]
    except (RuntimeError, ValueError) as error:
        raise ValueError(
            "A tokenizer must be given a SentencePiece model. Received: "
            f"{name}, which SentencePiece cannot read."
        ) from error
    needed = (PAD_PIECE, *SPECIAL_SYMBOLS)
    missing = [piece for piece in needed if piece not in pieces]
    if missing:
        raise ValueError(
            "An ALBERT vocabulary must hold the pieces <pad>, [CLS], [SEP] "
            f"and [MASK]. Received: {name}, without {', '.join(missing)}."
        )
    if any(map(processor.is_byte, ids)):
        raise ValueError(
            "An ALBERT vocabulary must not fall back to bytes. Received: "
            f"{name}, with pieces for single bytes."
        )
    return Model(data, processor, pieces)


def _read(proto: str | os.PathLike[str] | bytes) -> bytes:
    if isinstance(proto, bytes):
        data, name = proto, "bytes"
    elif isinstance(proto, str | os.PathLike):
        name = os.fspath(proto)
        if not Path(name).is_file():
            raise FileNotFoundError(
                "A tokenizer must be given a SentencePiece model. Received: "
                f"{name}, which is no file."
            )
        data = Path(name).read_bytes()
    else:
        raise TypeError(
            "A tokenizer must be given the path of a SentencePiece model or "
            f"its bytes. Received: {proto!r} of type {type(proto).__name__}."
        )
    if not data:
        raise ValueError(
            "A tokenizer must be given a SentencePiece model. Received: "
            f"{name}, which is empty."
        )
    return data
