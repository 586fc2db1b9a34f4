"""What a training step costs, in floating-point operations."""

import time
from typing import Any

from keras import ops

from albert_keras.config import AlbertConfig

# Sides of the square product that is timed, from small to large: the largest
# that a device does in the time there is counts.
_SIDES = (1024, 2048, 4096, 8192)
_ENOUGH_SECONDS = 0.05
_REPETITIONS = 5


def block_flops(
    config: AlbertConfig, batch_size: int, sequence_length: int
) -> float:
    """Operations of the matrix products of one block, forward.

    A product of `[m, k]` and `[k, n]` counts `2·m·k·n`. What is not a matrix
    product (layer norms, activations, softmax) is left out, as is usual for the
    share of a device's peak (Chowdhery et al. 2022, appendix B).

    Args:
        config: of the model.
        batch_size: int. Examples B.
        sequence_length: int. Tokens S of an example, padding included.

    Returns:
        The number of operations.
    """
    hidden = config.hidden_size
    return (
        2.0
        * batch_size
        * sequence_length
        * (
            4 * hidden * hidden  # query, key, value and output
            + 2 * hidden * config.intermediate_size
            + 2 * sequence_length * hidden  # scores and context
        )
    )


def forward_flops(
    config: AlbertConfig,
    batch_size: int,
    sequence_length: int,
    predictions_per_seq: int,
) -> float:
    """Operations of the matrix products of a pretraining forward pass.

    Args:
        config: of the model.
        batch_size: int. Examples B.
        sequence_length: int. Tokens S of an example, padding included.
        predictions_per_seq: int. Masked positions P of an example.

    Returns:
        The number of operations, counted as in `block_flops`.
    """
    hidden, embedding = config.hidden_size, config.embedding_size
    blocks = config.num_hidden_layers * config.inner_group_num
    projection = hidden * embedding if hidden != embedding else 0
    predictions = batch_size * predictions_per_seq
    return blocks * block_flops(config, batch_size, sequence_length) + 2.0 * (
        batch_size * sequence_length * projection
        + predictions * embedding * (hidden + config.vocab_size)
        + batch_size * hidden * (hidden + 2)  # pooler and sentence order
    )


def step_flops(
    config: AlbertConfig,
    batch_size: int,
    sequence_length: int,
    predictions_per_seq: int,
) -> float:
    """Operations that a pretraining step needs.

    Three times those of the forward pass: the backward pass has two products
    for each of them. What rematerialisation computes again is work, but not
    needed, and does not count.

    Args:
        config: of the model.
        batch_size: int. Examples of the step, over all devices.
        sequence_length: int. Tokens of an example, padding included.
        predictions_per_seq: int. Masked positions of an example.

    Returns:
        The number of operations.
    """
    return 3.0 * forward_flops(
        config, batch_size, sequence_length, predictions_per_seq
    )


def measured_peak_flops(dtype: str = "float32") -> float:
    """The rate at which this device multiplies large square matrices.

    It takes about a second on a CPU. On the JAX backend it is the rate of one
    device.

    Args:
        dtype: `"float32"`, `"bfloat16"` or `"float16"`: what is multiplied.

    Returns:
        Operations per second: the best of a few repetitions.
    """
    best = 0.0
    for side in _SIDES:
        matrix = ops.cast(ops.ones((side, side)) / side, dtype)
        _wait(ops.matmul(matrix, matrix))  # compiles, allocates, warms up
        fastest = float("inf")
        for _ in range(_REPETITIONS):
            started = time.perf_counter()
            _wait(ops.matmul(matrix, matrix))
            fastest = min(fastest, time.perf_counter() - started)
        best = max(best, 2.0 * side**3 / fastest)
        if fastest > _ENOUGH_SECONDS:
            break
    return best


def _wait(tensor: Any) -> None:
    """Returns when a tensor is computed, of which one number is fetched."""
    float(ops.convert_to_numpy(ops.cast(tensor[0, 0], "float32")))
