"""What happens after each step of a pretraining run, as Keras callbacks.

`fit` calls them in the order of its list, and the order matters: the loss is
looked at first and measured next; evaluation comes before the checkpoint, so
that a checkpoint at that step says that its evaluation is in the log.
"""

import json
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from albert_keras.pretraining.shard_files import RecordPlace
from albert_keras.training.interrupts import StopSignals
from albert_keras.training.loop import finished_steps
from albert_keras.training.metrics_log import METRICS, MetricsRow
from albert_keras.training.options import TrainingPlan
from albert_keras.training.run_checkpoints import RunCheckpoints
from albert_keras.training.run_log import RunLog
from albert_keras.whole_files import written_whole

# The metrics of a step, as far as it has them.
_OF_THE_STEP = (*METRICS, "gradient_norm")
_RECORDS_NAMED = 3


class StepCallback(keras.callbacks.Callback):
    """A callback that is told the number of finished steps of the run.

    Keras counts batches anew in each `fit`; the optimizer's count is part of
    the checkpoint. Where one execution takes several steps
    (`steps_per_execution`), Keras calls once for all of them.

    Attributes:
        num_steps: steps since the call before.
    """

    num_steps = 1
    _last_step: int | None = None

    @property
    def step(self) -> int:
        """Finished steps of the run."""
        return finished_steps(self.model)

    def on_train_batch_begin(
        self, batch: int, logs: dict[str, float] | None = None
    ) -> None:
        if self._last_step is None:
            self._last_step = self.step

    def on_train_batch_end(
        self, batch: int, logs: dict[str, float] | None = None
    ) -> None:
        step = self.step
        self.num_steps = step - (self._last_step or 0)
        self._last_step = step
        self.on_step_end(step, logs or {})

    def on_step_end(self, step: int, logs: dict[str, float]) -> None:
        """Called after each step, or after several.

        Args:
            step: finished steps of the run.
            logs: metrics of these steps alone.
        """
        raise NotImplementedError


class StopOnNonFiniteLoss(StepCallback):
    """Ends the run with an error when the loss is infinite or not a number.

    The error names the step, the last checkpoint, and the records that the
    batch was made of: these are not kept, but found by drawing them again.

    Args:
        checkpoints: of the run, to name the last one.
        records_of: gives the places of the records of a step's batch, the
            first step being 1; None where they are not known.
        report: where all of them are listed, as JSON, when it happens.
    """

    def __init__(
        self,
        checkpoints: RunCheckpoints,
        records_of: Callable[[int], list[RecordPlace]] | None = None,
        report: Path | None = None,
    ) -> None:
        super().__init__()
        self.checkpoints = checkpoints
        self.records_of = records_of
        self.report = report

    def on_step_end(self, step: int, logs: dict[str, float]) -> None:
        if not math.isfinite(logs["loss"]):
            steps = range(step - self.num_steps + 1, step + 1)
            named = f"step {step}"
            if self.num_steps > 1:
                named = f"one of the steps {steps[0]} to {step}"
            raise FloatingPointError(
                f"The loss of {named} is {logs['loss']}; "
                f"{self.checkpoints.last_good()} Lower the learning rate or "
                f"lengthen the warm-up.{self._name_records(steps, logs)}"
            )

    def _name_records(self, steps: range, logs: dict[str, float]) -> str:
        """A sentence on where the batches came from."""
        if self.records_of is None:
            return ""
        batches = {step: self.records_of(step) for step in steps}
        by_file: dict[str, list[int]] = {}
        for places in batches.values():
            for file, record in places:
                by_file.setdefault(file, []).append(record)
        parts = []
        for file, records in sorted(by_file.items()):
            first = ", ".join(map(str, records[:_RECORDS_NAMED]))
            more = len(records) - _RECORDS_NAMED
            parts.append(
                f"'{file}' ({first}{f' and {more} more' if more > 0 else ''})"
            )
        where = ""
        if self.report is not None:
            listed = {
                "loss": str(logs["loss"]),
                "steps": [
                    {"step": step, "records": [p._asdict() for p in places]}
                    for step, places in batches.items()
                ],
            }
            with written_whole(self.report) as partial:
                partial.write_text(json.dumps(listed, indent=2) + "\n", "utf-8")
            where = f"; all are listed in '{self.report}'"
        return f" It was computed from records of {', '.join(parts)}{where}."


