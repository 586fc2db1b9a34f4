"""A warning when training goes wrong, before the time is wasted.

At too high a learning rate the masked-LM loss of an ALBERT falls for a while,
then jumps up and stays there (google-research/albert issue 29); nothing else
says so for hours.

The rule. The run is looked at in windows of a hundredth of its steps, of ten
at least. A loss counts as high if it is above the lowest mean of any earlier
window by more than `max(0.25 nats, 6 σ (1 + 5 / n))`. σ is the noise of a
window's mean, estimated from how much the n differences of successive windows
scatter (median absolute deviation); n is 7 at least, and the second factor
makes up for what so few tell. Two high windows in a row are a divergence: one
alone is a batch or two of hard examples, and a plateau, even a long one before
anything is learnt, is none at all.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from rich.console import Console

from albert_keras.training.callbacks import StepCallback
from albert_keras.training.metrics_log import MetricsRow
from albert_keras.training.options import TrainingPlan
from albert_keras.training.run_checkpoints import RunCheckpoints
from albert_keras.training.run_log import RunLog

_WINDOWS_A_RUN = 100
_STEPS_AT_LEAST = 10
# Windows before the noise can be told, by which the tenth is the first to warn.
_WINDOWS_AT_LEAST = 8
_NATS = 0.25
_SIGMAS = 6.0
_OF_FEW = 5.0
# The median absolute deviation of a normal distribution is 0.6745 σ.
_SIGMAS_A_DEVIATION = 1 / 0.6745


class Divergence(NamedTuple):
    """A loss that rose and stayed up.

    Attributes:
        best_step: end of the window in which the loss was lowest.
        best_loss: its mean there, in nats.
        since: end of the first high window.
        loss: the mean of the last window.
    """

    best_step: int
    best_loss: float
    since: int
    loss: float


def find_divergence(
    rows: Iterable[MetricsRow], num_train_steps: int
) -> Divergence | None:
    """Looks whether the loss jumped up and stayed, see above.

    Args:
        rows: those of metrics.csv, in their order.
        num_train_steps: int. Steps of the whole run.

    Returns:
        The first divergence, or None.
    """
    steps, losses = _windows(rows, num_train_steps)
    for last in range(_WINDOWS_AT_LEAST + 1, len(losses)):
        before = losses[: last - 1]
        best = int(before.argmin())
        differences = np.diff(before)
        spread = np.median(np.abs(differences - np.median(differences)))
        # A difference of two means has twice the variance of one.
        noise = _SIGMAS_A_DEVIATION * spread / np.sqrt(2)
        noise *= 1 + _OF_FEW / len(differences)
        limit = before[best] + max(_NATS, _SIGMAS * noise)
        if min(losses[last - 1], losses[last]) > limit:
            return Divergence(
                int(steps[best]),
                float(before[best]),
                int(steps[last - 1]),
                float(losses[last]),
            )
    return None


def _windows(
    rows: Iterable[MetricsRow], num_train_steps: int
) -> tuple[np.ndarray, np.ndarray]:
    """The ends of windows, and the mean masked-LM losses in them."""
    size = max(_STEPS_AT_LEAST, num_train_steps / _WINDOWS_A_RUN)
    steps, losses = [], []
    last_step = start = 0
    total = 0.0
    for row in rows:
        if row.split != "train":
            continue
        # A row is the mean of the steps since the one before.
        total += row.values["masked_lm_loss"] * (row.step - last_step)
        last_step = row.step
        if last_step - start >= size:
            steps.append(last_step)
            losses.append(total / (last_step - start))
            start, total = last_step, 0.0
    return np.array(steps), np.array(losses)


class WarnOfDivergence(StepCallback):
    """Says once that the loss has jumped up and stays, and what to change.

    Args:
        console: where to say it.
        log: of the run, whose rows are looked at.
        plan: of the run.
        checkpoints: of the run, to name one from before.
        learning_rate: float. The peak rate of the run.
    """

    def __init__(
        self,
        console: Console,
        log: RunLog,
        plan: TrainingPlan,
        checkpoints: RunCheckpoints,
        learning_rate: float,
    ) -> None:
        super().__init__()
        self.console = console
        self.log = log
        self.plan = plan
        self.checkpoints = checkpoints
        self.learning_rate = learning_rate
        self._is_told = False

    def on_step_end(self, step: int, logs: dict[str, float]) -> None:
        if self._is_told or not self.plan.is_due(step, self.plan.log_every):
            return
        found = find_divergence(self.log.rows, self.plan.num_train_steps)
        if found is not None:
            self._is_told = True
            self.console.print(
                self._sentence(found), style="bold red", soft_wrap=True
            )

    def _sentence(self, found: Divergence) -> str:
        before = [s for s in self.checkpoints.steps() if s <= found.best_step]
        kept = (
            f" The checkpoint of step {before[-1]} is from before."
            if before
            else ""
        )
        return (
            f"Warning: training diverges. The masked-LM loss was "
            f"{found.best_loss:.2f} at step {found.best_step}, and has stood "
            f"above it since step {found.since}: {found.loss:.2f} now. It may "
            "not come back. Stop (Ctrl-C) and begin again with a lower "
            f"learning rate, {self.learning_rate / 2:.2g} instead of "
            f"{self.learning_rate:.2g}, with a longer warm-up, or with larger "
            f"batches.{kept}"
        )
