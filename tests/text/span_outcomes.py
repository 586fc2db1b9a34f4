"""Whether the spans that a tokenizer gives lead back to the text."""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from albert_keras.text.normalization import normalize
from albert_keras.text.segments import SPECIAL_SYMBOLS
from albert_keras.text.sentencepiece import SentencePieceTokenizer

EXACT = "the slice normalises to the token's text"
SHARED = "the token shares a character; the slice of all normalises to theirs"
EMPTY = "the token is a lone ▁ and its slice empty"
WRONG = "the slice normalises to something else"
BACK = "the span begins before that of the token before"
OVERLAP = "a character that normalises to one is in several spans"
UNCOVERED = "a character that normalises to something is in no span"
KINDS = (EXACT, SHARED, EMPTY, WRONG, BACK, OVERLAP, UNCOVERED)


class Outcome(NamedTuple):
    """What was found, and about which part of the text."""

    kind: str
    start: int
    end: int


def span_outcomes(
    tokenizer: SentencePieceTokenizer, text: str
) -> Iterator[Outcome]:
    """Judges every token of a text by its part of the text.

    The slice is normalised on its own, as ALBERT does and then as
    SentencePiece does, and has to be the token's piece without the `▁` in
    front. Of `½` come `1`, `⁄` and `2`: such tokens are judged together.

    Args:
        tokenizer: What gives pieces and spans.
        text: The raw text.

    Yields:
        One outcome for each token, and one for each fault besides.
    """

    def shown(part: str) -> str:
        if tokenizer.special_symbols and part in SPECIAL_SYMBOLS:
            return part
        normalized = normalize(part, **tokenizer.normalization)
        return tokenizer.processor.normalize(normalized).lstrip("▁")

    pieces = tokenizer.pieces(text)
    offsets = tokenizer.offsets(text)
    begin = 0
    while begin < len(offsets):
        start, reach = offsets[begin]
        stop = begin + 1
        while stop < len(offsets) and offsets[stop][0] < reach:
            reach = max(reach, offsets[stop][1])
            stop += 1
        together = "".join(pieces[begin:stop]).lstrip("▁")
        is_right = shown(text[start:reach]) == together
        for i in range(begin, stop):
            kind = EXACT if stop - begin == 1 else SHARED
            if offsets[i][0] == offsets[i][1] and pieces[i] == "▁":
                kind = EMPTY
            yield Outcome(kind if is_right else WRONG, *offsets[i])
        begin = stop
    for (before, _), (start, end) in pairwise(offsets):
        if start < before:
            yield Outcome(BACK, start, end)
    covered = Counter(i for span in offsets for i in range(*span))
    for i, char in enumerate(text):
        if not covered[i] and shown(char):
            yield Outcome(UNCOVERED, i, i + 1)
        # Marks that change places share the span of them all, with the
        # character that one of them was composed with.
        is_mark = unicodedata.combining(unicodedata.normalize("NFKD", char)[-1])
        if covered[i] > 1 and len(shown(char)) < 2 and not is_mark:
            yield Outcome(OVERLAP, i, i + 1)
