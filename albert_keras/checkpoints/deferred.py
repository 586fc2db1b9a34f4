"""Builds models whose variables begin with given values.

Keras fills every variable with random numbers as it makes it. For a model that
is loaded these are thrown away at once, after they took longer than reading
the file, and several times the memory of the largest variable. In a
`keras.StatelessScope` variables are only noted down, and what they are to
begin with can be said before they come to be.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import keras
import numpy as np
from keras.src.backend.common import global_state
from keras.src.backend.common.variables import initialize_all_variables

# Rows and columns of a matrix, and what stands there.
Piece = tuple[slice, slice, np.ndarray]


class Value(Protocol):
    """What a variable is to begin with."""

    def whole(self) -> Any:
        """All of it: an array, or a tensor that nobody else has."""

    def pieces(self) -> Iterator[Piece] | None:
        """The pieces of a large matrix; None for what is read at once."""


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

    Raises:
        Exception: Whatever `make`, `values` or a value raises; nothing of the
            model is left then.
    """
    pending = _pending()
    before = len(pending)
    try:
        with keras.StatelessScope(initialize_variables=False):
            model = make()
        filled = _prepare(model, values(model))
        initialize_all_variables()
    except BaseException:
        # Or the next model that is built would bring them to be.
        del pending[before:]
        raise
    for variable, pieces in filled:
        for rows, columns, piece in pieces:
            _write(variable, rows, columns, piece)
    return model


def _pending() -> list[Any]:
    """Keras' list of variables that were noted down only."""
    return global_state.get_global_attribute(
        "uninitialized_variables", [], set_to_default=True
    )


def _prepare(
    model: Any, given: Mapping[Any, Value]
) -> list[tuple[Any, Iterator[Piece]]]:
    """Replaces initialisers; returns what is to be filled afterwards."""
    filled = []
    for variable in model.variables:
        value = given.get(id(variable))
        if value is None:
            continue
        pieces = value.pieces() if _can_be_filled(variable) else None
        if pieces is None:
            variable._initializer = _Given(variable, value)
        else:
            variable._initializer = _empty
            filled.append((variable, pieces))
    return filled


def _can_be_filled(variable: Any) -> bool:
    """Whether a variable can be written to in place.

    Not where values are immutable, as JAX's are, nor where a strategy keeps a
    variable in several places, nor where pieces would have to be cast.
    """
    if keras.backend.backend() != "tensorflow" or variable.dtype != "float32":
        return False
    import tensorflow as tf

    return not tf.distribute.has_strategy()


def _write(variable: Any, rows: slice, columns: slice, piece: Any) -> None:
    import tensorflow as tf

    # `value[rows, columns].assign` would read the slice first, and while that
    # is alive TensorFlow copies the whole variable before it writes.
    height, width = variable.shape
    (top, bottom, _), (left, right, _) = (
        rows.indices(height),
        columns.indices(width),
    )
    tf.raw_ops.ResourceStridedSliceAssign(
        ref=variable.value.handle,
        begin=[top, left],
        end=[bottom, right],
        strides=[1, 1],
        value=np.ascontiguousarray(piece),
    )


def _empty(shape: Any, dtype: Any = None) -> Any:
    import tensorflow as tf

    return tf.raw_ops.Empty(shape=shape, dtype=tf.as_dtype(dtype))


class _Given:
    """An initialiser that takes the place of another."""

    def __init__(self, variable: Any, value: Value) -> None:
        self._path, self._value = variable.path, value

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        value = self._value.whole()
        if tuple(value.shape) != tuple(shape):
            raise ValueError(
                f"`{self._path}` must have the shape {tuple(shape)}. "
                f"Received: {value.shape}."
            )
        if isinstance(value, np.ndarray):
            value = np.require(value, requirements="C")
        return keras.ops.convert_to_tensor(value, dtype=dtype)
