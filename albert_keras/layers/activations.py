"""The activations that ALBERT configurations name."""

import math
from collections.abc import Callable

import keras
from keras import ops

from albert_keras.config import HIDDEN_ACTIVATIONS

# What google calls "gelu" is the tanh approximation (modeling.py, gelu).
_APPROXIMATE_GELU = ("gelu", "gelu_new")
_SLOPE = math.sqrt(2.0 / math.pi)
_CUBIC = 0.044715


def get_activation(name: str) -> Callable:
    """The function behind a `hidden_act` of `albert_config.json`.

    Args:
        name: One of `albert_keras.config.HIDDEN_ACTIVATIONS`.

    Returns:
        A function from a tensor to a tensor of the same shape and dtype.

    Raises:
        ValueError: The name is none of them.
    """
    if name not in HIDDEN_ACTIVATIONS:
        raise ValueError(
            f"`activation` must be one of {', '.join(HIDDEN_ACTIVATIONS)}. "
            f"Received: activation={name!r}."
        )
    if name in _APPROXIMATE_GELU:
        return _gelu_tanh
    if name == "gelu_erf":
        return _gelu_erf
    return keras.activations.get(name)


def in_training(activation: Callable) -> Callable:
    """The same function with a gradient that takes fewer operations.

    The derivative of the approximate GELU, left to the backend, goes through
    each operation of the formula; without a compiler that fuses them, each
    reads and writes the whole tensor. Exported graphs keep the formula that
    converters recognise.

    Args:
        activation: what `get_activation` returned, or another function.

    Returns:
        A function from a tensor to a tensor of the same shape and dtype.
    """
    return _trainable_gelu_tanh if activation is _gelu_tanh else activation


def _gelu_tanh(x):
    return ops.gelu(x, approximate=True)


def _gelu_erf(x):
    return ops.gelu(x, approximate=False)


@ops.custom_gradient
def _trainable_gelu_tanh(x):
    square = ops.square(x)
    tanh = ops.tanh(x * (square * (_SLOPE * _CUBIC) + _SLOPE))
    share = 0.5 * tanh + 0.5
    outputs = x * share

    def gradient(upstream):
        inner = square * (3.0 * _SLOPE * _CUBIC) + _SLOPE
        return upstream * (share + (1.0 - tanh) * outputs * inner)

    return outputs, gradient
