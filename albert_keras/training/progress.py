"""What a person watches while a run goes on."""

import contextlib
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from albert_keras.training.callbacks import MeasureTraining, StepCallback
from albert_keras.training.options import TrainingPlan

_BAR_WIDTH = 10
# Where there is no terminal: at first a line every ten seconds, then after each
# twentieth of the time gone by, in long runs every ten minutes.
_SECONDS_BETWEEN_LINES = 10.0
_SHARE_BETWEEN_LINES = 1 / 20
_MOST_SECONDS_BETWEEN_LINES = 600.0


class ShowProgress(StepCallback):
    """A bar in a terminal; in a file or a pipe a line now and then.

    Enter it around `fit`, so that the terminal is as it was after an error.

    Args:
        console: where to show it.
        plan: of the run.
        measured: whose means are shown.
    """

    def __init__(
        self, console: Console, plan: TrainingPlan, measured: MeasureTraining
    ) -> None:
        super().__init__()
        self.console = console
        self.plan = plan
        self.measured = measured
        self._bar = Progress(
            BarColumn(bar_width=_BAR_WIDTH),
            TextColumn("{task.description}", markup=False),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=plan.num_train_steps)
        self._next_line = 0.0
        self._first: tuple[int, float] | None = None

    def __enter__(self) -> "ShowProgress":
        self._bar.start()
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self._show(self.step, "tracing the first step")

    def on_step_end(self, step: int, logs: dict[str, float]) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first = step, now
        state = self._describe_step(step, now)
        self._show(step, state)
        if not self.console.is_terminal and (
            now >= self._next_line or step == self.plan.num_train_steps
        ):
            self._next_line = now + line_gap(now - self._first[1])
            self._print_line(f"{self._position(step)}  {state}")

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        self._show(self.step, "evaluating")

    def on_test_end(self, logs: dict[str, float] | None = None) -> None:
        if logs and not self.model.stop_evaluating:
            self._print_line(
                f"{self._position(self.step)}  held out: {describe(logs)}"
            )

    def _print_line(self, line: str) -> None:
        # A log file has no width: what reads it looks for whole lines.
        self.console.print(
            line, soft_wrap=not self.console.is_terminal, highlight=False
        )

    def _show(self, step: int, state: str) -> None:
        self._bar.update(
            self._task,
            completed=step,
            description=f"{self._position(step)}  {state}",
        )

    def _describe_step(self, step: int, now: float) -> str:
        parts = [describe(self.measured.means)]
        if self.measured.tokens_per_second is not None:
            parts.append(f"{self.measured.tokens_per_second:,.0f} tokens/s")
        if self.measured.share_of_peak is not None:
            parts.append(f"{self.measured.share_of_peak:.0%} of peak")
        first_step, started = self._first or (step, now)
        if step > first_step:
            seconds_per_step = (now - started) / (step - first_step)
            left = seconds_per_step * (self.plan.num_train_steps - step)
            parts.append(f"{timedelta(seconds=round(left))} left")
        if self.console.is_terminal:
            # A narrow one shows how long it takes, not how fast it goes.
            room = self.console.width - _BAR_WIDTH - len(self._position(step))
            while len(parts) > 2 and len("  ".join(parts)) + 3 > room:
                del parts[-2]
        return "  ".join(parts)

    def _position(self, step: int) -> str:
        return f"{step}/{self.plan.num_train_steps}"


def describe(values: Mapping[str, float]) -> str:
    """Return the loss and the accuracies, in a few words.

    Args:
        values: by the names of metrics.csv.
    """
    parts = [
        f"loss {values['loss']:.3f}",
        f"MLM {values['masked_lm_accuracy']:.1%}",
    ]
    if "sentence_order_accuracy" in values:
        parts.append(f"SOP {values['sentence_order_accuracy']:.1%}")
    return "  ".join(parts)


def line_gap(elapsed: float) -> float:
    """Seconds to the next line, where there is no terminal.

    Args:
        elapsed: float. Seconds since the first line.
    """
    gap = max(_SECONDS_BETWEEN_LINES, _SHARE_BETWEEN_LINES * elapsed)
    return min(gap, _MOST_SECONDS_BETWEEN_LINES)


@contextlib.contextmanager
def phase(console: Console, text: str) -> Iterator[None]:
    """Says what goes on for longer than a moment: moving, if in a terminal."""
    if console.is_terminal:
        with console.status(text):
            yield
    else:
        console.print(text)
        yield
