"""The parts of a pretraining run, in the order in which they are done."""

import dataclasses
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from rich.console import Console

from albert_keras.checkpoints.run_models import describe_model
from albert_keras.config import AlbertConfig
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_masked_lm_preprocessor import (
    AlbertMaskedLMPreprocessor,
)
from albert_keras.models.albert_pretrainer import AlbertPretrainer
from albert_keras.pretraining.manifest import sha256
from albert_keras.training.callbacks import (
    Evaluate,
    MeasureTraining,
    SaveCheckpoints,
    StopOnNonFiniteLoss,
)
from albert_keras.training.compiling import compile_for
from albert_keras.training.divergence import WarnOfDivergence
from albert_keras.training.examples import (
    Examples,
    batch_shapes_of,
    records_of_step,
)
from albert_keras.training.interrupts import StopSignals
from albert_keras.training.loop import loop_of
from albert_keras.training.optimizers import AdamW, Lamb
from albert_keras.training.options import PretrainingOptions, TrainingPlan
from albert_keras.training.progress import ShowProgress, phase
from albert_keras.training.provenance import (
    check_same_inputs,
    describe_inputs,
    describe_maker,
)
from albert_keras.training.run_card import add_run_to_card
from albert_keras.training.run_checkpoints import RestoredState, RunCheckpoints
from albert_keras.training.run_folder import RunFolder
from albert_keras.training.run_log import RunLog
from albert_keras.training.schedules import PolynomialDecayWithWarmup
from albert_keras.training.share_of_peak import step_cost
from albert_keras.training.step_budget import measure_speed, plan_within
from albert_keras.training.strategies import TrainingStrategy
from albert_keras.training.workers import from_chief
from albert_keras.whole_files import written_whole


