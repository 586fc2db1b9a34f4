"""What happens after each step of a fine-tuning run."""

import math
from collections.abc import Callable

import keras
from rich.console import Console

from albert_keras.tasks.options import FinetuningOptions
from albert_keras.training.callbacks import StepCallback
from albert_keras.training.interrupts import StopSignals
from albert_keras.training.metrics_log import MetricsLog, MetricsRow
from albert_keras.training.run_checkpoints import RunCheckpoints


class KeepRun(StepCallback):
    """Logs the loss, evaluates, saves, and stops when a signal is pending.

    Args:
        options: of the run.
        log: metrics.csv.
        checkpoints: of the run.
        signals: which may ask for the end.
        schedule: learning rate by step.
        evaluate: gives the metrics of the held-out examples; None where
            there are none.
        console: where a line is printed for each row.
        losses: those since the last row, of a resumed run.
    """

    def __init__(
        self,
        options: FinetuningOptions,
        log: MetricsLog,
        checkpoints: RunCheckpoints,
        signals: StopSignals,
        schedule: Callable[[int], object],
        evaluate: Callable[[keras.Model], dict[str, float]] | None,
        console: Console,
        losses: list[float],
    ) -> None:
        super().__init__()
        self.options = options
        self.log = log
        self.checkpoints = checkpoints
        self.signals = signals
        self.schedule = schedule
        self.evaluate = evaluate
        self.console = console
        self.losses = losses

    def on_train_batch_begin(
        self, batch: int, logs: dict[str, float] | None = None
    ) -> None:
        super().on_train_batch_begin(batch, logs)
        self.model.reset_metrics()  # so that the loss is that of a step

    def on_step_end(self, step: int, logs: dict[str, float]) -> None:
        if not math.isfinite(logs["loss"]):
            raise FloatingPointError(
                f"The loss of step {step} is {logs['loss']}; "
                f"{self.checkpoints.last_good()} Lower the learning rate or "
                "lengthen the warm-up."
            )
        self.losses.append(float(logs["loss"]))
        last = step == self.options.num_train_steps
        if step % self.options.log_every == 0 or last:
            rate = float(self.schedule(step - 1))  # type: ignore[arg-type]
            loss = sum(self.losses) / len(self.losses)
            self.losses.clear()
            self._append(
                MetricsRow(step, "train", {"loss": loss, "learning_rate": rate})
            )
        stop = self.signals.must_stop and not last
        if (
            self.evaluate is not None
            and self.options.evaluates_after(step)
            and not stop
        ):
            self._append(MetricsRow(step, "eval", self.evaluate(self.model)))
        if stop or self.options.saves_after(step):
            notes = {"losses": self.losses}
            self.checkpoints.save(self.model, step, notes)
        if stop:
            self.model.stop_training = True

    def _append(self, row: MetricsRow) -> None:
        self.log.append(row)
        numbers = "  ".join(f"{k} {v:.5g}" for k, v in row.values.items())
        self.console.print(
            f"{row.step}/{self.options.num_train_steps}  {row.split}  "
            f"{numbers}",
            soft_wrap=not self.console.is_terminal,
            highlight=False,
        )
