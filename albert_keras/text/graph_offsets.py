"""Token ids and where in the raw text they stand, in the graph.

The graph twin of `SentencePieceTokenizer.encode` with `offsets`.
"""

from __future__ import annotations

import functools
import sys
import unicodedata
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from albert_keras.text.graph_tokenizer import GraphTokenizer
from albert_keras.text.normalization import (
    class_of,
    graph_normalize,
    whitespace_class,
)
from albert_keras.text.piece_rules import WORD_START
from albert_keras.text.segments import SPECIAL_SYMBOLS, graph_split_segments
from albert_keras.text.sentencepiece import SentencePieceTokenizer

# Stands for the second of two quotes that become one. Where a text holds it,
# though it is no character, another as wide takes its place.
_SECOND_QUOTE, _AS_WIDE = "\ufdef", "\ufdee"


class LocatedTokens(NamedTuple):
    """Tokens of a batch of texts.

    Attributes:
        ids: int32 `RaggedTensor` `[batch, tokens]`.
        starts: int32, shaped alike: where in the text each token begins, in
            characters (Unicode code points).
        ends: int32, likewise: where it ends (exclusive).
    """

    ids: tf.RaggedTensor
    starts: tf.RaggedTensor
    ends: tf.RaggedTensor


class _Characters(NamedTuple):
    """The characters of a batch of segments, one behind the other.

    Attributes:
        row_splits: int64 `[segments + 1]`: where each segment begins.
        ends: int64 `[characters]`: bytes of the normalised segments, one
            behind the other, up to the end of what the character became.
        next_stop: int64 `[characters + 1]`: the first character from here on
            that is no accent of the one before.
    """

    row_splits: tf.Tensor
    ends: tf.Tensor
    next_stop: tf.Tensor


