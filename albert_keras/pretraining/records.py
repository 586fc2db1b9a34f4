"""Examples as `tf.train.Example` messages, serialized without TensorFlow.

The features have the names and types that google-research/albert's
`create_pretraining_data.py` writes (`write_instance_to_example_files`), so
that its `run_pretraining.py` and the TensorFlow Model Garden read them.
"""

import struct

from albert_keras.pretraining.examples import PretrainingExample

# Numbers of the fields in tensorflow/core/example/{example,feature}.proto.
_FEATURES_OF_EXAMPLE = 1
_ENTRY_OF_FEATURES = 1
_KEY_OF_ENTRY = 1
_VALUE_OF_ENTRY = 2
_FLOAT_LIST = 2
_INT64_LIST = 3
_VALUES_OF_LIST = 1


class ExampleSerializer:
    """Serializes examples, padded to fixed lengths.

    Args:
        max_seq_length: Length S of every sequence.
        max_predictions_per_seq: Number P of masked positions.
        vocabulary_size: All ids are below it.
    """

    def __init__(
        self,
        *,
        max_seq_length: int,
        max_predictions_per_seq: int,
        vocabulary_size: int,
    ) -> None:
        self.max_seq_length = max_seq_length
        self.max_predictions_per_seq = max_predictions_per_seq
        self._varints = [
            _varint(number)
            for number in range(max(vocabulary_size, max_seq_length))
        ]

    def serialize(self, example: PretrainingExample) -> bytes:
        """Serialize one example.

        Args:
            example: At most S tokens, at most P of them masked.

        Returns:
            A `tf.train.Example` with the features `input_ids`, `input_mask`,
            `segment_ids`, `token_boundary` (int64 [S]), `masked_lm_positions`,
            `masked_lm_ids` (int64 [P]), `masked_lm_weights` (float [P]) and
            `next_sentence_labels` (int64 [1]; 1 = swapped).
        """
        length = len(example.token_ids)
        masked = len(example.mask_positions)
        unmasked = self.max_predictions_per_seq - masked
        # A zero is the byte 0 and a one the byte 1, as a varint too.
        padding = bytes(self.max_seq_length - length)
        mask_padding = bytes(unmasked)
        features = (
            _integers("input_ids", self._pack(example.token_ids) + padding),
            _integers("input_mask", b"\1" * length + padding),
            _integers("segment_ids", example.segment_ids + padding),
            _integers("token_boundary", example.token_boundary + padding),
            _integers(
                "masked_lm_positions",
                self._pack(example.mask_positions) + mask_padding,
            ),
            _integers(
                "masked_lm_ids", self._pack(example.mask_ids) + mask_padding
            ),
            _floats(
                "masked_lm_weights",
                struct.pack("<f", 1) * masked + struct.pack("<f", 0) * unmasked,
            ),
            _integers("next_sentence_labels", _varint(example.sop_label)),
        )
        return _field(_FEATURES_OF_EXAMPLE, b"".join(features))

    def _pack(self, numbers: list[int]) -> bytes:
        return b"".join(map(self._varints.__getitem__, numbers))


def _integers(name: str, packed: bytes) -> bytes:
    return _feature(name, _INT64_LIST, packed)


def _floats(name: str, packed: bytes) -> bytes:
    return _feature(name, _FLOAT_LIST, packed)


def _feature(name: str, kind: int, packed: bytes) -> bytes:
    """One entry of the map from names to features."""
    values = _field(kind, _field(_VALUES_OF_LIST, packed))
    entry = _field(_KEY_OF_ENTRY, name.encode())
    entry += _field(_VALUE_OF_ENTRY, values)
    return _field(_ENTRY_OF_FEATURES, entry)


def _field(number: int, payload: bytes) -> bytes:
    """A length-delimited field of a protocol buffer (wire type 2)."""
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the top bit says "more"."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)
