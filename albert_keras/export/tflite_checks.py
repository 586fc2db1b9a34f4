"""What every TensorFlow Lite file is held to before it is kept."""

import math

import keras

from albert_keras.export.flatbuffer import FlatbufferModel

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
    if written.constant_bytes > 1.05 * expected + _OTHER_CONSTANTS:
        raise ValueError(
            "Each weight must be stored once. Received: "
            f"{written.constant_bytes:,} bytes of constants, for weights of "
            f"{expected:,} bytes."
        )


def _expected_bytes(shape: tuple[int, ...], quantization: str) -> int:
    size = math.prod(shape)
    is_quantized = (
        quantization == "int8" and len(shape) == 2 and size >= _FEWEST_QUANTIZED
    )
    return size if is_quantized else 4 * size
