"""The parts of a pretraining run, in the order in which they are done."""

import copy
import dataclasses
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from rich.console import Console

from albert_keras.checkpoints.run_models import (
    describe_model,
    described_model,
)
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
from albert_keras.training.start_model import StartModel
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
        config: AlbertConfig | None,
        tokenizer: Any,
        data: Examples,
        eval_data: Examples | None,
        run_dir: Path,
        options: PretrainingOptions,
        console: Console,
        strategy: TrainingStrategy,
        start: StartModel | None = None,
        *,
        resumes: bool = False,
    ) -> None:
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
        self.model: AlbertPretrainer | None = None
        if start is not None:
            config, tokenizer = self._take(start, tokenizer, resumes)
        assert config is not None  # or there is a model to start from
        self.config, self.tokenizer = config, tokenizer
        python = tokenizer.python_tokenizer
        tokenizer_sha256 = sha256(python.vocabulary_bytes)
        for examples in (data, eval_data):
            _check_tokenizer(examples, tokenizer_sha256)
            _check_normalization(examples, python.normalization)
        self.inputs = describe_inputs(config, options, python, data, eval_data)
        if start is not None:
            self.inputs["preset"] = start.describe()
        self.eval_batches = (
            eval_data.evaluation_batches(options.batch_size)
            if eval_data
            else None
        )
        self.shapes = batch_shapes_of(data, options.batch_size)
        self.sequence_length = self.shapes.sequence_length
        self._check_sizes()

    def _take(
        self, start: StartModel, tokenizer: Any, resumes: bool
    ) -> tuple[AlbertConfig, Any]:
        """Load the model to start from, or the one of a run that resumes.

        A run that has a checkpoint is resumed without the model that it began
        with, which may be gone by then.
        """
        with (
            phase(self.console, "Loading the model"),
            self.strategy.scope(),
        ):
            keras.utils.set_random_seed(self.options.seed)
            note = None
            if resumes and RunCheckpoints(self.folder.checkpoints).steps():
                self.model = described_model(self.folder.path)
            else:
                self.model, note = start.load(self.options.dtype, tokenizer)
        if note is not None:
            self.console.print(note, highlight=False, soft_wrap=True)
        self.model.backbone.encoder.remat = self.options.remat
        return (
            self.model.backbone.albert_config(),
            tokenizer or self.model.preprocessor.tokenizer,
        )

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
                f"{self.sequence_length} tokens; prepare the examples with "
                "--max-seq-length "
                f"{self.config.max_position_embeddings}, or lengthen the model "
                "with `ak.models.lengthen_positions`."
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
        """Return the model to start from, or one that the seed decides."""
        model = self.model
        if model is None:
            with (
                phase(self.console, "Building the model"),
                self.strategy.scope(),
            ):
                keras.utils.set_random_seed(self.options.seed)
                backbone = AlbertBackbone.from_albert_config(
                    self.config, dtype=self.options.dtype
                )
                backbone.encoder.remat = self.options.remat
                model = AlbertPretrainer(backbone)
        model.preprocessor = AlbertMaskedLMPreprocessor(
            self.tokenizer, sequence_length=self.sequence_length
        )
        model.sop_loss_weight = self.options.sop_loss_weight
        self._train_sentence_order(model, model.sop_loss_weight > 0)
        return model

    @staticmethod
    def _train_sentence_order(model: AlbertPretrainer, trains: bool) -> None:
        """Set whether the sentence-order head and the pooler are trained."""
        model.sentence_order_head.trainable = trains
        model.backbone.pooler.trainable = trains

    def compile(
        self, model: AlbertPretrainer, plan: TrainingPlan
    ) -> PolynomialDecayWithWarmup:
        """Gives the model a new optimizer.

        Returns:
            The learning rate by step.
        """
        schedule = self._schedule(plan)
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
        """Hold the run that was begun against what is given now.

        With another number of steps, the run is planned again: see
        `_plan_again`.
        """
        record = self.folder.read_record()
        plan = TrainingPlan(**record["plan"])
        begun = copy.deepcopy(record["inputs"])
        # Runs of earlier versions have neither.
        begun["options"].setdefault("sop_loss_weight", 1.0)
        for inputs in (begun, self.inputs):
            inputs.setdefault("preset", None)
        steps, minutes = (
            self.options.num_train_steps,
            begun["options"].get("minutes"),
        )
        if steps is not None:
            # How many steps there are is not what makes it another run.
            begun["options"].update(num_train_steps=steps, minutes=None)
        elif minutes is None:
            raise ValueError(
                "A run that was started or lengthened with --steps is resumed "
                f"with --steps. Received: minutes={self.options.minutes:g}; "
                f"pass --steps {plan.num_train_steps}, or more to train longer."
            )
        check_same_inputs(begun, self.inputs)
        if steps in (None, plan.num_train_steps):
            return plan
        return self._plan_again(record, plan)

    def _plan_again(
        self, record: dict[str, Any], plan: TrainingPlan
    ) -> TrainingPlan:
        """Change the number of steps of a run, and say so.

        From the step it has reached, the run takes the learning rate that a
        run of the new length has there, and which decays to 0 at its end. The
        rate of a longer run rises to that value at once. There is no second
        warm-up.
        """
        new_steps = self.options.num_train_steps
        assert new_steps is not None  # or it weren't planned again
        steps = RunCheckpoints(self.folder.checkpoints).steps()
        step = max(steps, default=0)
        if new_steps <= step:
            raise ValueError(
                "`num_train_steps` must be more than the run has taken. "
                f"Received: num_train_steps={new_steps}, of a run that has "
                f"taken {step:,} of {plan.num_train_steps:,} steps."
            )
        new_plan = dataclasses.replace(
            plan,
            num_train_steps=new_steps,
            num_warmup_steps=min(plan.num_warmup_steps, new_steps),
        )
        before, after = (
            float(self._schedule(each)(step)) for each in (plan, new_plan)
        )
        replanned = {
            "at_step": step,
            "num_train_steps": [plan.num_train_steps, new_steps],
            "learning_rate": [before, after],
        }
        self.folder.write_record(
            {
                **record,
                "plan": dataclasses.asdict(new_plan),
                "inputs": {
                    **record["inputs"],
                    "options": self.inputs["options"],
                },
                "replanned": [*record.get("replanned", []), replanned],
            }
        )
        self.console.print(
            f"The run now has {new_steps:,} steps instead of "
            f"{plan.num_train_steps:,}. From step {step:,}, the learning rate "
            f"is {after:.3g} instead of {before:.3g}; it decays to 0 at step "
            f"{new_steps:,}, without a second warm-up.",
            highlight=False,
            soft_wrap=True,
        )
        return new_plan

    def _schedule(self, plan: TrainingPlan) -> PolynomialDecayWithWarmup:
        return PolynomialDecayWithWarmup(
            self.options.peak_learning_rate,
            plan.num_train_steps,
            plan.num_warmup_steps,
        )

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
            self._tell_of(restored, plan)
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
                if self.strategy.is_chief and self.folder.preset.exists():
                    shutil.rmtree(self.folder.preset)  # of a shorter run
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

    def _tell_of(self, restored: RestoredState, plan: TrainingPlan) -> None:
        for path in restored.damaged:
            self.console.print(
                f"'{path}' is damaged and was passed over.",
                markup=False,
                soft_wrap=True,
            )
        if restored.step == plan.num_train_steps:
            self.console.print(f"The run is complete: {restored.step} steps.")
        else:
            self.console.print(f"Going on after step {restored.step}.")

    def save_preset(self, model: AlbertPretrainer) -> None:
        """Saves the trained model, if it is not yet saved."""
        # A preset holds whatever optimizer the model has, and the moments are
        # twice as large as the weights. The last checkpoint has them.
        with self.strategy.scope():  # all workers make its variables
            model.compile()
        self._train_sentence_order(model, True)
        if not self.strategy.is_chief:
            return
        if not self.folder.preset.exists():
            with (
                phase(self.console, "Saving the preset"),
                written_whole(self.folder.preset) as partial,
            ):
                model.save_to_preset(str(partial))
                add_run_to_card(partial, self.folder)


def _check_normalization(
    examples: Examples | None, normalization: Mapping[str, bool]
) -> None:
    """Refuse examples whose text was normalized in another way."""
    for name, value in getattr(examples, "normalization", {}).items():
        if normalization.get(name) != value:
            option = "--keep-accents" if name == "keep_accents" else "--cased"
            raise ValueError(
                f"The examples must be made with the tokenizer's {name}="
                f"{normalization.get(name)}. Received: examples made with "
                f"{name}={value}; pass {option} to both `prepare` and "
                "`pretrain`, or to neither."
            )


def _check_tokenizer(examples: Examples | None, sha256: str) -> None:
    if examples is not None and examples.tokenizer_sha256 not in (None, sha256):
        raise ValueError(
            "The examples must be made with the tokenizer of the run, SHA-256 "
            f"{sha256[:12]}…. Received: examples made with "
            f"{examples.tokenizer_sha256[:12]}…."
        )
