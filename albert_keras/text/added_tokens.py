"""Tokens added to a vocabulary, after its pieces."""

from collections.abc import Sequence
from typing import Any

from albert_keras.text.normalization import normalize
from albert_keras.text.piece_rules import WORD_START
from albert_keras.text.piece_tokenizer import PieceTokenizer
from albert_keras.text.segments import SPECIAL_SYMBOLS
from albert_keras.text.sentencepiece import SentencePieceTokenizer
from albert_keras.text.wordpiece import WordPieceTokenizer

_USER_DEFINED = 4  # ModelProto.SentencePiece.Type


def with_added_tokens(
    tokenizer: PieceTokenizer, tokens: Sequence[str]
) -> PieceTokenizer:
    """Return a tokenizer with more tokens; the ids of all others stay.

    A token is spelled as the vocabulary spells its pieces, and normalized as
    the tokenizer normalizes text: lower-cased and without accents, unless the
    tokenizer keeps them.

    - With SentencePiece, tokens become user-defined symbols, which are never
      divided: `covid` is found wherever it stands, in `anticovid` too, and a
      space before it is a piece of its own. `▁covid` is found at the beginning
      of words only, and the space is part of it.
    - With WordPiece, `covid` is found at the beginning of words, `##covid`
      inside of them.

    Args:
        tokenizer: A `SentencePieceTokenizer` or `WordPieceTokenizer`.
        tokens: The tokens, in the order of their ids.

    Returns:
        A tokenizer of the same class and options.

    Raises:
        TypeError: `tokens` is a string, or holds something else than strings.
        ValueError: A token is empty, holds white space, is in the vocabulary
            already or there twice, or no text could give it.
    """
    pieces = _normalized(tokenizer, tokens)
    known: dict[str, str] = dict.fromkeys(tokenizer.vocabulary, "")
    for token, piece in zip(tokens, pieces, strict=True):
        if piece in known or token in SPECIAL_SYMBOLS:
            twin = known.get(piece)
            raise ValueError(
                "An added token must be new. Received: "
                f"{token!r}, which "
                + (f"is {twin!r} again." if twin else "is in the vocabulary.")
            )
        known[piece] = token
    grown = _grown(tokenizer, pieces)
    for token, piece in zip(tokens, pieces, strict=True):
        ids = grown.encode(text_of(grown, piece))
        if grown.suffix_mark and piece.startswith(grown.suffix_mark):
            continue  # only found inside of words
        space = grown.piece_to_id(WORD_START)
        own = grown.piece_to_id(piece)
        if ids not in ([own], [space, own]):
            raise ValueError(
                "An added token must be one that text can give. Received: "
                f"{token!r}, which the tokenizer divides into "
                f"{' '.join(map(grown.id_to_piece, ids))}."
            )
    return grown


def text_of(tokenizer: PieceTokenizer, piece: str) -> str:
    """Return the text that a piece stands for, without marks.

    Args:
        tokenizer: The tokenizer.
        piece: The piece, as its vocabulary spells it.
    """
    return piece.removeprefix(tokenizer.suffix_mark or WORD_START)


def _normalized(tokenizer: PieceTokenizer, tokens: Sequence[str]) -> list[str]:
    if isinstance(tokens, str | bytes):
        raise TypeError(
            f"`tokens` must be a list of tokens. Received: {tokens!r:.60}."
        )
    pieces = []
    for token in tokens:
        if not isinstance(token, str):
            raise TypeError(
                f"A token must be a string. Received: {token!r:.60} of type "
                f"{type(token).__name__}."
            )
        text = text_of(tokenizer, token)
        mark = token.removesuffix(text)
        normalized = normalize(text, **tokenizer.normalization)
        if not normalized or token != "".join(token.split()):
            raise ValueError(
                "A token must be text without white space. Received: "
                f"{token!r}."
            )
        pieces.append(mark + normalized)
    if not pieces:
        raise ValueError("`tokens` must name a token. Received: none.")
    return pieces


def _grown(tokenizer: PieceTokenizer, pieces: list[str]) -> PieceTokenizer:
    options: dict[str, Any] = {
        **tokenizer.normalization,
        "special_symbols": tokenizer.special_symbols,
    }
    if isinstance(tokenizer, WordPieceTokenizer):
        return WordPieceTokenizer([*tokenizer.vocabulary, *pieces], **options)
    from sentencepiece import sentencepiece_model_pb2

    assert isinstance(tokenizer, SentencePieceTokenizer)
    model = sentencepiece_model_pb2.ModelProto.FromString(tokenizer.proto)
    for piece in pieces:
        model.pieces.add(piece=piece, score=0.0, type=_USER_DEFINED)
    return SentencePieceTokenizer(
        model.SerializeToString(),
        remember_words=tokenizer.remember_words,
        **options,
    )