class StepCost(NamedTuple):
    """What the mean step of a run costs.

    Attributes:
        tokens: float. Tokens of its batch, without the padding.
        flops: float. Floating-point operations it needs.
        peak_flops: float. Operations that the devices together do in a
            second, at best.
    """

    tokens: float
    flops: float | None = None
    peak_flops: float | None = None


class MeasureTraining(StepCallback):
    """Averages the metrics of the steps and logs the means.

    The model's own metrics are reset before each execution, so that a step's
    values are its own, and the sums are kept here in plain numbers, which a
    checkpoint can hold. So the rows of a resumed run are those of a run that
    was never stopped.

    Args:
        log: of the run.
        plan: of the run.
        schedule: the learning rate by step.
        cost: of the mean step; or a number, its tokens.

    Attributes:
        means: the means since the last row, which are shown.
        tokens_per_second: tokens that are no padding, since the last row, or
            None before a step could be timed.
        share_of_peak: float or None. The operations that the steps needed over
            those that the devices could have done meanwhile.
    """

    def __init__(
        self,
        log: RunLog,
        plan: TrainingPlan,
        schedule: keras.optimizers.schedules.LearningRateSchedule,
        cost: StepCost | float,
    ) -> None:
        super().__init__()
        self.log = log
        self.plan = plan
        self.schedule = schedule
        self.cost = cost if isinstance(cost, StepCost) else StepCost(cost)
        self.means: dict[str, float] = {}
        self.tokens_per_second: float | None = None
        self.share_of_peak: float | None = None
        self._is_traced = False
        self._start_row()

    def get_state(self) -> dict[str, Any]:
        """The sums since the last row, for a checkpoint."""
        return {"num_steps": self._num_steps, "sums": self._sums}

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on with the sums of a checkpoint."""
        self._num_steps = state["num_steps"]
        self._sums: dict[str, float] = dict(state["sums"])

    def on_train_batch_begin(
        self, batch: int, logs: dict[str, float] | None = None
    ) -> None:
        super().on_train_batch_begin(batch, logs)
        self.model.reset_metrics()
        self._started = time.perf_counter()

    def on_step_end(self, step: int, logs: dict[str, float]) -> None:
        self._time_steps(time.perf_counter() - self._started)
        self._num_steps += self.num_steps
        for name in (name for name in _OF_THE_STEP if name in logs):
            # The mean of several steps, where one execution takes several.
            total = float(logs[name]) * self.num_steps
            self._sums[name] = self._sums.get(name, 0.0) + total
        self.means = {k: v / self._num_steps for k, v in self._sums.items()}
        if self.plan.is_due(step, self.plan.log_every):
            self._log_row(step)

    def _time_steps(self, seconds: float) -> None:
        if not self._is_traced:
            self._is_traced = True  # what the first step took was tracing
            return
        self._seconds += seconds
        self._timed_steps += self.num_steps
        speed = self._timed_steps / self._seconds
        self.tokens_per_second = self.cost.tokens * speed
        if self.cost.flops and self.cost.peak_flops:
            self.share_of_peak = self.cost.flops * speed / self.cost.peak_flops

    def _log_row(self, step: int) -> None:
        # The rate of the update that made this step.
        values = {**self.means, "learning_rate": float(self.schedule(step - 1))}
        for name in ("tokens_per_second", "share_of_peak"):
            if getattr(self, name) is not None:
                values[name] = getattr(self, name)
        self.log.append(MetricsRow(step, "train", values))
        self._start_row()

    def _start_row(self) -> None:
        self._num_steps = 0
        self._sums = {}
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
