"""Warm-up requests: what TF Serving runs before it calls a model ready."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

WARMUP_FILE = "assets.extra/tf_serving_warmup_requests"

_LENGTHS = (8, 16, 32, 64, 128, 256, 512)
_BATCH_SIZES = (1, 8, 32)
# A server that warms up is not ready, so that all of it must take seconds.
_MOST_TOKENS = 2048
# One word of one piece, in every English vocabulary; only a model with a
# masked-LM head answers the mask.
_MASK, _WORD = "[MASK]", "a"
_QUESTION = 16  # words of a question or option beside a passage


def write_warmup(
    folder: Path, signature_defs: Mapping[str, Any], max_length: int
) -> int:
    """Writes requests for every signature, in common lengths and batch sizes.

    The first request of a shape takes longer than later ones: TensorFlow
    makes functions and kernels ready as they are met. The file is a TFRecord
    of `PredictionLog` (tensorflow/serving, apis/prediction_log.proto), of
    which a server takes at most 1,000.

    Args:
        folder: The SavedModel.
        signature_defs: Its signatures, by name, as in its `MetaGraphDef`.
        max_length: Most tokens of a row.

    Returns:
        How many requests there are.
    """
    path = folder / WARMUP_FILE
    path.parent.mkdir(exist_ok=True)
    names = sorted(each for each in signature_defs if not each.startswith("__"))
    count = 0
    with tf.io.TFRecordWriter(str(path)) as file:
        for name in names:
            slots = signature_defs[name].inputs
            texts = sorted(slots)
            if texts == ["examples"]:
                texts = sorted(signature_defs["serving_default"].inputs)
            for batch_size, length in _sizes(max_length):
                inputs = {
                    slot: _values(slot, slots[slot], batch_size, length, texts)
                    for slot in sorted(slots)
                }
                file.write(_prediction_log(name, inputs))
                count += 1
    return count


def _sizes(max_length: int) -> Iterator[tuple[int, int]]:
    lengths = [each for each in _LENGTHS if each < max_length]
    for length in [*lengths, min(max_length, _LENGTHS[-1])]:
        for batch_size in _BATCH_SIZES:
            if batch_size == 1 or batch_size * length <= _MOST_TOKENS:
                yield batch_size, length


def _values(
    name: str, slot: Any, batch_size: int, length: int, texts: list[str]
) -> np.ndarray:
    """An array of the dtype and rank of an input."""
    rank = len(slot.tensor_shape.dim)
    if slot.dtype != tf.string.as_datatype_enum:
        width = 1 if name == "mask_positions" else length
        fill = 0 if name in ("segment_ids", "mask_positions") else 1
        shape = [batch_size, width] if rank == 2 else [batch_size, 2, width]
        return np.full(shape, fill, tf.as_dtype(slot.dtype).as_numpy_dtype)
    value = (
        _example(length, texts)
        if name == "examples"
        else _text(name, length, texts)
    )
    return np.full([batch_size, 2][:rank], value, object)


def _text(name: str, length: int, texts: list[str]) -> bytes:
    """One of the texts of which a row of so many tokens comes."""
    words = length - 2  # `[CLS]` and `[SEP]`
    if "context" in texts:
        beside = min(_QUESTION, words // len(texts))
        words = words - 2 * beside if name == "context" else beside
    else:
        words //= len(texts)
    first = _WORD if name == "pair" else _MASK
    return " ".join([first, *[_WORD] * (words - 1)]).encode()


def _example(length: int, names: list[str]) -> bytes:
    features = {
        name: tf.train.Feature(
            bytes_list=tf.train.BytesList(value=[_text(name, length, names)])
        )
        for name in names
    }
    return tf.train.Example(
        features=tf.train.Features(feature=features)
    ).SerializeToString()


def _prediction_log(signature: str, inputs: Mapping[str, np.ndarray]) -> bytes:
    """A serialised `PredictionLog` of a `PredictRequest`.

    Written by hand: the messages are a few fields, and tensorflow-serving-api
    would have to be installed for every export.
    """
    # ModelSpec: 1 name, which the server does not ask for here; 3 signature.
    request = _field(1, _field(1, b"default") + _field(3, signature.encode()))
    for name, values in inputs.items():
        tensor = tf.make_tensor_proto(values).SerializeToString()
        request += _field(2, _field(1, name.encode()) + _field(2, tensor))
    return _field(6, _field(1, request))  # predict_log, its request


def _field(number: int, content: bytes) -> bytes:
    """A field of a protocol buffer that has a length (wire type 2)."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])
