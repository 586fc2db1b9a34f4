"""What every TensorFlow Lite file is held to before it is kept."""

import math

import keras

from albert_keras.export.flatbuffer import FlatbufferModel
from albert_keras.models.serving import backbone_of

# The converter leaves smaller tensors in float32.
_FEWEST_QUANTIZED = 1024
# Constants beside the weights: shapes, axes and folded arithmetic.
_OTHER_CONSTANTS = 16 * 1024


def check_operations(written: FlatbufferModel) -> None:
    """Refuses operations that a bare interpreter does not have.

    Raises:
        ValueError: There is a custom operation, such as those of Flex.
    """
    if written.custom_operations:
        raise ValueError(
            "A .tflite file must hold only builtin operations. Received: "
            f"{', '.join(written.custom_operations)}."
        )


def check_sharing(
    model: keras.Model, written: FlatbufferModel, quantization: str
) -> None:
    """Refuses a file in which a shared weight was copied.

    The converter does so wherever an operation stands between a weight and
    its use (onnxruntime #10340 tells of the same: 45 MB became 340).

    Args:
        model: The model that was converted.
        written: What became of it.
        quantization: How it was converted.

    Raises:
        ValueError: The constants take over 1.05 times the weights' bytes.
    """
    expected = sum(
        _expected_bytes(tuple(weight.shape), quantization)
        for weight in model.weights
    )
    if quantization == "int8-static":
        expected += _static_biases(model)
    if written.constant_bytes > 1.05 * expected + _OTHER_CONSTANTS:
        raise ValueError(
            "Each weight must be stored once. Received: "
            f"{written.constant_bytes:,} bytes of constants, for weights of "
            f"{expected:,.0f} bytes."
        )


def _expected_bytes(shape: tuple[int, ...], quantization: str) -> float:
    size = math.prod(shape)
    if quantization == "float16":
        return 2 * size
    is_quantized = len(shape) == 2 and size >= _FEWEST_QUANTIZED
    if quantization == "float32" or not is_quantized:
        return 4 * size
    return size / 2 if quantization == "int4" else size


def _static_biases(model: keras.Model) -> int:
    """Bytes of the biases of later layers.

    In integers a bias goes by the scale of what it is added to, so that each
    layer has its own.
    """
    backbone = backbone_of(model)
    of_layer = 5 * backbone.hidden_dim + backbone.intermediate_dim
    calls = backbone.num_layers * backbone.num_inner_repetitions
    return 4 * calls * of_layer
