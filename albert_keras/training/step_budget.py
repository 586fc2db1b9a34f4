"""How many steps fit into a number of minutes."""

import time
from typing import NamedTuple

import keras
import tensorflow as tf

from albert_keras.training.options import (
    DEFAULT_EVALUATIONS,
    PretrainingOptions,
    TrainingPlan,
)

# Steps that are timed, after those in which TensorFlow traces and warms up.
_TIMED_STEPS = 10
_WARM_STEPS = 3
# The most that evaluations may take of the time.
_EVALUATION_SHARE = 0.2
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


def plan_within(
    seconds: float, speed: Speed, options: PretrainingOptions
) -> TrainingPlan:
    """Plans as many steps as a run can take in a time.

    Where `eval_every` is not given there are ten evaluations, or fewer if they
    would take more than a fifth of the time, but always one.

    Args:
        seconds: float. The time there is.
        speed: what the parts of the run take.
        options: of the run.

    Returns:
        The plan, of at least one step.

    Raises:
        ValueError: if there is no time for a step.
    """
    left = seconds * (1 - _RESERVE) - speed.tracing
    evaluations = DEFAULT_EVALUATIONS
    if options.eval_every is not None:
        steps = left / (speed.step + speed.evaluation / options.eval_every)
    else:
        if speed.evaluation > 0:
            affordable = int(_EVALUATION_SHARE * left / speed.evaluation)
            evaluations = max(1, min(evaluations, affordable))
        steps = (left - evaluations * speed.evaluation) / speed.step
    if steps < 1:
        raise ValueError(
            "`minutes` must leave time for a training step. Received: "
            f"{seconds:.0f} seconds, of which tracing takes "
            f"{speed.tracing:.1f}, a step {speed.step:.1f} and an evaluation "
            f"{speed.evaluation:.1f}."
        )
    return TrainingPlan.of(options, int(steps), evaluations)


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
