"""Pretraining: one run, from examples to a preset."""

import contextlib
import dataclasses
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from rich.console import Console

from albert_keras.checkpoints.temporary_presets import as_own_model
from albert_keras.config import AlbertConfig
from albert_keras.models.albert_pretrainer import AlbertPretrainer
from albert_keras.models.albert_tokenizer import AlbertTokenizer
from albert_keras.models.albert_word_piece_tokenizer import (
    AlbertWordPieceTokenizer,
)
from albert_keras.training.examples import Examples
from albert_keras.training.interrupts import StopSignals
from albert_keras.training.loop import finished_steps
from albert_keras.training.options import PretrainingOptions, TrainingPlan
from albert_keras.training.pretraining_run import PretrainingRun
from albert_keras.training.run_folder import RunFolder
from albert_keras.training.start_model import StartModel
from albert_keras.training.strategies import TrainingStrategy
from albert_keras.training.workers import from_chief, lost_workers_named
from albert_keras.whole_files import folder_made, owned


@dataclasses.dataclass(frozen=True)
class PretrainingResult:
    """A finished run.

    Attributes:
        folder: the run's folder.
        model: the trained model, compiled as a loaded preset is.
        num_train_steps: int. Steps that were taken.
        metrics: those of the last evaluation, or of the last training steps
            where there are no held-out examples.
    """

    folder: RunFolder
    model: AlbertPretrainer
    num_train_steps: int
    metrics: dict[str, float]


def pretrain(
    config: AlbertConfig | None,
    tokenizer: AlbertTokenizer | AlbertWordPieceTokenizer | None,
    data: Examples,
    run_dir: str | PathLike[str],
    options: PretrainingOptions,
    *,
    eval_data: Examples | None = None,
    baselines: Mapping[str, float] | None = None,
    resume: bool = False,
    overwrite: bool = False,
    console: Console | None = None,
    strategy: TrainingStrategy | None = None,
    preset: Any = None,
) -> PretrainingResult:
    """Pretrain an ALBERT from random weights or from a model.

    `model.fit` is the loop, and everything is saved to `run_dir`. The run can
    be stopped after any step, by Ctrl-C or SIGTERM, or be killed. Resumed, it
    continues from the latest checkpoint, bit-exactly on a CPU.

    A run can also be resumed with another number of steps, finished or not.
    From the step it has reached, it then has the learning rate of a run of
    the new length: in a longer run the rate rises to that value at once. It
    decays to 0 at the new end, and there is no second warm-up. run.json keeps
    what was planned before.

    With several workers, the chief alone writes into the folder, and the others
    need not see it. All stop after the same step when one of them is asked to.

    Args:
        config: the model's sizes and dropout; None with `preset`.
        tokenizer: the one that made the examples; part of the preset. None
            takes that of `preset`.
        data: training examples.
        run_dir: the folder of the run, see `RunFolder`.
        options: how to train.
        eval_data: held-out examples.
        baselines: masked-LM accuracies to draw into curves.png, by label.
        resume: whether to go on with the run in `run_dir`. Where there is none,
            it begins: so the same command starts a run and restarts it.
        overwrite: whether to replace a run in `run_dir`.
        console: where to show progress. Defaults to standard error.
        strategy: the devices to train on, of `choose_strategy`. Defaults to
            one. It may be another when the run is resumed, on which the
            results then depend by no more than rounding, and by other dropout.
        preset: the model to start from: whatever `ak.checkpoints.load` takes
            (a preset of any class, the name of a released model, a handle, a
            checkpoint of google or Hugging Face, a run folder or one of its
            checkpoints), or a model, whose weights are copied. Heads that it
            lacks begin with random values. None starts from random weights.

    Returns:
        The finished run.

    Raises:
        ConnectionError: if another worker is lost.
        FileExistsError: if `run_dir` holds a run, or anything else.
        FloatingPointError: if loss or weights become infinite or NaN.
        KeyboardInterrupt: after Ctrl-C, when a checkpoint has been saved.
        SystemExit: with code 143 after SIGTERM, likewise.
        ValueError: if config, tokenizer and examples do not fit each other,
            not exactly one of `config` and `preset` is given, or a run is
            resumed with other options than it began with.

    Example:
    ```python
    result = pretrain(
        ak.AlbertConfig.named("albert_mini"),
        ak.AlbertTokenizer("vocabulary/spiece.model"),
        ShardExamples("examples/train"),
        "run",
        PretrainingOptions(minutes=4, learning_rate=1e-3),
        eval_data=ShardExamples("examples/held_out"),
    )
    ```
    """
    if (config is None) == (preset is None) or (
        config is not None and tokenizer is None
    ):
        raise ValueError(
            "Either `preset`, or `config` and `tokenizer` must be given. "
            f"Received: preset={preset!r:.60}, config={config!r:.60}, "
            f"tokenizer={tokenizer!r:.60}."
        )
    started = time.monotonic()
    console = console or Console(stderr=True)
    strategy = strategy or TrainingStrategy("one")
    is_shared = strategy.num_workers > 1
    with (
        StopSignals(is_shared) as signals,
        lost_workers_named(strategy),
        _own_folder(run_dir, strategy) as folder,
    ):
        found = RunFolder(folder)
        found.check_usable(resume=resume, overwrite=overwrite)
        is_begun = found.is_run() and not overwrite
        run = PretrainingRun(
            config,
            tokenizer,
            data,
            eval_data,
            folder,
            options,
            console,
            strategy,
            None if preset is None else StartModel(as_own_model(preset)),
            resumes=is_begun,
        )
        with folder_made(run.folder.path):
            begun = run.resume() if is_begun else None
            model = run.build_model()
            plan = run.agree_on_plan(begun or run.make_plan(model, started))
            if begun is None:
                run.begin(model, plan)
            metrics = run.fit(model, plan, signals, baselines)
            step = finished_steps(model)
            if step < plan.num_train_steps:
                _end_process(signals, step, plan, console)
        run.save_preset(model)
        from_chief(strategy, "saved")  # nobody leaves before
    return PretrainingResult(run.folder, model, step, metrics)


@contextlib.contextmanager
def _own_folder(
    run_dir: str | PathLike[str], strategy: TrainingStrategy
) -> Iterator[Path]:
    """The run's folder; for workers beside the chief one that is soon gone."""
    if strategy.is_chief:
        with owned(run_dir):
            yield Path(run_dir)
        return
    with tempfile.TemporaryDirectory(prefix="albert_keras_") as folder:
        yield Path(folder)


def _end_process(
    signals: StopSignals, step: int, plan: TrainingPlan, console: Console
) -> None:
    """Ends a run that was asked to stop, by the exception of its signal.

    A worker that stops because another one was asked to ends as if preempted.
    """
    sentence = (
        f"Stopped after step {step} of {plan.num_train_steps}; everything is "
        "kept, and the run can be resumed."
    )
    if signals.received != signal.SIGINT:
        console.print(sentence)
        raise SystemExit(128 + signal.SIGTERM)
    raise KeyboardInterrupt(sentence)
