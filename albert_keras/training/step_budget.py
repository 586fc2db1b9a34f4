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

# Batches that are timed, after those in which TensorFlow traces and warms up:
# so many at least, and for a few seconds, in which a machine's speed changes.
_WARM_STEPS = 3
_TIMED_BATCHES = 10
_TIMED_SECONDS = 5.0
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
    timer = _BatchTimer(_WARM_STEPS)
    started = time.perf_counter()
    model.fit(
        train_data,
        shuffle=False,
        verbose=0,
        callbacks=[timer],
    )
    tracing = timer.ends[0] - started
    step = timer.seconds_a_batch / model.steps_per_execution
    evaluation = 0.0
    if eval_data is not None:
        timer = _BatchTimer(1)
        started = time.perf_counter()
        model.evaluate(eval_data, verbose=0, callbacks=[timer])
        tracing += timer.ends[0] - started
        evaluation = (
            int(eval_data.cardinality())
            * timer.seconds_a_batch
            / model.steps_per_execution
        )
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
    """Notes when batches end, and ends what it is called by in time."""

    def __init__(self, warm_batches: int) -> None:
        super().__init__()
        self.warm_batches = warm_batches
        self.ends: list[float] = []

    @property
    def seconds_a_batch(self) -> float:
        """What a batch took after the warm ones; 0 if there was none."""
        warm_end = self.ends[min(self.warm_batches, len(self.ends)) - 1]
        timed = max(len(self.ends) - self.warm_batches, 1)
        return (self.ends[-1] - warm_end) / timed

    def _is_enough(self) -> bool:
        self.ends.append(time.perf_counter())
        timed = len(self.ends) - self.warm_batches
        seconds = timed * self.seconds_a_batch
        return timed >= _TIMED_BATCHES and seconds >= _TIMED_SECONDS

    def on_train_batch_end(
        self, batch: int, logs: dict[str, float] | None = None
    ) -> None:
        self.model.stop_training = self._is_enough()

    def on_test_batch_end(
        self, batch: int, logs: dict[str, float] | None = None
    ) -> None:
        self.model.stop_evaluating = self._is_enough()
