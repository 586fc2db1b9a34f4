"""Where Hugging Face's tokenizer departs from ALBERT's, and proof of it.

Each departure is put into our own tokenizer. A text with other ids is
explained by the fewest departures that make ours give Hugging Face's ids.
"""

import itertools
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import sentencepiece as spm
from transformers.convert_slow_tokenizer import AlbertConverter

from albert_keras.text.normalization import normalize
from albert_keras.text.sentencepiece import SentencePieceTokenizer

UNKNOWN = "`<unk>` in text is taken for the piece of that name"
MARKS = "every nonspacing mark is dropped, not only those that combine"
DIGIT_COMMA = "digit-comma rule replaced by lower scores"
TIE = "equal scores: the same pieces in another order"
UNEXPLAINED = "unexplained"
_DEPARTURES = (UNKNOWN, MARKS, DIGIT_COMMA)


class Departures:
    """Our tokenizer with departures.

    Args:
        tokenizer: Ours, with the documented differences switched to match.
        model: Path of its SentencePiece model.
    """

    def __init__(self, tokenizer: SentencePieceTokenizer, model: Path):
        self._tokenizer = tokenizer
        self._by_score = _with_lower_scores(model)

    def causes(self, text: str, theirs: Sequence[int]) -> list[str]:
        """Why Hugging Face's ids are others than ours.

        Args:
            text: The raw text.
            theirs: Hugging Face's ids.

        Returns:
            The departures, or only `UNEXPLAINED`.
        """
        subsets = [
            subset
            for size in range(len(_DEPARTURES) + 1)
            for subset in itertools.combinations(_DEPARTURES, size)
        ]
        for subset in subsets:
            if self._encode(text, subset) == theirs:
                return [*subset]
        for subset in subsets:
            if sorted(self._encode(text, subset)) == sorted(theirs):
                return [*subset, TIE]
        return [UNEXPLAINED]

    def _encode(self, text: str, departures: Sequence[str]) -> list[int]:
        if UNKNOWN in departures:
            # One character that is in no piece, and so is unknown.
            text = text.replace("<unk>", "\ue000")
        if MARKS in departures:
            text = "".join(
                char
                for char in unicodedata.normalize("NFKD", text)
                if unicodedata.category(char) != "Mn"
            )
        if DIGIT_COMMA in departures:
            return self._by_score.encode(normalize(text, replace_quotes=True))
        return self._tokenizer.encode(text)


def _with_lower_scores(model: Path) -> spm.SentencePieceProcessor:
    """The model with the scores that Hugging Face's converter gives it."""

    class Slow:
        vocab_file = str(model)

    converter = AlbertConverter(Slow())
    scores = [score for _, score in converter.vocab(converter.proto)]
    for piece, score in zip(converter.proto.pieces, scores, strict=True):
        piece.score = score
    return spm.SentencePieceProcessor(
        model_proto=converter.proto.SerializeToString()
    )
