"""Fine-tuning: one run, from examples to metrics, predictions and a preset."""

import dataclasses
import json
import signal
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import keras
import numpy as np
from rich.console import Console

from albert_keras.checkpoints.run_models import describe_model
from albert_keras.models.albert_text_classifier_preprocessor import (
    AlbertTextClassifierPreprocessor,
)
from albert_keras.pretraining.manifest import sha256
from albert_keras.tasks.callbacks import KeepRun
from albert_keras.tasks.class_remarks import check_classes
from albert_keras.tasks.curves import draw_task_curves
from albert_keras.tasks.economies import apply_economies, count_trainable
from albert_keras.tasks.feature_cache import cached, digest_of
from albert_keras.tasks.kinds.arrays import Arrays, batches_of, outputs_of
from albert_keras.tasks.kinds.choice import ChoiceTask
from albert_keras.tasks.kinds.question import QuestionTask
from albert_keras.tasks.kinds.tags import TagTask
from albert_keras.tasks.kinds.text import MultiLabelTask, TextTask
from albert_keras.tasks.options import FinetuningOptions
from albert_keras.tasks.outputs import (
    submission_name,
    submission_text,
    write_predictions,
    write_submission,
)
from albert_keras.tasks.run_card import add_run_to_card
from albert_keras.tasks.run_folder import FinetuningFolder
from albert_keras.tasks.start import Start
from albert_keras.text.examples import (
    Examples,
    QuestionExample,
    TaggedExample,
)
from albert_keras.text.rows.questions import remarks_on
from albert_keras.text.rows.table import Features
from albert_keras.training.compiling import compile_for
from albert_keras.training.interrupts import StopSignals
from albert_keras.training.loop import loop_of
from albert_keras.training.metrics_log import MetricsLog
from albert_keras.training.optimizers import AdamW
from albert_keras.training.progress import phase
from albert_keras.training.provenance import check_same_inputs, describe_maker
from albert_keras.training.run_checkpoints import RunCheckpoints
from albert_keras.training.schedules import PolynomialDecayWithWarmup
from albert_keras.training.strategies import TrainingStrategy
from albert_keras.whole_files import folder_made, owned, written_whole

_TASKS: dict[str, Any] = {
    "text": TextTask,
    "multilabel": MultiLabelTask,
    "question": QuestionTask,
    "choice": ChoiceTask,
    "tags": TagTask,
}
# The columns of metrics.csv; a task has some of them.
_LOGGED = (
    "loss",
    "learning_rate",
    "accuracy",
    "f1",
    "f1_micro",
    "f1_macro",
    "matthews",
    "pearson",
    "spearman",
    "precision",
    "recall",
    "exact_match",
    "exact",
    "best_exact",
    "best_f1",
    "middle",
    "high",
    "all",
)


@dataclasses.dataclass(frozen=True)
class FinetuningResult:
    """A finished run.

    Attributes:
        folder: the run's folder.
        model: the trained model.
        metrics: by split; those of `dev` and, if it is labelled, `test`.
        reports: by split, of tasks with classes: scores of each class and
            confusions, see `albert_keras.tasks.metrics.classes`.
        num_trained: int. Parameters that were trained.
    """

    folder: FinetuningFolder
    model: keras.Model
    metrics: dict[str, dict[str, float]]
    reports: dict[str, dict[str, Any]]
    num_trained: int


