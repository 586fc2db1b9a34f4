"""Rules of ALBERT's tokenizer that follow from the pieces of a vocabulary."""

import string

import sentencepiece as spm

WORD_START = "▁"


def find_boundary(
    processor: spm.SentencePieceProcessor, vocabulary: list[str]
) -> str:
    """A character that ends every piece it occurs in.

    ALBERT's vocabularies have several, user-defined symbols as `(`. Without
    any such punctuation mark in the vocabulary a private-use character does:
    it is unknown and hence in no piece; only, SentencePiece would merge it
    with an unknown character right behind it, which is then lost.

    Args:
        processor: The model.
        vocabulary: Its pieces.

    Returns:
        The character.
    """
    # `<`, `=` and `>` are left out: they compose with a following U+0338.
    candidates = [c for c in string.punctuation if c not in "<=>"]
    inner = set("".join([piece[:-1] for piece in vocabulary]))
    known = set(vocabulary)
    for char in candidates:
        if (
            char in known
            and char not in inner
            and processor.normalize(char).lstrip(WORD_START) == char
        ):
            return char
    return "\ue000"


def digit_comma_pieces(
    processor: spm.SentencePieceProcessor, vocabulary: list[str]
) -> dict[int, list[str]]:
    """The pieces that replace each piece ending in a digit and a comma.

    Args:
        processor: The model.
        vocabulary: Its pieces.

    Returns:
        The ids of those pieces, each with what replaces it.

    Source: `encode_pieces` in `tokenization.py` of google-research/albert.
    """
    affected = {
        i: piece
        for i, piece in enumerate(vocabulary)
        if len(piece) > 1 and piece[-1] == "," and piece[-2].isdigit()
    }
    encoded = processor.encode(
        [piece[:-1].replace(WORD_START, "") for piece in affected.values()],
        out_type=str,
    )
    table = {}
    for (i, piece), parts in zip(affected.items(), encoded, strict=True):
        if piece[0] != WORD_START and parts[0][0] == WORD_START:
            parts = [parts[0][1:], *parts[1:]]
        table[i] = [part for part in parts if part] + [","]
    return table
