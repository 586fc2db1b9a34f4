import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from albert_keras.pretraining.pair_records import (
    PairSerializer,
    item_bytes,
    join_pairs,
    parse_pairs,
    sequence_positions,
)
from albert_keras.pretraining.segments import SegmentPair

ids = st.lists(st.integers(5, 99), min_size=1, max_size=9)
pairs = st.builds(SegmentPair, ids, ids, st.integers(0, 1))
STARTS = bytes(i % 3 == 0 for i in range(100))


@settings(deadline=None, max_examples=40, derandomize=True)
@given(st.lists(pairs, min_size=1, max_size=5))
def test_pairs_come_back_as_sequences(rows):
    serializer = PairSerializer(STARTS)
    records = [serializer.serialize(pair) for pair in rows]
    parsed = parse_pairs(
        tf.constant(records), max_tokens=18, vocabulary_size=100
    )
    sequences = join_pairs(parsed.tokens, parsed, cls_id=2, sep_id=3)
    for number, (a, b, label) in enumerate(rows):
        expected = [2, *a, 3, *b, 3]
        padding = [0] * (21 - len(expected))
        assert sequences.token_ids[number].numpy().tolist() == (
            expected + padding
        )
        assert sequences.segment_ids[number].numpy().tolist() == (
            [0] * (len(a) + 2) + [1] * (len(b) + 1) + padding
        )
        assert sequences.padding_mask[number].numpy().tolist() == (
            [1] * len(expected) + padding
        )
        assert parsed.labels[number] == label
        starts = [bool(STARTS[i]) for i in a + b]
        found = parsed.starts[number].numpy().tolist()
        assert found == starts + [False] * (18 - len(starts))
        # Where each token of both segments stands in the sequence.
        places = tf.range(18)[None] * tf.ones([len(rows), 1], tf.int32)
        weights = tf.cast(places < parsed.lengths[:, None], tf.float32)
        positions = sequence_positions(places, weights, parsed)[number]
        there = [expected[p] for p in positions[: len(a + b)].numpy()]
        assert there == a + b


def test_bytes_of_a_token():
    # Word starts included: the released vocabulary has 30,000 pieces.
    assert item_bytes(30_000) == item_bytes(32_768) == 2
    assert item_bytes(32_769) == 3
    record = PairSerializer(bytes(30_000)).serialize(
        SegmentPair([1] * 200, [2] * 309, 1)
    )
    frame = 16  # length and checksums of a TFRecord
    assert (len(record) + frame) / 512 < 2.1


@pytest.mark.parametrize("size", [32_768, 32_769, 250_000])
def test_ids_at_the_ends_of_a_vocabulary(size):
    starts = bytes([1, 0] * (size // 2) + [1] * (size % 2))
    pair = SegmentPair([0, 1, size - 1], [size - 2, size // 2], 0)
    parsed = parse_pairs(
        tf.constant([PairSerializer(starts).serialize(pair)]),
        max_tokens=5,
        vocabulary_size=size,
    )
    tokens = pair.segment_a + pair.segment_b
    assert parsed.tokens.numpy().tolist() == [tokens]
    assert parsed.starts.numpy().tolist() == [[bool(starts[i]) for i in tokens]]


def test_the_longest_segment():
    pair = SegmentPair([7] * 16_380, [8], 1)
    record = PairSerializer(bytes(100)).serialize(pair)
    parsed = parse_pairs(
        tf.constant([record]), max_tokens=16_381, vocabulary_size=100
    )
    assert parsed.first_lengths.numpy() == 16_380
    assert parsed.labels.numpy() == 1
    np.testing.assert_array_equal(parsed.tokens[0, -2:], [7, 8])
