"""Masks drawn in the graph, anew in each epoch.

The same draws as `masking.NgramMasker`, for a whole batch at once. What an
example gets is decided by (seed, epoch, number of the example) alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from albert_keras.pretraining.graph_random import ExampleRandom
from albert_keras.pretraining.masking import ngram_thresholds
from albert_keras.pretraining.segments import SPECIAL_TOKENS_PER_PAIR

if TYPE_CHECKING:
    import tensorflow as tf

# What a random number is drawn for: to choose the tokens that are masked, to
# choose those that change places, and what is then done with each.
_MASKED, _MOVED = (0, 1), (2, 3)
_IS_MASKED, _IS_KEPT, _REPLACEMENT, _PERMUTATION = range(4, 8)


class GraphMasked(NamedTuple):
    """A batch of masked pairs; B pairs of at most T tokens, P predictions.

    Attributes:
        tokens: int32 [B, T]. The tokens of both segments after masking.
        positions: int32 [B, P]. Indices into `tokens`, ascending; 0 where
            there are fewer than P.
        labels: int32 [B, P]. The tokens that stood there; 0 likewise.
        weights: float32 [B, P]. 1 for predictions, 0 for what fills up.
    """

    tokens: tf.Tensor
    positions: tf.Tensor
    labels: tf.Tensor
    weights: tf.Tensor


class GraphMasker:
    """Draws the n-grams of words to predict, and masks them, in batches.

    Args:
        mask_id: Id of "[MASK]".
        vocabulary_size: Replacements are drawn uniformly below this id.
        max_predictions_per_seq: Most tokens to predict in a sequence, P.
        masked_lm_prob: Share of the tokens to predict.
        ngram: Most words in an n-gram.
        favor_shorter_ngram: Draw an n-gram of n words with p ∝ 1/n; if
            False, with these probabilities in reverse.
        do_permutation: Whether as many tokens again change places with each
            other and are predicted too, P being twice as large then.
    """

    def __init__(
        self,
        *,
        mask_id: int,
        vocabulary_size: int,
        max_predictions_per_seq: int,
        masked_lm_prob: float,
        ngram: int,
        favor_shorter_ngram: bool,
        do_permutation: bool = False,
    ) -> None:
        self.mask_id = mask_id
        self.vocabulary_size = vocabulary_size
        self.max_predictions_per_seq = max_predictions_per_seq
        self.masked_lm_prob = masked_lm_prob
        self.ngram = ngram
        self.do_permutation = do_permutation
        self._thresholds = ngram_thresholds(ngram, favor_shorter_ngram)

    def mask(
        self,
        tokens: tf.Tensor,
        lengths: tf.Tensor,
        starts: tf.Tensor,
        random: ExampleRandom,
    ) -> GraphMasked:
        """Masks a batch.

        Args:
            tokens: int32 [B, T]. The tokens of both segments, one after the
                other, without `[CLS]` and `[SEP]`.
            lengths: int32 [B]. How many of them there are.
            starts: bool [B, T]. Where words begin.
            random: Source of randomness.

        Returns:
            The masked batch.
        """
        import tensorflow as tf

        words = _Words.of(starts, lengths, self.ngram)
        budgets = self._budgets(lengths)
        nothing = tf.zeros_like(words.is_token)
        masked = self._choose(words, budgets, nothing, random, _MASKED)
        changed = tf.where(masked, self._replacements(tokens, random), tokens)
        slots = self.max_predictions_per_seq
        if self.do_permutation:
            slots *= 2
            moved = self._choose(words, budgets, masked, random, _MOVED)
            changed = tf.where(moved, _permuted(tokens, moved, random), changed)
            masked |= moved
        positions = tf.ensure_shape(_indices(masked, slots), [None, slots])
        weights = tf.cast(tf.range(slots) < _count(masked)[:, None], tf.float32)
        labels = tf.gather(tokens, positions, batch_dims=1)
        return GraphMasked(
            changed, positions, labels * tf.cast(weights, tf.int32), weights
        )

    def _budgets(self, lengths: tf.Tensor) -> tf.Tensor:
        """As `prediction_budget`, of sequences with `[CLS]` and `[SEP]`s."""
        import tensorflow as tf

        if self.masked_lm_prob == 0:
            return tf.zeros_like(lengths)
        whole = tf.cast(lengths + SPECIAL_TOKENS_PER_PAIR, tf.float64)
        share = tf.cast(tf.round(whole * self.masked_lm_prob), tf.int32)
        return tf.clip_by_value(share, 1, self.max_predictions_per_seq)

    def _choose(
        self,
        words: _Words,
        budgets: tf.Tensor,
        covered: tf.Tensor,
        random: ExampleRandom,
        purposes: tuple[int, int],
    ) -> tf.Tensor:
        """Tries the words in random order until each budget is spent.

        Returns:
            bool [B, T]: the tokens that were chosen, none of them `covered`.
        """
        import tensorflow as tf

        places = tf.range(tf.shape(covered)[1])
        most_words = tf.shape(words.bounds)[1] - self.ngram
        numbers = tf.range(most_words)
        exists = numbers < words.counts[:, None]
        keys = random.uniform(purposes[0], most_words)
        order = tf.argsort(tf.where(exists, keys, 2.0))
        drawn = random.uniform(purposes[1], most_words)
        n = tf.searchsorted(
            tf.constant(self._thresholds), tf.reshape(drawn, [-1]), side="right"
        )
        n = tf.reshape(n, tf.shape(drawn))
        first = tf.gather(words.bounds, order, batch_dims=1)
        # Where n-grams of 1, 2, ... words end that begin with each word tried.
        ends = tf.stack(
            [
                tf.gather(words.bounds, order + more, batch_dims=1)
                for more in range(1, self.ngram + 1)
            ],
            axis=2,
        )
        tries = tf.reduce_max(words.counts)

        def goes_on(
            tried: tf.Tensor, room: tf.Tensor, _: tf.Tensor
        ) -> tf.Tensor:
            return (tried < tries) & tf.reduce_any(room > 0)

        def one_try(
            tried: tf.Tensor, room: tf.Tensor, chosen: tf.Tensor
        ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            start = first[:, tried]
            lengths = ends[:, tried] - start[:, None]
            fits = lengths <= room[:, None]
            asked = tf.range(self.ngram) <= n[:, tried, None]
            # The longest that fits, of those that are no longer than asked.
            length = tf.reduce_max(tf.where(fits & asked, lengths, 0), axis=1)
            span = (places >= start[:, None]) & (
                places < (start + length)[:, None]
            )
            is_free = ~tf.reduce_any(span & chosen, axis=1)
            is_word = tried < words.counts
            taken = tf.where(is_free & is_word, length, 0)
            chosen |= span & (taken > 0)[:, None]
            return tried + 1, room - taken, chosen

        _, _, chosen = tf.while_loop(
            goes_on,
            one_try,
            (tf.constant(0), budgets, covered),
        )
        return chosen & ~covered

    def _replacements(
        self, tokens: tf.Tensor, random: ExampleRandom
    ) -> tf.Tensor:
        """For each token: 80 % [MASK], 10 % itself, 10 % a random one."""
        import tensorflow as tf

        count = tf.shape(tokens)[1]
        modulus = tf.constant(self.vocabulary_size, tf.uint64)
        bits = tf.bitwise.right_shift(
            random.bits(_REPLACEMENT, count), tf.constant(16, tf.uint64)
        )
        other = tf.cast(tf.math.floormod(bits, modulus), tf.int32)
        unmasked = tf.where(
            random.uniform(_IS_KEPT, count) < 0.5, tokens, other
        )
        return tf.where(
            random.uniform(_IS_MASKED, count) < 0.8, self.mask_id, unmasked
        )


class _Words(NamedTuple):
    """Where the words of a batch stand; W words in the longest example.

    Attributes:
        counts: int32 [B]. The number of words.
        bounds: int32 [B, W + n]. Where each word begins; behind the last one
            the end of the example, over and over.
        is_token: bool [B, T]. Which tokens are no padding.
    """

    counts: tf.Tensor
    bounds: tf.Tensor
    is_token: tf.Tensor

    @classmethod
    def of(cls, starts: tf.Tensor, lengths: tf.Tensor, ngram: int) -> _Words:
        import tensorflow as tf

        places = tf.range(tf.shape(starts)[1])
        is_token = places < lengths[:, None]
        # The first token begins a word whatever it is.
        starts = (starts | (places == 0)) & is_token
        counts = _count(starts)
        bounds = _indices(starts, tf.reduce_max(counts) + ngram)
        exists = tf.range(tf.shape(bounds)[1]) < counts[:, None]
        bounds = tf.where(exists, bounds, lengths[:, None])
        return cls(counts, bounds, is_token)


def _permuted(
    tokens: tf.Tensor, moved: tf.Tensor, random: ExampleRandom
) -> tf.Tensor:
    """What each token that is moved changes into: another of its example."""
    import tensorflow as tf

    most = tf.reduce_max(_count(moved))
    positions = _indices(moved, most)
    exists = tf.range(most) < _count(moved)[:, None]
    keys = tf.where(exists, random.uniform(_PERMUTATION, most), 2.0)
    sources = tf.gather(positions, tf.argsort(keys), batch_dims=1)
    # Padded so that there is something to look up where nothing is moved.
    sources = tf.pad(sources, [[0, 0], [0, 1]])
    rank = tf.cumsum(tf.cast(moved, tf.int32), axis=1, exclusive=True)
    places = tf.gather(sources, tf.minimum(rank, most), batch_dims=1)
    return tf.gather(tokens, places, batch_dims=1)


def _count(flags: tf.Tensor) -> tf.Tensor:
    """How many flags of each row are up: int32 [B]."""
    import tensorflow as tf

    return tf.reduce_sum(tf.cast(flags, tf.int32), axis=1)


def _indices(flags: tf.Tensor, count: tf.Tensor | int) -> tf.Tensor:
    """Where flags are up, `count` a row at most, with zeros behind them."""
    import tensorflow as tf

    found = tf.where(flags)
    rows = tf.RaggedTensor.from_value_rowids(
        tf.cast(found[:, 1], tf.int32),
        found[:, 0],
        nrows=tf.shape(flags, tf.int64)[0],
        validate=False,
    )
    dense = rows.to_tensor()
    return tf.pad(dense, [[0, 0], [0, count - tf.shape(dense)[1]]])
