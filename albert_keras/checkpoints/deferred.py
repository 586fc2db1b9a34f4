"""Builds models whose variables begin with given values.

Keras fills every variable with random numbers as it makes it. For a model that
is loaded these are thrown away at once, after they took longer than reading
the file, and several times the memory of the largest variable. In a
`keras.StatelessScope` variables are only noted down, and what they are to
begin with can be said before they come to be.
"""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
from keras.src.backend.common.variables import initialize_all_variables

Value = Callable[[], np.ndarray]


def build(
    make: Callable[[], Any], values: Callable[[Any], Mapping[Any, Value]]
) -> Any:
    """Makes a model, with values in place of its initialisers'.

    Args:
        make: Makes it. Nothing in it may need a value of a variable.
        values: From the model to the values of its variables, by the id of
            the variable. A variable that is left out begins as usual.

    Returns:
        The model.
    """
    with keras.StatelessScope(initialize_variables=False):
        model = make()
    given = values(model)
    for variable in model.variables:
        value = given.get(id(variable))
        if value is not None:
            variable._initializer = _Given(variable, value)
    initialize_all_variables()
    return model


class _Given:
    """An initialiser that takes the place of another."""

    def __init__(self, variable: Any, value: Value) -> None:
        self._path, self._value = variable.path, value

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        value = self._value()
        if tuple(value.shape) != tuple(shape):
            raise ValueError(
                f"`{self._path}` must have the shape {tuple(shape)}. "
                f"Received: {value.shape}."
            )
        return keras.ops.convert_to_tensor(
            np.require(value, requirements="C"), dtype=dtype
        )
