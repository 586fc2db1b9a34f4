"""The ids of words that were met before."""

import math
from collections.abc import Callable
from itertools import chain

import sentencepiece as spm

from albert_keras.text.piece_rules import WORD_START

_MOST_WORDS = 200_000  # about 40 MB
_LONGEST_WORD = 50
_LONGEST_TEXT = 4096  # characters
_UNKNOWN_PENALTY = 10  # below the worst piece: SentencePiece's kUnkPenalty


class WordCache:
    """Encodes texts word by word, where that gives what the whole text does.

    No piece of ALBERT's vocabularies reaches from one word into the next, so
    the best segmentation of a text is that of its words, which are few. Only
    words with two segmentations that score nearly the same are left to
    SentencePiece, with the text around them.

    A word that is new costs about 20 µs, one that is known a hundredth of
    that, where SentencePiece takes one or two µs.

    Args:
        processor: The model.
        pieces: Its pieces.
        finish: What is done to the ids that SentencePiece gives, piece by
            piece.
    """

    def __init__(
        self,
        processor: spm.SentencePieceProcessor,
        pieces: list[str],
        finish: Callable[[list[int]], list[int]],
    ) -> None:
        self._processor = processor
        self._finish = finish
        # `None` for words that have to be encoded with the text around them.
        self._ids: dict[str, list[int] | None] = {"": []}
        ids = range(len(pieces))
        self._scores = [processor.get_score(i) for i in ids]
        # Unknown and user-defined pieces count as something else than this.
        self._special = {i for i in ids if self._scores[i] == 0}
        # SentencePiece adds the scores of a text's pieces up in float32, so
        # what comes before a word can decide between segmentations of it that
        # score nearly the same. The worst sum is that of unknown characters
        # alone; an addition to it rounds by half a unit in its last place.
        worst = (_LONGEST_TEXT + 1) * (_UNKNOWN_PENALTY - min(self._scores))
        self._rounding = 2.0 ** (math.frexp(worst)[1] - 25)
        self._is_usable = not any(
            WORD_START in piece[1:] for piece in pieces
        ) and all(
            processor.encode(text) == [*processor.encode("a"), *more]
            for text, more in ((" a", []), ("a b", processor.encode("b")))
        )

    def encode(self, text: str) -> list[int] | None:
        """The ids of a normalised text.

        Args:
            text: The text, its words divided by single spaces.

        Returns:
            The ids, or `None` where SentencePiece has to be asked.
        """
        words = text.split(" ")
        if not self._is_usable or len(text) > _LONGEST_TEXT:
            return None
        ids = self._ids
        try:
            found = [ids[word] for word in words]
        except KeyError:
            found = [self._learn(word) for word in words]
        known = [word_ids for word_ids in found if word_ids is not None]
        if len(known) < len(found):
            return None
        return list(chain.from_iterable(known))

    def _learn(self, word: str) -> list[int] | None:
        if word in self._ids:
            return self._ids[word]
        if len(self._ids) >= _MOST_WORDS:
            return None
        ids = self._ids[word] = self._encode_alone(word)
        return ids

    def _encode_alone(self, word: str) -> list[int] | None:
        if len(word) > _LONGEST_WORD:
            return None
        # Either segmentation adds as many pieces as `▁` and characters at most.
        least_margin = 2 * self._rounding * (len(word) + 1)
        best, *others = self._processor.nbest_encode(word, nbest_size=2)
        for other in others:
            if (
                self._special_of(best) != self._special_of(other)
                or self._score(best) - self._score(other) <= least_margin
            ):
                return None
        return self._finish(best)

    def _special_of(self, ids: list[int]) -> list[int]:
        return sorted(i for i in ids if i in self._special)

    def _score(self, ids: list[int]) -> float:
        return sum(self._scores[i] for i in ids)
