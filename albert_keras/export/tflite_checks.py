"""What every TensorFlow Lite file is held to before it is kept."""

import math
import re

import keras

from albert_keras.export.ai_edge_quantization import EIGHT_BIT_HEADS
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
        _expected_bytes(weight, quantization) for weight in model.weights
    )
    if quantization == "int8-static":
        expected += _static_biases(model)
    if written.constant_bytes > 1.05 * expected + _OTHER_CONSTANTS:
        raise ValueError(
            "Each weight must be stored once. Received: "
            f"{written.constant_bytes:,} bytes of constants, for weights of "
            f"{expected:,.0f} bytes."
        )


def _expected_bytes(weight: keras.Variable, quantization: str) -> float:
    size = math.prod(weight.shape)
    if quantization == "float16":
        return 2 * size
    is_quantized = len(weight.shape) == 2 and size >= _FEWEST_QUANTIZED
    if quantization in ("int4", "int8-static"):
        # ai-edge-quantizer leaves alone what is added. Positions of rows of
        # one length become 8 bits behind it, of any length they do not.
        is_quantized &= "position_embedding" not in weight.path
    if quantization == "float32" or not is_quantized:
        return 4 * size
    in_4_bits = quantization == "int4" and not re.match(
        EIGHT_BIT_HEADS, weight.path
    )
    return size / 2 if in_4_bits else size


def _static_biases(model: keras.Model) -> int:
    """Bytes of the biases of later layers.

    In integers a bias goes by the scale of what it is added to, so that each
    layer has its own.
    """
    backbone = backbone_of(model)
    of_layer = 5 * backbone.hidden_dim + backbone.intermediate_dim
    calls = backbone.num_layers * backbone.num_inner_repetitions
    return 4 * calls * of_layer
