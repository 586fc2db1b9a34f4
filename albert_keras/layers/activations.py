"""The activations that ALBERT configurations name."""

from collections.abc import Callable

import keras

from albert_keras.config import HIDDEN_ACTIVATIONS

# What google calls "gelu" is the tanh approximation (modeling.py, gelu).
_APPROXIMATE_GELU = ("gelu", "gelu_new")


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


def _gelu_tanh(x):
    return keras.ops.gelu(x, approximate=True)


def _gelu_erf(x):
    return keras.ops.gelu(x, approximate=False)
