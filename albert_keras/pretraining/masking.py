"""Masking of whole words in n-grams, as ALBERT was trained with.

Follows google-research/albert, `create_pretraining_data.py`,
`create_masked_lm_predictions` (Lan et al. 2019, equation 1: an n-gram is
drawn with probability proportional to 1/n). One difference: there the length
of each n-gram comes from NumPy's global generator, which no flag seeds; here
everything comes from one `random.Random`.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate, compress
from random import Random
from typing import NamedTuple

# The signs that stand for a word of their own, as the original lists them.
_SIGNS = frozenset('!"#$%&"()*+,-./:;?@[\\]^_`{|}~')
_INSIDE_WORDS = _SIGNS | frozenset("abcdefghijklmnopqrstuvwxyz")


def is_word_start(piece: str) -> bool:
    """Whether a SentencePiece piece begins a word.

    A piece begins a word if it is a single sign, or if it has any character
    that is neither an English letter nor a sign. "▁", which stands for a
    space, is neither; nor are digits, apostrophes, "<" and ">", or the letters
    of other languages: pieces with any of them always begin a word.

    Args:
        piece: The piece as the vocabulary spells it.

    Returns:
        True if the piece begins a word.

    Source: google-research/albert, `create_pretraining_data.py`,
    `_is_start_piece_sp`.
    """
    return piece in _SIGNS or not _INSIDE_WORDS.issuperset(piece.lower())


def word_start_table(pieces: Iterable[str], suffix_mark: str = "") -> bytes:
    """Return which pieces of a vocabulary begin a word.

    Args:
        pieces: The pieces, in the order of their ids.
        suffix_mark: For WordPiece, what a piece that continues a word begins
            with ("##"). Without it, `is_word_start` decides.

    Returns:
        One byte an id: 1 if the piece begins a word, else 0.

    Source: google-research/albert, `create_pretraining_data.py`,
    `_is_start_piece_sp` and `_is_start_piece_bert`.
    """
    if suffix_mark:
        return bytes(not piece.startswith(suffix_mark) for piece in pieces)
    return bytes(map(is_word_start, pieces))


def prediction_budget(
    length: int, max_predictions_per_seq: int, masked_lm_prob: float
) -> int:
    """How many tokens of a sequence are to be predicted, at most.

    Args:
        length: Tokens of the sequence, [CLS] and [SEP] counted.
        max_predictions_per_seq: Upper limit.
        masked_lm_prob: Share of `length` to predict.

    Returns:
        The number of tokens: at least one, unless `masked_lm_prob` is 0.
    """
    if masked_lm_prob == 0:
        return 0
    return min(max_predictions_per_seq, max(1, round(length * masked_lm_prob)))


def ngram_thresholds(ngram: int, favor_shorter_ngram: bool) -> list[float]:
    """Where [0, 1) is divided between the n-grams of 1, 2, ... words.

    Args:
        ngram: Most words in an n-gram.
        favor_shorter_ngram: Draw an n-gram of n words with p ∝ 1/n; if
            False, with these probabilities in reverse.

    Returns:
        `ngram - 1` ascending numbers: a uniform draw above k of them stands
        for an n-gram of k + 1 words.
    """
    weights = [1 / n for n in range(1, ngram + 1)]
    if not favor_shorter_ngram:
        weights.reverse()
    total = sum(weights)
    # The last threshold would be 1, which no draw reaches.
    return [w / total for w in accumulate(weights)][:-1]


class MaskedTokens(NamedTuple):
    """A masked sequence and what was there before.

    Attributes:
        token_ids: The sequence after masking.
        mask_positions: Indices into `token_ids` to be predicted, ascending.
        mask_ids: The original ids at `mask_positions`.
    """

    token_ids: list[int]
    mask_positions: list[int]
    mask_ids: list[int]


class NgramMasker:
    """Draws the n-grams of words to predict, and masks them.

    Args:
        mask_id: Id of "[MASK]".
        vocabulary_size: Replacements are drawn uniformly below this id,
            special tokens included, as in the original.
        max_predictions_per_seq: Most tokens to predict in a sequence.
        masked_lm_prob: Share of the tokens to predict.
        ngram: Most words in an n-gram.
        favor_shorter_ngram: Draw an n-gram of n words with p ∝ 1/n; if
            False, with these probabilities in reverse.
        do_permutation: Whether as many tokens again are drawn in the same
            way, which change places with each other and are predicted too.

    Example:

    ```python
    starts = word_start_table(pieces)
    masker = NgramMasker(mask_id=4, vocabulary_size=30_000)
    token_ids = [2, 48, 25, 3, 21, 1289, 3]  # [CLS] A [SEP] B [SEP]
    maskable = [1, 2, 4, 5]
    masked = masker.mask(
        token_ids, maskable, bytes([1, 1, 1, 1]), Random(1)
    )
    ```
    """

    def __init__(
        self,
        *,
        mask_id: int,
        vocabulary_size: int,
        max_predictions_per_seq: int = 20,
        masked_lm_prob: float = 0.15,
        ngram: int = 3,
        favor_shorter_ngram: bool = True,
        do_permutation: bool = False,
    ) -> None:
        self.mask_id = mask_id
        self.vocabulary_size = vocabulary_size
        self.max_predictions_per_seq = max_predictions_per_seq
        self.masked_lm_prob = masked_lm_prob
        self.do_permutation = do_permutation
        self._thresholds = ngram_thresholds(ngram, favor_shorter_ngram)

    def mask(
        self,
        token_ids: Sequence[int],
        maskable: Sequence[int],
        starts: bytes,
        rng: Random,
    ) -> MaskedTokens:
        """Mask one sequence.

        Args:
            token_ids: The sequence, special tokens included, no padding.
            maskable: Ascending indices of the tokens that may be predicted:
                those that are not special.
            starts: For each of `maskable`, 1 if its token begins a word. The
                first token counts as a beginning whatever it is. As in the
                original, [SEP] ends neither a word nor an n-gram.
            rng: Source of randomness.

        Returns:
            The masked sequence, the positions and the original ids.
        """
        budget = prediction_budget(
            len(token_ids), self.max_predictions_per_seq, self.masked_lm_prob
        )
        bounds = _word_bounds(starts)
        covered = bytearray(bounds[-1])
        masked_ids = list(token_ids)
        mask_positions = [
            maskable[i] for i in self._choose(bounds, budget, covered, rng)
        ]
        for position in sorted(mask_positions):
            masked_ids[position] = self._replace(token_ids[position], rng)
        if self.do_permutation:
            moved = [
                maskable[i] for i in self._choose(bounds, budget, covered, rng)
            ]
            for position, source in zip(
                moved, rng.sample(moved, len(moved)), strict=True
            ):
                masked_ids[position] = token_ids[source]
            mask_positions += moved
        mask_positions.sort()
        mask_ids = [token_ids[position] for position in mask_positions]
        return MaskedTokens(masked_ids, mask_positions, mask_ids)

    def _choose(
        self, bounds: list[int], budget: int, covered: bytearray, rng: Random
    ) -> list[int]:
        """Draw n-grams until the budget is spent or every word was tried.

        Word w is made of the tokens `bounds[w]` ... `bounds[w + 1] - 1`.
        Tokens that are `covered` are not drawn; those that are drawn become
        so.
        """
        random = rng.random
        words = len(bounds) - 1
        # The original builds and shuffles a list of all n-grams, of which it
        # then uses a few. Shuffling the words no further than they are drawn
        # (Fisher and Yates, stopped early) has the same distribution.
        order = list(range(words))
        chosen: list[int] = []
        for tried in range(words):
            room = budget - len(chosen)
            if room <= 0:
                break
            drawn = tried + int(random() * (words - tried))
            word, order[drawn] = order[drawn], order[tried]

            n = bisect_right(self._thresholds, random()) + 1
            start = bounds[word]
            stop = bounds[min(word + n, words)]
            while n > 1 and stop - start > room:
                n -= 1
                stop = bounds[min(word + n, words)]
            if stop - start > room or covered.find(1, start, stop) >= 0:
                continue
            covered[start:stop] = b"\1" * (stop - start)
            chosen.extend(range(start, stop))
        return chosen

    def _replace(self, token_id: int, rng: Random) -> int:
        """80 % [MASK], 10 % the token itself, 10 % a random one."""
        if rng.random() < 0.8:
            return self.mask_id
        if rng.random() < 0.5:
            return token_id
        return rng.randrange(self.vocabulary_size)


def _word_bounds(starts: bytes) -> list[int]:
    """Where the words begin, and where the last one ends."""
    count = len(starts)
    if count == 0:
        return [0]
    return [0, *compress(range(1, count), starts[1:]), count]
