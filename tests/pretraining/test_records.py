from random import Random

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from albert_keras.pretraining.examples import PretrainingExample
from albert_keras.pretraining.records import ExampleSerializer
from albert_keras.pretraining.tfrecord import (
    frame_record,
    masked_crc32c,
    split_records,
)

LENGTH, PREDICTIONS, VOCABULARY = 12, 5, 30_000
EXAMPLE = PretrainingExample(
    token_ids=[2, 127, 128, 4, 3, 29_999, 16_384, 3],
    segment_ids=bytes([0, 0, 0, 0, 0, 1, 1, 1]),
    token_boundary=bytes([1, 1, 0, 1, 1, 0, 1, 1]),
    mask_positions=[3, 6],
    mask_ids=[300, 0],
    sop_label=1,
)

# The features as google-research/albert's run_pretraining.py asks for them
# (input_fn_builder), token_boundary included.
ORIGINAL_FEATURES = {
    "input_ids": tf.io.FixedLenFeature([LENGTH], tf.int64),
    "input_mask": tf.io.FixedLenFeature([LENGTH], tf.int64),
    "segment_ids": tf.io.FixedLenFeature([LENGTH], tf.int64),
    "token_boundary": tf.io.FixedLenFeature([LENGTH], tf.int64),
    "masked_lm_positions": tf.io.FixedLenFeature([PREDICTIONS], tf.int64),
    "masked_lm_ids": tf.io.FixedLenFeature([PREDICTIONS], tf.int64),
    "masked_lm_weights": tf.io.FixedLenFeature([PREDICTIONS], tf.float32),
    "next_sentence_labels": tf.io.FixedLenFeature([1], tf.int64),
}


def serialize(example: PretrainingExample) -> bytes:
    return ExampleSerializer(
        max_seq_length=LENGTH,
        max_predictions_per_seq=PREDICTIONS,
        vocabulary_size=VOCABULARY,
    ).serialize(example)


def test_tensorflow_reads_the_originals_features():
    parsed = tf.io.parse_single_example(serialize(EXAMPLE), ORIGINAL_FEATURES)
    assert {name: list(value.numpy()) for name, value in parsed.items()} == {
        "input_ids": [2, 127, 128, 4, 3, 29_999, 16_384, 3, 0, 0, 0, 0],
        "input_mask": [1] * 8 + [0] * 4,
        "segment_ids": [0] * 5 + [1] * 3 + [0] * 4,
        "token_boundary": [1, 1, 0, 1, 1, 0, 1, 1, 0, 0, 0, 0],
        "masked_lm_positions": [3, 6, 0, 0, 0],
        "masked_lm_ids": [300, 0, 0, 0, 0],
        "masked_lm_weights": [1.0, 1.0, 0.0, 0.0, 0.0],
        "next_sentence_labels": [1],
    }


def test_the_bytes_are_a_canonical_message():
    data = serialize(EXAMPLE)
    message = tf.train.Example.FromString(data)
    assert set(message.features.feature) == set(ORIGINAL_FEATURES)
    # Nothing in them is unknown or superfluous.
    assert message.ByteSize() == len(data)


def test_a_full_example_has_no_padding():
    full = PretrainingExample(
        token_ids=list(range(1000, 1000 + LENGTH)),
        segment_ids=bytes(LENGTH),
        token_boundary=bytes(LENGTH),
        mask_positions=list(range(PREDICTIONS)),
        mask_ids=list(range(PREDICTIONS)),
        sop_label=0,
    )
    parsed = tf.io.parse_single_example(serialize(full), ORIGINAL_FEATURES)
    assert parsed["input_mask"].numpy().all()
    assert parsed["masked_lm_weights"].numpy().all()
    assert parsed["next_sentence_labels"].numpy() == [0]


def unmask(crc: int) -> int:
    """As crc32c.h in TensorFlow documents it."""
    rotated = (crc - 0xA282EAD8) & 0xFFFFFFFF
    return ((rotated >> 17) | (rotated << 15)) & 0xFFFFFFFF


@pytest.mark.parametrize(
    ("data", "crc"),
    [
        # RFC 3720, appendix B.4, and the check value of CRC-32C.
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(range(31, -1, -1)), 0x113FDB5C),
        (b"123456789", 0xE3069283),
        (b"", 0),
    ],
)
def test_crc32c(data, crc):
    assert unmask(masked_crc32c(data)) == crc


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_crc32c_bit_by_bit(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    assert unmask(masked_crc32c(data)) == crc ^ 0xFFFFFFFF


def test_tensorflow_reads_and_writes_the_same_file(tmp_path):
    rng = Random(0)
    records = [rng.randbytes(n) for n in (0, 1, 2, 3, 4, 5, 255, 256, 70_000)]
    ours, theirs = tmp_path / "ours", str(tmp_path / "theirs")
    ours.write_bytes(b"".join(map(frame_record, records)))
    with tf.io.TFRecordWriter(theirs) as writer:
        for record in records:
            writer.write(record)
    assert ours.read_bytes() == (tmp_path / "theirs").read_bytes()
    read = tf.data.TFRecordDataset(str(ours))
    assert list(read.as_numpy_iterator()) == records


@settings(deadline=None)
@given(st.lists(st.binary(max_size=30)))
def test_split_undoes_frame(records):
    framed = list(map(frame_record, records))
    assert list(split_records(b"".join(framed))) == framed