def finetune(
    options: FinetuningOptions,
    start: Start,
    data: Mapping[str, Examples],
    run_dir: str | PathLike[str],
    *,
    resume: bool = False,
    overwrite: bool = False,
    cache: Path | None = None,
    console: Console | None = None,
) -> FinetuningResult:
    """Fine-tune an ALBERT on a task, and save everything to `run_dir`.

    `model.fit` is the loop. The run can be stopped after any step, by Ctrl-C or
    SIGTERM, or be killed; resumed, it goes on from the latest checkpoint, and
    comes to the same metrics.

    Args:
        options: a recipe, or what overrides one.
        start: a preset, or random weights.
        data: by split: `"train"`, and if there are any `"dev"`, which is
            measured while training, `"test"` and others.
        run_dir: the folder of the run, see `FinetuningFolder`.
        resume: whether to go on with the run in `run_dir`; where there is
            none it begins.
        overwrite: whether to replace a run in `run_dir`.
        cache: folder in which tokenized examples are kept for other runs;
            None to keep none.
        console: where to show progress. Defaults to standard error.

    Returns:
        The finished run.

    Raises:
        FileExistsError: if `run_dir` holds a run, or anything else.
        FloatingPointError: if the loss becomes infinite or NaN.
        KeyboardInterrupt: after Ctrl-C, when a checkpoint has been saved.
        SystemExit: with code 143 after SIGTERM, likewise.
        ValueError: if the kind of task has no run here, or a run is resumed
            under other conditions than it began.

    Example:
    ```python
    data = {split: read("sst2", "SST-2", split) for split in ("train", "dev")}
    finetune(recipe("sst2"), Start(preset="albert_base_v2"), data, "run")
    ```
    """
    console = console or Console(stderr=True)
    folder = FinetuningFolder(run_dir)
    with (
        owned(folder.path),
        StopSignals() as signals,
        folder_made(folder.path),
    ):
        folder.check_usable(resume=resume, overwrite=overwrite)
        run = _Run(options, start, data, folder, cache, console)
        run.begin(resume=folder.is_run() and not overwrite)
        run.fit(signals)
        return run.finish()