class PretrainingRun:
    """What `pretrain` was given, and the parts of its work.

    Nothing is written before `begin`, and nothing that is wrong with the input
    is found after it.
    """

    def __init__(
        self,
        config: AlbertConfig,
        tokenizer: Any,
        data: Examples,
        eval_data: Examples | None,
        run_dir: Path,
        options: PretrainingOptions,
        console: Console,
        strategy: TrainingStrategy,
    ) -> None:
        self.config = config
        self.tokenizer = tokenizer
        self.data = data
        self.folder = RunFolder(run_dir)
        self.options = options
        self.console = console
        self.strategy = strategy
        strategy.check_batch_size(
            options.batch_size, options.gradient_accumulation_steps
        )
        if options.minutes is not None and strategy.num_workers > 1:
            raise ValueError(
                "`num_train_steps` must be given where several workers train, "
                "as each would fit another number of steps into `minutes`. "
                f"Received: minutes={options.minutes:g}, "
                f"{strategy.num_workers} workers."
            )
        python = tokenizer.python_tokenizer
        tokenizer_sha256 = sha256(python.vocabulary_bytes)
        for examples in (data, eval_data):
            _check_tokenizer(examples, tokenizer_sha256)
        self.inputs = describe_inputs(config, options, python, data, eval_data)
        self.eval_batches = (
            eval_data.evaluation_batches(options.batch_size)
            if eval_data
            else None
        )
        self.shapes = batch_shapes_of(data, options.batch_size)
        self.sequence_length = self.shapes.sequence_length
        self._check_sizes()

    def _check_sizes(self) -> None:
        """Holds config, tokenizer and examples together."""
        vocabulary_size = self.tokenizer.vocabulary_size()
        if vocabulary_size > self.config.vocab_size:
            raise ValueError(
                "`vocab_size` must not be smaller than the tokenizer's "
                f"vocabulary. Received: vocab_size={self.config.vocab_size} "
                f"and a vocabulary of {vocabulary_size}."
            )
        if self.sequence_length > self.config.max_position_embeddings:
            raise ValueError(
                "`max_position_embeddings` must not be smaller than the "
                "sequences are long. Received: max_position_embeddings="
                f"{self.config.max_position_embeddings} and sequences of "
                f"{self.sequence_length} tokens."
            )
        if self.config.type_vocab_size < 2:
            raise ValueError(
                "`type_vocab_size` must be 2 at least, for the two segments "
                "of an example. Received: type_vocab_size="
                f"{self.config.type_vocab_size}."
            )

    def train_batches(self, skip: int) -> tf.data.Dataset:
        """Endless batches, from the one after `skip` steps."""
        return self.data.training_batches(
            self.options.batch_size, self.options.seed, skip
        )

    def build_model(self) -> AlbertPretrainer:
        """The model with the weights that the seed decides."""
        with (
            phase(self.console, "Building the model"),
            self.strategy.scope(),
        ):
            keras.utils.set_random_seed(self.options.seed)
            backbone = AlbertBackbone.from_albert_config(
                self.config, dtype=self.options.dtype
            )
            backbone.encoder.remat = self.options.remat
            preprocessor = AlbertMaskedLMPreprocessor(
                self.tokenizer, sequence_length=self.sequence_length
            )
            return AlbertPretrainer(backbone, preprocessor)

    def compile(
        self, model: AlbertPretrainer, plan: TrainingPlan
    ) -> PolynomialDecayWithWarmup:
        """Gives the model a new optimizer.

        Returns:
            The learning rate by step.
        """
        schedule = PolynomialDecayWithWarmup(
            self.options.peak_learning_rate,
            plan.num_train_steps,
            plan.num_warmup_steps,
        )
        optimizer_class = {"lamb": Lamb, "adamw": AdamW}[self.options.optimizer]
        with self.strategy.scope():
            compile_for(
                model,
                optimizer_class(schedule),
                steps_per_execution=self.options.steps_per_execution,
                gradient_accumulation_steps=(
                    self.options.gradient_accumulation_steps
                ),
            )
        return schedule

    def agree_on_plan(self, plan: TrainingPlan) -> TrainingPlan:
        """Takes the chief's plan, who may have begun the run before."""
        return TrainingPlan(
            **from_chief(self.strategy, dataclasses.asdict(plan))
        )

    def make_plan(
        self, model: AlbertPretrainer, started: float
    ) -> TrainingPlan:
        """Fixes the number of steps, by timing a few where minutes are given.

        The steps that were timed are undone. So the run is the same as one that
        was given the number of steps.
        """
        if self.options.num_train_steps is not None:
            return TrainingPlan.of(self.options, self.options.num_train_steps)
        assert self.options.minutes is not None  # one of both is given
        with phase(self.console, "Timing a few steps"):
            self.compile(model, TrainingPlan.of(self.options, 1000))
            speed = measure_speed(
                model, self.train_batches(skip=0), self.eval_batches
            )
        seconds = 60 * self.options.minutes - (time.monotonic() - started)
        plan = plan_within(seconds, speed, self.options)
        self.console.print(
            f"{plan.num_train_steps:,} steps of {1000 * speed.step:.0f} ms fit "
            f"into {self.options.minutes:g} minutes."
        )
        return plan

    def begin(self, model: AlbertPretrainer, plan: TrainingPlan) -> None:
        """Makes the folder a run, in the place of one that was there."""
        self.folder.clear()
        self.folder.write_record(
            {
                "made_by": describe_maker(self.strategy),
                "num_parameters": model.count_params(),
                "plan": dataclasses.asdict(plan),
                "inputs": self.inputs,
                "model": describe_model(
                    model, self.tokenizer, self.sequence_length
                ),
            }
        )

    def resume(self) -> TrainingPlan:
        """Holds the run that was begun against what was given now."""
        record = self.folder.read_record()
        check_same_inputs(record["inputs"], self.inputs)
        return TrainingPlan(**record["plan"])

    def fit(
        self,
        model: AlbertPretrainer,
        plan: TrainingPlan,
        signals: StopSignals,
        baselines: Mapping[str, float] | None,
    ) -> dict[str, float]:
        """Trains from the latest checkpoint to the end, or to a signal.

        Returns:
            The metrics measured last.
        """
        self.config.to_json(self.folder.config)
        self.folder.write_tokenizer(self.tokenizer.python_tokenizer)

        schedule = self.compile(model, plan)
        checkpoints = RunCheckpoints(
            self.folder.checkpoints,
            self.options.keep_checkpoints,
            self.strategy,
        )
        with self.strategy.scope():
            restored = checkpoints.restore(model)
        step = restored.step if restored else 0
        loop = loop_of(model)
        assert loop is not None  # of `compile_for`
        loop.finished_steps, loop.signals = step, signals
        self._share_metrics()
        log = RunLog(self.folder, step, baselines)
        cost = step_cost(
            self.config, self.options.dtype, self.shapes, self.strategy
        )
        measured = MeasureTraining(log, plan, schedule, cost)
        if restored:
            measured.set_state(restored.notes)
            self._tell_of(restored)
        progress = ShowProgress(self.console, plan, measured)
        callbacks = [
            StopOnNonFiniteLoss(
                checkpoints,
                records_of_step(
                    self.data, self.options.batch_size, self.options.seed
                ),
                self.folder.bad_batch,
            ),
            measured,
            progress,
            WarnOfDivergence(
                self.console,
                log,
                plan,
                checkpoints,
                self.options.peak_learning_rate,
            ),
        ]
        if self.eval_batches is not None:
            callbacks.append(
                Evaluate(self.eval_batches, log, plan, signals, [progress])
            )
        callbacks.append(SaveCheckpoints(checkpoints, plan, signals, measured))
        if keras.backend.backend() == "jax":
            from albert_keras.training.jax_loop import SyncState

            callbacks.insert(0, SyncState())
        try:
            if step < plan.num_train_steps:
                with progress:
                    model.fit(
                        self.train_batches(skip=step),
                        steps_per_epoch=plan.num_train_steps - step,
                        shuffle=False,  # the data's own order
                        verbose=0,
                        callbacks=callbacks,
                    )
        finally:
            log.close()
        last = log.last("eval") or log.last("train")
        return last.values if last else {}

    def _share_metrics(self) -> None:
        """Gives workers the rows so far, which say what is still to be done."""
        metrics = self.folder.metrics
        text = metrics.read_text("utf-8") if metrics.exists() else None
        text = from_chief(self.strategy, text)
        if text is not None and not self.strategy.is_chief:
            metrics.write_text(text, "utf-8")

    def _tell_of(self, restored: RestoredState) -> None:
        for path in restored.damaged:
            self.console.print(
                f"'{path}' is damaged and was passed over.",
                markup=False,
                soft_wrap=True,
            )
        self.console.print(f"Going on after step {restored.step}.")

    def save_preset(self, model: AlbertPretrainer) -> None:
        """Saves the trained model, if it is not yet saved."""
        # A preset holds whatever optimizer the model has, and the moments are
        # twice as large as the weights. The last checkpoint has them.
        with self.strategy.scope():  # all workers make its variables
            model.compile()
        if not self.strategy.is_chief:
            return
        if not self.folder.preset.exists():
            with (
                phase(self.console, "Saving the preset"),
                written_whole(self.folder.preset) as partial,
            ):
                model.save_to_preset(str(partial))
                add_run_to_card(partial, self.folder)


def _check_tokenizer(examples: Examples | None, sha256: str) -> None:
    if examples is not None and examples.tokenizer_sha256 not in (None, sha256):
        raise ValueError(
            "The examples must be made with the tokenizer of the run, SHA-256 "
            f"{sha256[:12]}…. Received: examples made with "
            f"{examples.tokenizer_sha256[:12]}…."
        )
