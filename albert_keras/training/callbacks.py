"""What happens after each step of a pretraining run, as Keras callbacks.

`fit` calls them in the order of its list, and the order matters: the loss is
looked at first and measured next; evaluation comes before the checkpoint, so
that a checkpoint at that step says that its evaluation is in the log.
"""

import math
import time
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from albert_keras.training.interrupts import StopSignals
from albert_keras.training.loop import finished_steps
from albert_keras.training.metrics_log import METRICS, MetricsRow
from albert_keras.training.options import TrainingPlan
from albert_keras.training.run_checkpoints import RunCheckpoints
from albert_keras.training.run_log import RunLog


class StepCallback(keras.callbacks.Callback):
    """A callback that is told the number of finished steps of the run.

    Keras counts batches anew in each `fit`; the optimizer's count is part of
    the checkpoint.
    """

    @property
    def step(self) -> int:
        """Finished steps of the run."""
        return finished_steps(self.model)

    def on_train_batch_end(
        self, batch: int, logs: dict[str, float] | None = None
    ) -> None:
        self.on_step_end(self.step, logs or {})

    def on_step_end(self, step: int, logs: dict[str, float]) -> None:
        """Called after each step.

        Args:
            step: finished steps of the run.
            logs: metrics of this step alone.
        """
        raise NotImplementedError


class StopOnNonFiniteLoss(StepCallback):
    """Ends the run with an error when the loss is infinite or not a number.

    Args:
        checkpoints: of the run, to name the last one.
    """

    def __init__(self, checkpoints: RunCheckpoints) -> None:
        super().__init__()
        self.checkpoints = checkpoints

    def on_step_end(self, step: int, logs: dict[str, float]) -> None:
        if not math.isfinite(logs["loss"]):
            raise FloatingPointError(
                f"The loss of step {step} is {logs['loss']}; "
                f"{self.checkpoints.last_good()} Lower the learning rate or "
                "lengthen the warm-up."
            )