class _Run:
    """The parts of a run, in the order in which they are done."""

    def __init__(
        self,
        options: FinetuningOptions,
        start: Start,
        data: Mapping[str, Examples],
        folder: FinetuningFolder,
        cache: Path | None,
        console: Console,
    ) -> None:
        self.options, self.folder, self.console = options, folder, console
        self.examples = {s: tuple(d.examples) for s, d in data.items()}
        self.task = _TASKS[options.kind](options, data["train"].labels)
        self.counts = {
            split: self.task.class_counts(examples)
            for split, examples in self.examples.items()
            if self._is_labelled(split)
        }
        if options.class_weight and not self.task.takes_class_weight:
            raise ValueError(
                "`class_weight` must be used where each text or word has one "
                f"class: classification or tags. Received: {options.task}."
            )
        odd: list[str] = []
        if self.task.fewest_classes:
            odd += check_classes(
                self.task.labels, self.counts, self.task.fewest_classes
            )
        self.majority = max(
            self.counts["train"], key=self.counts["train"].get, default=""
        )
        with phase(console, "Loading the model"):
            keras.utils.set_random_seed(options.seed)
            backbone, self.tokenizer = start.load(
                options.dropout, options.dtype
            )
            _check_vocabulary(self.tokenizer, backbone)
        self.sequence_length = min(
            options.sequence_length, backbone.max_sequence_length
        )
        self.inputs: dict[str, Any] = {
            "options": dataclasses.asdict(options),
            "start": start.describe(),
            "tokenizer_sha256": sha256(
                self.tokenizer.python_tokenizer.vocabulary_bytes
            ),
            "data": {s: digest_of(e) for s, e in self.examples.items()},
        }
        self.features: dict[str, Features] = {}
        for split, examples in self.examples.items():
            said = f"Tokenizing {len(examples):,} examples ({split})"
            with phase(console, said):
                self.features[split] = self._features(split, cache)
            self._check_lengths(split, backbone.max_sequence_length)
            for remark in (*data[split].remarks, *self._remarks(split)):
                self._say(remark)
        for remark in odd:
            self._say(remark)
        self.arrays: dict[str, Arrays] = {
            split: self.task.arrays(features)
            for split, features in self.features.items()
        }
        self.arrays["train"] = self.task.weighted(
            self.arrays["train"], self.examples["train"]
        )
        with phase(console, "Building the model"):
            self.model = self.task.build(backbone)
            apply_economies(self.model, options)
        self.num_trained, self.num_parameters = count_trainable(self.model)
        console.print(
            f"{self.num_trained:,} of {self.num_parameters:,} parameters are "
            "trained."
        )

    def _features(self, split: str, cache: Path | None) -> Features:
        examples = self.examples[split]
        made_of = {
            "kind": self.options.kind,
            "examples": self.inputs["data"][split],
            "tokenizer": [
                self.inputs["tokenizer_sha256"],
                self.tokenizer.python_tokenizer.normalization,
            ],
            "labels": self.task.labels,
            "sequence_length": self.options.sequence_length,
            "stride": self.options.stride,
            "question_length": self.options.question_length,
        }
        python = self.tokenizer.python_tokenizer
        return cached(
            cache,
            made_of,
            lambda: self.task.features(examples, python),
            self._say,
        )

    def _say(self, sentence: str) -> None:
        self.console.print(
            sentence, highlight=False, markup=False, soft_wrap=True
        )

    def _remarks(self, split: str) -> Iterator[str]:
        examples, features = self.examples[split], self.features[split]
        cut = np.flatnonzero(features.rows["num_cut"])
        if len(cut):
            of = features.rows.get("example_index", np.arange(len(features)))
            touched = np.unique(of[cut])
            were = "was" if len(touched) == 1 else "were"
            yield (
                f"{split}: {len(touched):,} of {len(examples):,} examples "
                f"{were} truncated{self._limits()}; the first: "
                f"{examples[int(touched[0])].source}."
            )
        if self.options.kind == "question":
            remarks = remarks_on(examples, features)
            yield from remarks[:5]
            if remarks[5:]:
                yield f"{split}: and {len(remarks) - 5:,} more such answers."

    def _limits(self) -> str:
        """Say what examples of this kind are truncated to."""
        tokens = f" to {self.options.sequence_length} tokens"
        question = f"{self.options.question_length} (`--question-length`)"
        return {
            "question": f": their questions to {question} tokens",
            "choice": f"{tokens}, or question and option to {question}",
        }.get(self.options.kind, f"{tokens} (`--sequence-length`)")

    def _check_lengths(self, split: str, longest: int) -> None:
        features = self.features[split]
        row = int(features.lengths.argmax())
        if features.lengths[row] <= longest:
            return
        of = features.rows.get("example_index", np.arange(len(features)))
        source = self.examples[split][int(of[row])].source
        raise ValueError(
            f"This model takes at most {longest} tokens; pass "
            f"`--sequence-length {longest}` (`sequence_length={longest}`). "
            f"Received: {features.lengths[row]} tokens ({source})."
        )

    def begin(self, resume: bool) -> None:
        """Makes the folder a run, or holds the one there against this."""
        inputs = json.loads(json.dumps(self.inputs))
        if resume:
            check_same_inputs(self.folder.read_record()["inputs"], inputs)
            return
        self.folder.clear()
        self.folder.write_record(
            {
                "made_by": describe_maker(TrainingStrategy("one")),
                "num_trained": self.num_trained,
                "num_parameters": self.num_parameters,
                "plan": {"num_train_steps": self.options.num_train_steps},
                "inputs": inputs,
                "model": describe_model(
                    self.model, self.tokenizer, self.sequence_length
                ),
            }
        )
        self.folder.write_tokenizer(self.tokenizer.python_tokenizer)

    def fit(self, signals: StopSignals) -> None:
        """Trains from the latest checkpoint to the end, or to a signal."""
        options = self.options
        schedule = PolynomialDecayWithWarmup(
            options.learning_rate,
            options.num_train_steps,
            options.num_warmup_steps,
        )
        compile_for(self.model, AdamW(schedule))
        checkpoints = RunCheckpoints(self.folder.checkpoints, keep=2)
        restored = checkpoints.restore(self.model)
        step = restored.step if restored else 0
        loop = loop_of(self.model)
        assert loop is not None  # of `compile_for`
        loop.finished_steps, loop.signals = step, signals
        if restored:
            self.console.print(f"Going on after step {step}.")
        log = MetricsLog(self.folder.metrics, _LOGGED)
        log.drop_after(step)
        keep = KeepRun(
            options,
            log,
            checkpoints,
            signals,
            schedule,
            self._measure_dev if self._is_labelled("dev") else None,
            self.console,
            list(restored.notes["losses"]) if restored else [],
        )
        batches = batches_of(
            self.arrays["train"], options.batch_size, options.seed
        )
        callbacks: list[keras.callbacks.Callback] = [keep]
        if keras.backend.backend() == "jax":
            from albert_keras.training.jax_loop import SyncState

            callbacks.insert(0, SyncState())
        if step < options.num_train_steps:
            self.model.fit(
                batches.training(skip=step),
                steps_per_epoch=options.num_train_steps - step,
                shuffle=False,  # in the order of the batches
                verbose=0,
                callbacks=callbacks,
            )
        draw_task_curves(log.rows, self.folder.curves)
        if loop.finished_steps < options.num_train_steps:
            sentence = (
                f"Stopped after step {loop.finished_steps} of "
                f"{options.num_train_steps}; everything is kept, and the run "
                "can be resumed."
            )
            if signals.received == signal.SIGINT:
                raise KeyboardInterrupt(sentence)
            self.console.print(sentence)
            raise SystemExit(128 + signal.SIGTERM)

    def finish(self) -> FinetuningResult:
        """Writes predictions, metrics and the preset."""
        metrics: dict[str, dict[str, float]] = {}
        reports: dict[str, dict[str, Any]] = {}
        submission: dict[str, str] = {}
        for split, examples in self.examples.items():
            if split == "train":
                continue
            predictions = self._predict(split)
            write_predictions(self.folder, split, examples, predictions)
            name = submission_name(self.options.task, split)
            if name:
                submission[name] = submission_text(examples, predictions)
            if self._is_labelled(split):
                metrics[split] = self.task.metrics(predictions, examples)
                report = self.task.report(predictions, examples, self.majority)
                if report:
                    reports[split] = report
                for sentence in self.task.one_sided(predictions, examples):
                    self._say(f"{split}: {sentence}")
        if submission:
            write_submission(self.folder, submission)
        results = {
            "task": self.options.task,
            "seed": self.options.seed,
            "num_train_steps": self.options.num_train_steps,
            "num_trained": self.num_trained,
            "num_parameters": self.num_parameters,
            "labels": self.task.labels,
            "metrics": metrics,
            "reports": reports,
        }
        self.folder.write_results(results)
        if self.options.lora_rank is not None:
            self.model.save_lora_weights(self.folder.adapter)
        if not self.folder.preset.exists():
            self.model.compile()  # without the moments of the optimizer
            self.model.preprocessor = AlbertTextClassifierPreprocessor(
                self.tokenizer,
                sequence_length=self.sequence_length,
            )
            with (
                phase(self.console, "Saving the preset"),
                written_whole(self.folder.preset) as partial,
            ):
                self.model.save_to_preset(str(partial))
                add_run_to_card(
                    partial,
                    self.folder,
                    metrics,
                    self.task.labels,
                    {s: len(e) for s, e in self.examples.items()},
                )
        return FinetuningResult(
            self.folder, self.model, metrics, reports, self.num_trained
        )

    def _is_labelled(self, split: str) -> bool:
        examples: Sequence[Any] = self.examples.get(split, ())
        return bool(examples) and all(map(_has_label, examples))

    def _predict(self, split: str) -> Any:
        outputs = outputs_of(self.model, self.arrays[split], 64)
        return self.task.predictions(
            outputs, self.examples[split], self.features[split]
        )

    def _measure_dev(self, model: keras.Model) -> dict[str, float]:
        found = self.task.metrics(self._predict("dev"), self.examples["dev"])
        return {name: found[name] for name in _LOGGED if name in found}


def _has_label(example: Any) -> bool:
    if isinstance(example, QuestionExample):
        return example.is_impossible or bool(example.answers)
    name = "tags" if isinstance(example, TaggedExample) else "label"
    return getattr(example, name) is not None


def _check_vocabulary(tokenizer: Any, backbone: Any) -> None:
    pieces = tokenizer.vocabulary_size()
    if pieces > backbone.vocabulary_size:
        raise ValueError(
            "`vocab_size` must not be smaller than the tokenizer's "
            f"vocabulary. Received: vocab_size={backbone.vocabulary_size} and "
            f"a vocabulary of {pieces}."
        )
