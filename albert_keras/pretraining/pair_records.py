"""Unmasked pairs as records, and batches of them in the graph.

A record is a row of little-endian items of two bytes, or of three where the
vocabulary has more than 32,768 pieces. The first item is twice the length of
the first segment, plus the label; then come the tokens of both segments,
without `[CLS]` and `[SEP]`. The highest bit of a token says that it begins a
word, the others are its id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from albert_keras.pretraining.segments import SegmentPair

if TYPE_CHECKING:
    import tensorflow as tf


def item_bytes(vocabulary_size: int) -> int:
    """Bytes of an item.

    Args:
        vocabulary_size: All ids are below it.
    """
    return 2 if vocabulary_size <= 1 << 15 else 3


class PairSerializer:
    """Serializes pairs.

    Args:
        starts: One byte an id: 1 if the piece begins a word.
    """

    def __init__(self, starts: bytes) -> None:
        self._width = item_bytes(len(starts))
        flag = 1 << (8 * self._width - 1)
        self._items = [
            (i | flag * is_start).to_bytes(self._width, "little")
            for i, is_start in enumerate(starts)
        ]

    def serialize(self, pair: SegmentPair) -> bytes:
        """Serializes one pair.

        Args:
            pair: At most 16,383 tokens in its first segment.

        Returns:
            The record.
        """
        segment_a, segment_b, label = pair
        header = (len(segment_a) << 1 | label).to_bytes(self._width, "little")
        item = self._items.__getitem__
        return header + b"".join(map(item, segment_a + segment_b))


class GraphPairs(NamedTuple):
    """A batch of pairs; B pairs of at most T tokens.

    Attributes:
        tokens: int32 [B, T]. The tokens of both segments, one after the
            other, zeros behind.
        starts: bool [B, T]. Where words begin.
        lengths: int32 [B]. Tokens of both segments.
        first_lengths: int32 [B]. Tokens of the first one.
        labels: int32 [B]. 1 where the segments were swapped.
    """

    tokens: tf.Tensor
    starts: tf.Tensor
    lengths: tf.Tensor
    first_lengths: tf.Tensor
    labels: tf.Tensor


def parse_pairs(
    records: tf.Tensor, *, max_tokens: int | tf.Tensor, vocabulary_size: int
) -> GraphPairs:
    """Takes records apart in the graph.

    Args:
        records: String tensor [B], as `PairSerializer` makes them.
        max_tokens: Most tokens of a pair, T; a tensor where it is another for
            each batch.
        vocabulary_size: That of the tokenizer.

    Returns:
        The batch.
    """
    import tensorflow as tf

    width = item_bytes(vocabulary_size)
    raw = tf.io.decode_raw(
        records, tf.uint8, fixed_length=width * (1 + max_tokens)
    )
    parts = tf.cast(tf.reshape(raw, [-1, 1 + max_tokens, width]), tf.int32)
    places = tf.constant([1 << 8 * byte for byte in range(width)])
    items = tf.reduce_sum(parts * places, axis=2)
    flag = 1 << (8 * width - 1)
    header, tokens = items[:, 0], items[:, 1:]
    return GraphPairs(
        tokens=tf.bitwise.bitwise_and(tokens, flag - 1),
        starts=tokens >= flag,
        lengths=tf.strings.length(records) // width - 1,
        first_lengths=tf.bitwise.right_shift(header, 1),
        labels=tf.bitwise.bitwise_and(header, 1),
    )


class GraphSequences(NamedTuple):
    """A batch of sequences of the length S.

    Attributes:
        token_ids: int32 [B, S]. [CLS] A [SEP] B [SEP], zeros behind.
        segment_ids: int32 [B, S]. 1 for B and its [SEP].
        padding_mask: int32 [B, S]. 1 for what is no padding.
    """

    token_ids: tf.Tensor
    segment_ids: tf.Tensor
    padding_mask: tf.Tensor


def join_pairs(
    tokens: tf.Tensor, pairs: GraphPairs, *, cls_id: int, sep_id: int
) -> GraphSequences:
    """Puts `[CLS]` and `[SEP]` around the segments.

    Args:
        tokens: int32 [B, T]. The tokens of both segments, masked.
        pairs: The pairs that they are of.
        cls_id: Id of "[CLS]".
        sep_id: Id of "[SEP]".

    Returns:
        The sequences, S = T + 3.
    """
    import tensorflow as tf

    most = tokens.shape[1]
    if most is None:
        most = tf.shape(tokens)[1]
    places = tf.range(most + 3)[None]
    first_sep = pairs.first_lengths[:, None] + 1
    last_sep = pairs.lengths[:, None] + 2
    in_second = places > first_sep
    source = places - 1 - tf.cast(in_second, tf.int32)
    ids = tf.gather(tokens, tf.clip_by_value(source, 0, most - 1), batch_dims=1)
    is_sep = (places == first_sep) | (places == last_sep)
    ids = tf.where(is_sep, sep_id, tf.where(places == 0, cls_id, ids))
    is_token = tf.cast(places <= last_sep, tf.int32)
    return GraphSequences(
        token_ids=ids * is_token,
        segment_ids=tf.cast(in_second, tf.int32) * is_token,
        padding_mask=is_token,
    )


def sequence_positions(
    positions: tf.Tensor, weights: tf.Tensor, pairs: GraphPairs
) -> tf.Tensor:
    """Where masked tokens stand in their sequences.

    Args:
        positions: int32 [B, P]. Indices into the tokens of both segments.
        weights: float32 [B, P]. 0 for what only fills up.
        pairs: The pairs that they are of.

    Returns:
        int32 [B, P], 0 for what only fills up.
    """
    import tensorflow as tf

    in_second = tf.cast(positions >= pairs.first_lengths[:, None], tf.int32)
    return (positions + 1 + in_second) * tf.cast(weights, tf.int32)