class MeasureTraining(StepCallback):
    """Averages the metrics of the steps and logs the means.

    The model's own metrics are reset before each step, so that a step's values
    are its own, and the sums are kept here in plain numbers, which a checkpoint
    can hold. So the rows of a resumed run are those of a run that was never
    stopped.

    Args:
        log: of the run.
        plan: of the run.
        schedule: the learning rate by step.
        tokens_per_step: int. Tokens of a batch, padding included.

    Attributes:
        means: the means since the last row, which are shown.
        tokens_per_second: the speed since the last row, or None before a step
            could be timed.
    """

    def __init__(
        self,
        log: RunLog,
        plan: TrainingPlan,
        schedule: keras.optimizers.schedules.LearningRateSchedule,
        tokens_per_step: int,
    ) -> None:
        super().__init__()
        self.log = log
        self.plan = plan
        self.schedule = schedule
        self.tokens_per_step = tokens_per_step
        self.means: dict[str, float] = {}
        self.tokens_per_second: float | None = None
        self._is_traced = False
        self._start_row()

    def get_state(self) -> dict[str, Any]:
        """The sums since the last row, for a checkpoint."""
        return {"num_steps": self._num_steps, "sums": self._sums}

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on with the sums of a checkpoint."""
        self._num_steps = state["num_steps"]
        self._sums = dict(state["sums"])

    def on_train_batch_begin(
        self, batch: int, logs: dict[str, float] | None = None
    ) -> None:
        self.model.reset_metrics()
        self._started = time.perf_counter()

    def on_step_end(self, step: int, logs: dict[str, float]) -> None:
        self._time_step(time.perf_counter() - self._started)
        self._num_steps += 1
        for name in METRICS:
            self._sums[name] += logs[name]
        self.means = {k: v / self._num_steps for k, v in self._sums.items()}
        if self.plan.is_due(step, self.plan.log_every):
            self._log_row(step)

    def _time_step(self, seconds: float) -> None:
        if not self._is_traced:
            self._is_traced = True  # what the first step took was tracing
            return
        self._seconds += seconds
        self._timed_steps += 1
        self.tokens_per_second = (
            self.tokens_per_step * self._timed_steps / self._seconds
        )

    def _log_row(self, step: int) -> None:
        # The rate of the update that made this step.
        values = {**self.means, "learning_rate": float(self.schedule(step - 1))}
        if self.tokens_per_second is not None:
            values["tokens_per_second"] = self.tokens_per_second
        self.log.append(MetricsRow(step, "train", values))
        self._start_row()

    def _start_row(self) -> None:
        self._num_steps = 0
        self._sums = dict.fromkeys(METRICS, 0.0)
        self._timed_steps = 0
        self._seconds = 0.0


class Evaluate(StepCallback):
    """Evaluates on held-out examples and logs the result.

    Args:
        data: batches of all held-out examples.
        log: of the run.
        plan: of the run.
        signals: while one is pending there is no evaluation, and one under way
            is given up; the resumed run starts with it. The evaluation after
            the last step is always finished.
        observers: callbacks told of the evaluation's batches.
    """

    def __init__(
        self,
        data: tf.data.Dataset,
        log: RunLog,
        plan: TrainingPlan,
        signals: StopSignals,
        observers: Sequence[keras.callbacks.Callback] = (),
    ) -> None:
        super().__init__()
        self.data = data
        self.log = log
        self.plan = plan
        self.signals = signals
        self.observers = observers

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        step, last = self.step, self.log.last("eval")
        if step > 0 and (last is None or last.step < step):
            self.on_step_end(step, {})

    def on_step_end(self, step: int, logs: dict[str, float]) -> None:
        if self._must_stop() or not self.plan.is_due(
            step, self.plan.eval_every
        ):
            return
        values = self.model.evaluate(
            self.data,
            verbose=0,
            return_dict=True,
            callbacks=[self, *self.observers],
        )
        if not self._must_stop():
            self.log.append(MetricsRow(step, "eval", values))

    def on_test_batch_end(
        self, batch: int, logs: dict[str, float] | None = None
    ) -> None:
        if self._must_stop():
            self.model.stop_evaluating = True

    def _must_stop(self) -> bool:
        is_last = self.step == self.plan.num_train_steps
        return self.signals.must_stop and not is_last


class SaveCheckpoints(StepCallback):
    """Saves checkpoints, and ends the run after one when a signal is pending.

    Args:
        checkpoints: of the run.
        plan: of the run.
        signals: which may ask for the end of the run.
        measured: whose sums are part of the checkpoint.
    """

    def __init__(
        self,
        checkpoints: RunCheckpoints,
        plan: TrainingPlan,
        signals: StopSignals,
        measured: MeasureTraining,
    ) -> None:
        super().__init__()
        self.checkpoints = checkpoints
        self.plan = plan
        self.signals = signals
        self.measured = measured

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        # `Evaluate` may just have made up for an evaluation.
        score = self._score(self.step)
        if self.checkpoints.is_best(score):
            notes = self.measured.get_state()
            self.checkpoints.save(self.model, self.step, notes, score)

    def on_step_end(self, step: int, logs: dict[str, float]) -> None:
        is_asked_to_stop = self.signals.must_stop
        score = self._score(step)
        if (
            is_asked_to_stop
            or self.checkpoints.is_best(score)
            or self.plan.is_due(step, self.plan.checkpoint_every)
        ):
            notes = self.measured.get_state()
            self.checkpoints.save(self.model, step, notes, score)
        if is_asked_to_stop:
            self.model.stop_training = True

    def _score(self, step: int) -> float | None:
        """The accuracy on held-out examples, if they were evaluated now."""
        last = self.measured.log.last("eval")
        if last is None or last.step != step:
            return None
        return last.values["masked_lm_accuracy"]