class GraphOffsets:
    """Tokenizes texts and tells where each token stands.

    The ids are those of `GraphTokenizer`, the spans those of
    `SentencePieceTokenizer.offsets`. They differ from these only with
    `keep_accents`, for letters with several accents in an order that
    normalisation changes.

    Args:
        graph_tokenizer: With the vocabulary.
        tokenizer: Its Python twin.
    """

    def __init__(
        self,
        graph_tokenizer: GraphTokenizer,
        tokenizer: SentencePieceTokenizer,
    ):
        self._sentencepiece = graph_tokenizer.sentencepiece
        self._python = tokenizer
        vocabulary = tokenizer.vocabulary
        self._blanks = class_of(sorted(_blank_characters(tokenizer)))
        self._blank_ids = np.array(
            [i for i, piece in enumerate(vocabulary) if set(piece) == {"▁"}],
            "int32",
        )
        self._symbol_ids = np.array(
            [tokenizer.piece_to_id(symbol) for symbol in SPECIAL_SYMBOLS],
            "int32",
        )
        rules = sorted(tokenizer.digit_comma_ids.items())
        self._rule_ids = np.array([i for i, _ in rules], "int32")
        self._rule_splits = np.cumsum([0, *(len(ids) for _, ids in rules)])
        values = [i for _, ids in rules for i in ids]
        self._rule_values = np.array(values, "int32")
        self._rule_bytes = np.array(
            [
                len(vocabulary[i].removeprefix(WORD_START).encode())
                for i in values
            ],
            "int64",
        )

    def __call__(self, texts: tf.Tensor) -> LocatedTokens:
        """Tokenizes texts.

        Args:
            texts: String tensor `[batch]`, UTF-8. Bytes that are not become
                U+FFFD, each a character.

        Returns:
            `LocatedTokens`.
        """
        texts = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8")
        segments = graph_split_segments(
            texts, at_symbols=self._python.special_symbols
        )
        flat = segments.texts.flat_values
        begins = _segment_starts(segments.texts, segments.symbols)
        ids, starts, ends = self._located(flat, segments.continues)
        shift = tf.gather(begins, ids.value_rowids())
        starts = ids.with_flat_values(starts + shift)
        ends = ids.with_flat_values(ends + shift)
        is_symbol = tf.not_equal(segments.symbols, 0)
        number = tf.boolean_mask(segments.symbols, is_symbol) - 1
        behind = tf.boolean_mask(begins, is_symbol)
        widths = tf.constant([len(s) for s in SPECIAL_SYMBOLS], tf.int64)

        def with_symbols(
            values: tf.Tensor, tokens: tf.RaggedTensor
        ) -> tf.RaggedTensor:
            symbols = tf.RaggedTensor.from_row_lengths(
                values, tf.cast(is_symbol, tf.int64), validate=False
            )
            joined = tf.concat([symbols, tokens], axis=1)
            return segments.texts.with_flat_values(joined).merge_dims(1, 2)

        return LocatedTokens(
            with_symbols(tf.gather(self._symbol_ids, number), ids),
            tf.cast(
                with_symbols(behind - tf.gather(widths, number), starts),
                tf.int32,
            ),
            tf.cast(with_symbols(behind, ends), tf.int32),
        )

    def _located(
        self, flat: tf.Tensor, continues: tf.Tensor
    ) -> tuple[tf.RaggedTensor, tf.Tensor, tf.Tensor]:
        """Ids of segments; the first and last character of each, flat."""
        normalized = graph_normalize(flat, **self._python.normalization)
        boundary = self._python.boundary
        marked = tf.where(continues, boundary + normalized, normalized)
        ids, lows, highs = self._sentencepiece.tokenize_with_offsets(marked)
        skipped = tf.where(continues, self._python.boundary_length, 0)
        margin = tf.where(continues, len(boundary.encode()), 0)
        kept = tf.ragged.range(
            ids.row_starts() + tf.cast(skipped, tf.int64), ids.row_limits()
        )
        # Bytes are counted from the first segment's first.
        widths = _byte_lengths(normalized)
        first = tf.cumsum(widths, exclusive=True) - tf.cast(margin, tf.int64)
        row = kept.value_rowids()
        low = tf.gather(lows.flat_values, kept.flat_values)
        high = tf.gather(highs.flat_values, kept.flat_values)
        low += tf.gather(first, row)
        high += tf.gather(first, row)
        low = tf.minimum(tf.gather(self._next_letters(normalized), low), high)
        ids = kept.with_flat_values(
            tf.gather(ids.flat_values, kept.flat_values)
        )
        ids, low, high = self._split_digit_commas(ids, low, high)
        characters = self._characters(flat)
        starts, ends = self._spans(ids, low, high, characters)
        base = tf.gather(characters.row_splits, ids.value_rowids())
        return ids, starts - base, ends - base

    def _next_letters(self, texts: tf.Tensor) -> tf.Tensor:
        """For each byte of the texts the first that shows something."""
        characters = tf.strings.unicode_split(texts, "UTF-8").flat_values
        is_letter = ~tf.strings.regex_full_match(characters, self._blanks)
        is_letter = tf.repeat(is_letter, tf.strings.length(characters))
        return _next_true(tf.concat([is_letter, [True]], axis=0))

    def _split_digit_commas(
        self, ids: tf.RaggedTensor, low: tf.Tensor, high: tf.Tensor
    ) -> tuple[tf.RaggedTensor, tf.Tensor, tf.Tensor]:
        if not self._rule_ids.size:
            return ids, low, high
        flat = ids.flat_values
        rule = tf.minimum(
            tf.searchsorted(self._rule_ids, flat), self._rule_ids.size - 1
        )
        applies = tf.gather(self._rule_ids, rule) == flat
        itself = self._rule_values.size + tf.range(
            tf.size(flat, out_type=tf.int64)
        )
        parts = tf.ragged.range(
            tf.where(applies, tf.gather(self._rule_splits, rule), itself),
            tf.where(
                applies, tf.gather(self._rule_splits, rule + 1), itself + 1
            ),
        )
        token = parts.value_rowids()
        pool = tf.concat([self._rule_values, flat], axis=0)
        widths = tf.concat([self._rule_bytes, high - low], axis=0)
        width = tf.gather(widths, parts.flat_values)
        before = tf.cumsum(width, exclusive=True)
        before -= tf.gather(before, tf.gather(parts.row_starts(), token))
        begin = tf.gather(low, token) + before
        split = parts.with_flat_values(tf.gather(pool, parts.flat_values))
        ids = ids.with_flat_values(split).merge_dims(1, 2)
        return ids, begin, begin + width

    def _characters(self, flat: tf.Tensor) -> _Characters:
        if self._python.replace_quotes:
            flat = tf.strings.regex_replace(flat, _SECOND_QUOTE, _AS_WIDE)
            flat = tf.strings.regex_replace(flat, "``|''", f'"{_SECOND_QUOTE}')
        characters = tf.strings.unicode_split(flat, "UTF-8")
        values = characters.flat_values
        different, which = tf.unique(values, out_idx=tf.int64)
        became = graph_normalize(different, **self._python.normalization)
        if self._python.replace_quotes:
            became = tf.where(different == _SECOND_QUOTE, "", became)
        width = _byte_lengths(became)
        width = tf.gather(width, which)
        is_space = tf.strings.regex_full_match(different, whitespace_class())
        is_space = tf.gather(is_space, which)
        # Of the spaces between two words the first stands for all.
        count = tf.size(values, out_type=tf.int64)
        place = tf.range(count)
        row = characters.value_rowids()
        rows = characters.nrows()
        last = tf.math.unsorted_segment_max(
            tf.where(is_space, tf.constant(-1, tf.int64), place), row, rows
        )
        is_first = place == tf.gather(characters.row_starts(), row)
        before = tf.concat([[True], is_space], axis=0)[:-1]
        divides = is_space & ~(before | is_first)
        divides &= place < tf.gather(last, row)
        width = tf.where(is_space, tf.cast(divides, tf.int64), width)
        stops = is_space | (width > 0) | is_first
        return _Characters(
            characters.row_splits,
            tf.cumsum(width),
            _next_true(tf.concat([stops, [True]], axis=0)),
        )

    def _spans(
        self,
        ids: tf.RaggedTensor,
        low: tf.Tensor,
        high: tf.Tensor,
        characters: _Characters,
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """From bytes of the normalised texts to characters of the raw ones."""
        row = ids.value_rowids()
        limit = tf.gather(characters.row_splits, row + 1)
        # The first character whose end lies behind the byte.
        start = tf.searchsorted(
            characters.ends, low, side="right", out_type=tf.int64
        )
        start = tf.minimum(start, limit)
        last_byte = tf.maximum(high, low + 1) - 1
        last = tf.searchsorted(
            characters.ends, last_byte, side="right", out_type=tf.int64
        )
        count = tf.size(characters.ends, out_type=tf.int64)
        is_whole = (
            tf.gather(
                tf.concat([characters.ends, [0]], axis=0),
                tf.minimum(last, count),
            )
            == last_byte + 1
        )
        behind = tf.minimum(last + 1, count)
        end = tf.where(
            is_whole, tf.gather(characters.next_stop, behind), behind
        )
        end = tf.minimum(end, limit)
        is_blank = tf.reduce_any(
            ids.flat_values[:, None] == self._blank_ids, axis=1
        )
        return start, tf.where(is_blank | (end < start), start, end)


def _blank_characters(tokenizer: SentencePieceTokenizer) -> set[str]:
    """What SentencePiece's own normalisation makes a space of, or nothing."""
    normalized = tokenizer.processor.normalize
    return {
        char
        for char in [*_controls_and_separators(), WORD_START, "\ufffd"]
        if normalized(f"a{char}a").lstrip(WORD_START)
        in (f"a{WORD_START}a", "aa")
    }


@functools.cache
def _controls_and_separators() -> list[str]:
    return [
        char
        for char in map(chr, range(sys.maxunicode + 1))
        if unicodedata.category(char) in ("Cc", "Cf", "Zs", "Zl", "Zp")
    ]


def _segment_starts(texts: tf.RaggedTensor, symbols: tf.Tensor) -> tf.Tensor:
    """Where in its text each segment begins, int64 `[segments]`."""
    widths = tf.constant([0, *(len(s) for s in SPECIAL_SYMBOLS)], tf.int64)
    lengths = tf.strings.length(texts.flat_values, unit="UTF8_CHAR")
    taken = tf.gather(widths, symbols) + tf.cast(lengths, tf.int64)
    before = tf.cumsum(taken, exclusive=True)
    first = tf.gather(texts.row_starts(), texts.value_rowids())
    return before - tf.gather(before, first) + tf.gather(widths, symbols)


def _byte_lengths(texts: tf.Tensor) -> tf.Tensor:
    return tf.cast(tf.strings.length(texts), tf.int64)


def _next_true(flags: tf.Tensor) -> tf.Tensor:
    """For each place of bool `[n]` the first that is true, from it on."""
    places = tf.where(flags)[:, 0]
    before = tf.cumsum(tf.cast(flags, tf.int64), exclusive=True)
    return tf.gather(places, before)
