"""How many steps fit into a number of minutes."""

import time
from typing import NamedTuple

import keras
import tensorflow as tf

# Steps that are timed, after those in which TensorFlow traces and warms up.
_TIMED_STEPS = 10
_WARM_STEPS = 3
# Evaluations of a run whose `eval_every` is not given.
_EVALUATIONS = 10
# Time kept for saving, drawing, and for a machine that gets busier.
_RESERVE = 0.05


class Speed(NamedTuple):
    """What a run's parts take, in seconds.

    Attributes:
        tracing: before the first step and the first evaluation can begin.
        step: a training step.
        evaluation: an evaluation on all held-out examples.
    """

    tracing: float
    step: float
    evaluation: float


def measure_speed(
    model: keras.Model,
    train_data: tf.data.Dataset,
    eval_data: tf.data.Dataset | None = None,
) -> Speed:
    """Times a few steps, and leaves the model's weights as they were.

    Args:
        model: compiled. Its optimizer has taken steps afterwards: compile it
            anew.
        train_data: endless batches.
        eval_data: held-out batches, of a number that is known.

    Returns:
        The times.
    """
    initial = [(v, v.numpy()) for v in model.variables]
    timer = _BatchTimer()
    started = time.perf_counter()
    model.fit(
        train_data,
        steps_per_epoch=_WARM_STEPS + _TIMED_STEPS,
        shuffle=False,
        verbose=0,
        callbacks=[timer],
    )
    tracing = timer.ends[0] - started
    step = (timer.ends[-1] - timer.ends[_WARM_STEPS - 1]) / _TIMED_STEPS
    evaluation = 0.0
    if eval_data is not None:
        timer.ends.clear()
        started = time.perf_counter()
        model.evaluate(
            eval_data.take(_TIMED_STEPS), verbose=0, callbacks=[timer]
        )
        tracing += timer.ends[0] - started
        later_seconds = timer.ends[-1] - timer.ends[0]
        later_batches = max(len(timer.ends) - 1, 1)
        num_batches = int(eval_data.cardinality())
        evaluation = num_batches * later_seconds / later_batches
    for variable, value in initial:
        variable.assign(value)
    return Speed(tracing, step, evaluation)


def steps_within(
    seconds: float, speed: Speed, eval_every: int | None = None
) -> int:
    """The number of steps that a run can take in a time.

    Args:
        seconds: float. The time there is.
        speed: what the parts of the run take.
        eval_every: int or `None`. Steps between two evaluations; `None` for ten
            evaluations in all.

    Returns:
        The number of steps, at least 1.

    Raises:
        ValueError: if there is no time for a step.
    """
    left = seconds * (1 - _RESERVE) - speed.tracing
    if eval_every is None:
        steps = (left - _EVALUATIONS * speed.evaluation) / speed.step
    else:
        steps = left / (speed.step + speed.evaluation / eval_every)
    if steps < 1:
        raise ValueError(
            "`minutes` must leave time for a training step. Received: "
            f"{seconds:.0f} seconds, of which tracing takes "
            f"{speed.tracing:.1f}, a step {speed.step:.1f} and an evaluation "
            f"{speed.evaluation:.1f}."
        )
    return int(steps)


class _BatchTimer(keras.callbacks.Callback):
    """Notes when batches end."""

    def __init__(self) -> None:
        super().__init__()
        self.ends: list[float] = []

    def on_train_batch_end(
        self, batch: int, logs: dict[str, float] | None = None
    ) -> None:
        self.ends.append(time.perf_counter())

    on_test_batch_end = on_train_batch_end
