"""Files in 4 bits, and in 8 bits throughout, by ai-edge-quantizer."""

import contextlib
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from albert_keras.artefact_names import SERVE_IDS

# Operations are told apart by the layers in their outputs' names.
_ENCODER = ".*encoder.*"
_LAYER_NORMS = ".*encoder.*layer_norm.*"
# Matrices of the heads: few and small, and nothing evens out what they lose.
EIGHT_BIT_HEADS = ".*(pooler|logits|conditional_spans|sop).*"


def with_int4_weights(content: bytes) -> bytes:
    """Stores the matrices and the token table of a float32 file in 4 bits.

    Each row has a scale, chosen for the least squared error. The pooler and
    the heads are stored in 8 bits. Matrix products take their other side in 8
    bits, quantised as it comes.

    Args:
        content: What `convert` made, in float32.

    Returns:
        The quantised file.
    """
    from ai_edge_quantizer.qtyping import TFLOperationName as Operation
    from ai_edge_quantizer.quantizer import AlgorithmName, Quantizer

    quantizer = Quantizer(bytearray(content))
    for operation in (Operation.FULLY_CONNECTED, Operation.EMBEDDING_LOOKUP):
        quantizer.add_dynamic_config(
            ".*", operation, num_bits=4, algorithm_key=AlgorithmName.MSE
        )
    quantizer.add_dynamic_config(
        EIGHT_BIT_HEADS, Operation.FULLY_CONNECTED, num_bits=8
    )
    return _quantized(quantizer, None)


def with_int8_activations(
    content: bytes, rows: Sequence[Mapping[str, np.ndarray]]
) -> bytes:
    """Computes the encoder of a float32 file in 8 bits.

    The ranges of its activations are those that rows show. Layer norms, which
    sum squares, stay float32. The embedding and the heads have weights in 8
    bits and activations that are quantised as they come.

    Args:
        content: What `convert` made, in float32.
        rows: Inputs by name, of one row each.

    Returns:
        The quantised file.
    """
    from ai_edge_quantizer.qtyping import TFLOperationName as Operation
    from ai_edge_quantizer.quantizer import AlgorithmName, Quantizer

    quantizer = Quantizer(bytearray(content))
    for operation in (Operation.FULLY_CONNECTED, Operation.EMBEDDING_LOOKUP):
        quantizer.add_dynamic_config(".*", operation, num_bits=8)
    quantizer.add_static_config(
        _ENCODER,
        Operation.ALL_SUPPORTED,
        activation_num_bits=8,
        weight_num_bits=8,
    )
    quantizer.update_quantization_recipe(
        _LAYER_NORMS,
        Operation.ALL_SUPPORTED,
        algorithm_key=AlgorithmName.NO_QUANTIZE,
    )
    return _quantized(quantizer, rows)


def _quantized(
    quantizer: Any, rows: Sequence[Mapping[str, np.ndarray]] | None
) -> bytes:
    """Runs a quantizer, which else reports of its steps on the terminal."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        ranges = None
        if rows is not None:
            ranges = quantizer.calibrate({SERVE_IDS: rows})
        return bytes(quantizer.quantize(ranges).quantized_model)
