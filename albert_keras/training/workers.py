"""What the workers of a run tell each other, and when one is lost."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from albert_keras.training.strategies import TrainingStrategy

# What TensorFlow raises in the others when a worker is gone.
_LOST = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.UnavailableError,
)


def from_chief(strategy: TrainingStrategy, value: Any) -> Any:
    """Gives all workers what the chief has. All must call it.

    Args:
        strategy: of the run.
        value: what JSON can hold; that of the other workers does not count.

    Returns:
        The chief's value, as JSON gives it back.
    """
    if strategy.num_workers == 1:
        return value
    text = json.dumps(value).encode() if strategy.is_chief else b""
    (length,) = array_from_chief(strategy, np.array([len(text)], "int32"))
    numbers = np.zeros(length, "int32")
    if strategy.is_chief:
        numbers[:] = np.frombuffer(text, "uint8")
    numbers = array_from_chief(strategy, numbers)
    return json.loads(numbers.astype("uint8").tobytes())


def array_from_chief(
    strategy: TrainingStrategy, array: np.ndarray
) -> np.ndarray:
    """Gives all workers an array of the chief's. All must call it.

    Args:
        strategy: of the run.
        array: of the same shape and dtype in all workers.

    Returns:
        The chief's array.
    """
    if strategy.num_workers == 1:
        return array

    # The sum of the chief's value and of zeros, which is exact.
    def value_of(context: Any) -> tf.Tensor:
        is_first = context.replica_id_in_sync_group == 0
        return tf.constant(array if is_first else np.zeros_like(array))

    values = strategy.handle.experimental_distribute_values_from_function(
        value_of
    )
    summed = strategy.handle.reduce(
        tf.distribute.ReduceOp.SUM, values, axis=None
    )
    return summed.numpy()


@contextlib.contextmanager
def lost_workers_named(strategy: TrainingStrategy) -> Iterator[None]:
    """Says what happened when another worker is gone.

    Args:
        strategy: of the run.

    Raises:
        ConnectionError: in place of TensorFlow's error.
    """
    if strategy.num_workers == 1:
        yield
        return
    try:
        yield
    except _LOST as error:
        raise ConnectionError(
            "Another worker of the run was lost, and a step needs all of them. "
            "Start all workers again with --resume: the run goes on from its "
            "last checkpoint."
        ) from error
