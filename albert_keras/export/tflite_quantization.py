"""The forms that weights and activations of a .tflite file can have."""

import contextlib
from collections.abc import Callable, Iterator, Mapping

import keras
import numpy as np
import tensorflow as tf

from albert_keras.export.ai_edge_quantization import (
    with_int4_weights,
    with_int8_activations,
)
from albert_keras.export.row_sizes import RowSizes
from albert_keras.export.tflite_compaction import compacted
from albert_keras.export.tflite_conversion import convert
from albert_keras.models.serving import backbone_of, model_outputs
from albert_keras.requirements import require

QUANTIZATIONS = (
    "float32",
    "float16",
    "int8",
    "int8-per-tensor",
    "int8-static",
    "int4",
)

# What a padded key's score may be lowered by, instead of by 10,000: the range
# of the scores is what their 8 bits have to cover.
_PADDING_BIASES = (-16.0, -32.0, -64.0, -128.0)
# Largest change of an output that such a bias may cause, beside its spread.
_UNCHANGED = 1e-3
_ROWS_AT_ONCE = 16

Outputs = Callable[..., dict[str, tf.Tensor]]


def check_quantization(quantization: str) -> None:
    """Refuses a name that is none, or one whose extra is not installed.

    Raises:
        ModuleNotFoundError: The extra is not installed.
        ValueError: It is none of `QUANTIZATIONS`.
    """
    if quantization not in QUANTIZATIONS:
        raise ValueError(
            f"`quantization` must be one of {', '.join(QUANTIZATIONS)}. "
            f"Received: quantization={quantization!r}."
        )
    if quantization in ("int4", "int8-static"):
        require("quantize", f'quantization="{quantization}"')


def quantized(
    model: keras.Model,
    sizes: RowSizes,
    quantization: str,
    calibration: Mapping[str, np.ndarray] | None = None,
    outputs: Outputs = model_outputs,
) -> bytes:
    """Converts a model, with its weights in one of `QUANTIZATIONS`.

    Args:
        model: A model that `exportable` returned, of float32.
        sizes: Of a row.
        quantization: One of `QUANTIZATIONS`.
        calibration: For `"int8-static"`: its inputs by name, of which none is
            longer than `sizes`.
        outputs: What gives the file's outputs, see `tflite_outputs`.

    Returns:
        The file.

    Raises:
        ValueError: The model has operations that are not builtin.
    """
    if quantization == "int4":
        return compacted(
            with_int4_weights(convert(model, sizes, outputs=outputs))
        )
    if quantization != "int8-static":
        return compacted(convert(model, sizes, quantization, outputs))
    assert calibration is not None
    calibration = _filled_up(calibration, sizes)
    with _padding_bias(model, _least_padding_bias(model, calibration)):
        content = convert(model, sizes, outputs=outputs)
    num_rows = len(calibration["token_ids"])
    rows = [
        {name: ids[row : row + 1] for name, ids in calibration.items()}
        for row in range(num_rows)
    ]
    return compacted(with_int8_activations(content, rows))


def _filled_up(
    rows: Mapping[str, np.ndarray], sizes: RowSizes
) -> dict[str, np.ndarray]:
    """Pads rows to the sizes of the file, as whoever runs it does."""
    filled = {}
    for name, ids in rows.items():
        size = sizes.sequence_length
        if name == "mask_positions":
            size = sizes.max_masks
        widths = [(0, 0)] * (ids.ndim - 1) + [(0, size - ids.shape[-1])]
        filled[name] = np.pad(ids, widths)
    return filled


def keras_outputs(
    model: keras.Model,
    rows: Mapping[str, np.ndarray],
    outputs: Outputs = model_outputs,
) -> dict[str, np.ndarray]:
    """What Keras gives, under the names of `serve_ids`.

    Args:
        model: A model that `exportable` returned.
        rows: Its inputs by name.
        outputs: What gives outputs of both.

    Returns:
        Its outputs for all rows, which it computes a few at a time.
    """
    parts = [
        outputs(
            model,
            {
                name: keras.ops.convert_to_tensor(ids[i : i + _ROWS_AT_ONCE])
                for name, ids in rows.items()
            },
        )
        for i in range(0, len(rows["token_ids"]), _ROWS_AT_ONCE)
    ]
    return {
        name: np.concatenate([part[name].numpy() for part in parts])
        for name in parts[0]
    }


def _least_padding_bias(
    model: keras.Model, rows: Mapping[str, np.ndarray]
) -> float:
    """The mildest bias that keeps all attention off the padding.

    In 8 bits a score of -10,000 would leave the others a single step. How low
    is low enough is found in float32, on the rows themselves.
    """
    exact = keras_outputs(model, rows)
    for bias in _PADDING_BIASES[:-1]:
        with _padding_bias(model, bias):
            found = keras_outputs(model, rows)
        if all(
            np.abs(found[name] - output).max() <= _UNCHANGED * output.std()
            for name, output in exact.items()
        ):
            return bias
    return _PADDING_BIASES[-1]


@contextlib.contextmanager
def _padding_bias(model: keras.Model, bias: float) -> Iterator[None]:
    encoder = backbone_of(model).encoder
    before = encoder.padding_bias
    encoder.padding_bias = bias
    try:
        yield
    finally:
        encoder.padding_bias = before
