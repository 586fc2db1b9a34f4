"""The steps of a quickstart, each done once."""

import contextlib
import dataclasses
import json
import math
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console

from albert_keras import __version__, export
from albert_keras.config import AlbertConfig
from albert_keras.inference.fill_mask import FillMask
from albert_keras.models.albert_masked_lm import AlbertMaskedLM
from albert_keras.models.albert_tokenizer import AlbertTokenizer
from albert_keras.pretraining.examples import ExampleOptions
from albert_keras.pretraining.runner import prepare
from albert_keras.quickstart.answers import (
    Answers,
    ask_keras,
    ask_saved_model,
    ask_tflite,
)
from albert_keras.quickstart.baselines import Baselines, measure_baselines
from albert_keras.quickstart.corpus import write_corpus
from albert_keras.quickstart.questions import Question, draw_questions
from albert_keras.requirements import require
from albert_keras.text.vocabulary import train_vocabulary
from albert_keras.training.examples import ShardExamples
from albert_keras.training.metrics_log import read_metrics
from albert_keras.training.options import PretrainingOptions
from albert_keras.training.pretraining import pretrain
from albert_keras.training.run_folder import RunFolder
from albert_keras.whole_files import (
    folder_made,
    owned,
    partial_of,
    written_whole,
)

QUESTIONS = 5
# What counts in a few minutes is the number of steps, so batches are small; and
# sequences (`albert_mini`) are short, as each position has to be learnt before
# the order of words can be. Of the held-out masks of the docstrings, 2,500
# steps guess 19.8 % right, with 16 sequences of 64 tokens 14.9 %.
BATCH_SIZE = 32
# For runs no longer than the default. At this rate one of 45 minutes fell from
# 23 to 5 % of the masks in a third of its time, and had to learn all again.
LEARNING_RATE = 1.5e-2
_DEFAULT_MINUTES = 5.0
_DEFAULT_STEPS = 4_333  # of the run in benchmarks/results/quickstart
WARMUP = 0.2
_EXAMPLE_TOKENS_A_MINUTE = 1_500_000
_MOST_COPIES = 20
_VOCABULARY_SENTENCES = 100_000
# Each is left by a step, but the record, which is there from the beginning.
_MADE = (
    "report.json",
    "int8.tflite",
    "float32.tflite",
    "saved_model",
    "run",
    "baselines.json",
    "examples",
    "vocabulary",
    "corpus",
    "quickstart.json",
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class QuickstartOptions:
    """What a quickstart is asked to do.

    Args:
        corpus: Text files, or folders of such, one sentence a line; None
            takes the docstrings of the standard library and the installed
            packages.
        minutes: Minutes of pretraining.
        num_train_steps: Steps of pretraining, instead of minutes.
        seed: Decides all that is drawn.

    Raises:
        ValueError: A number is out of range.
    """

    corpus: tuple[str, ...] | None = None
    minutes: float = _DEFAULT_MINUTES
    num_train_steps: int | None = None
    seed: int = 12345

    def __post_init__(self) -> None:
        for name in ("minutes", "num_train_steps"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise ValueError(
                    f"`{name}` must be positive. Received: {name}={value}."
                )
        if not 0 <= self.seed < 2**32:
            raise ValueError(
                "`seed` must be an integer of 32 bits, not negative. "
                f"Received: seed={self.seed}."
            )


def peak_learning_rate(options: QuickstartOptions) -> float:
    """The peak rate, lower for runs that are longer than the default.

    It falls with the root of how many times longer the run is, in minutes, or
    in steps where these are given: 0.005 for 45 minutes. The rule was not
    fitted: that 0.015 suits five minutes and is too much for 45 was measured,
    that the lower rates are the best ones was not.

    Args:
        options: Of the quickstart.
    """
    if options.num_train_steps is not None:
        times = options.num_train_steps / _DEFAULT_STEPS
    else:
        times = options.minutes / _DEFAULT_MINUTES
    return LEARNING_RATE / math.sqrt(max(1.0, times))


def quickstart(
    out: str | os.PathLike[str],
    options: QuickstartOptions | None = None,
    *,
    overwrite: bool = False,
    console: Console | None = None,
) -> dict[str, Any]:
    """Text → vocabulary → examples → pretraining → artefacts → answers.

    Each step leaves a file or folder that appears whole, and is passed over
    where it is found: stopped at any moment and called again, a quickstart
    goes on.

    Args:
        out: Folder for everything that is made.
        options: What to do.
        overwrite: Replace what a quickstart with other options left there.
        console: Where to show progress; by default standard error.

    Returns:
        What `report.json` holds: losses and accuracies over time, baselines,
        questions with each runtime's answers, sizes and latencies.

    Raises:
        ModuleNotFoundError: The extra `quickstart` is not installed.
        FileExistsError: `out` holds something else, or a quickstart with
            other options.
        ValueError: The corpus is too small or no text.
    """
    require("quickstart", "A quickstart")
    options = options or QuickstartOptions()
    console = console or Console(stderr=True)
    steps = _Steps(Path(out), options, console)
    with owned(steps.out):
        with folder_made(steps.out), steps.folder_claimed(overwrite):
            steps.once("corpus", "Gathering text", steps.gather)
        for path, doing, make in (
            ("vocabulary", "Training a vocabulary", steps.train_vocabulary),
            ("examples", "Making examples", steps.make_examples),
            ("baselines.json", "Measuring baselines", steps.baselines),
            ("run/preset", "Pretraining", steps.pretrain),
            ("saved_model/1", "Exporting a SavedModel", steps.saved_model),
            ("float32.tflite", "Exporting TFLite", steps.tflite),
            ("int8.tflite", "Exporting TFLite in int8", steps.tflite_int8),
            ("report.json", "Asking all of them", steps.report),
        ):
            steps.once(path, doing, make)
    return json.loads((Path(out) / "report.json").read_text())


class _Steps:
    """The steps, and where each finds and leaves its files."""

    def __init__(
        self, out: Path, options: QuickstartOptions, console: Console
    ) -> None:
        self.out = out
        self.options = options
        self.console = console
        self.started = time.monotonic()
        self.spiece = out / "vocabulary" / "spiece.model"
        self.training_text = out / "corpus" / "train.txt"
        self.held_out_text = out / "corpus" / "held_out.txt"

    @contextlib.contextmanager
    def folder_claimed(self, overwrite: bool) -> Iterator[None]:
        """Finds a quickstart to go on with, or makes the folder one.

        A new one that fails before there is a corpus leaves nothing.
        """
        record = self.out / "quickstart.json"
        self._claim_folder(record, overwrite)
        try:
            yield
        except BaseException:
            if list(self.out.iterdir()) == [record]:
                record.unlink()
            raise

    def _claim_folder(self, record: Path, overwrite: bool) -> None:
        wanted = {
            **dataclasses.asdict(self.options),
            "corpus": self.options.corpus and list(self.options.corpus),
            "albert_keras": __version__,
        }
        others = set(self.out.iterdir()) - {record, partial_of(record)}
        if record.exists():
            begun = _read_record(record)
            if begun == wanted:
                return
            # One that was killed before it made anything is in nobody's way.
            if not overwrite and others:
                raise FileExistsError(
                    f"'{self.out}' holds a quickstart with other options "
                    f"({begun}). Go on with those, choose another folder "
                    "(--out) or replace it (--overwrite)."
                )
            self._clear()
        elif others:
            raise FileExistsError(
                f"`out` must be new, empty or hold a quickstart. Received: "
                f"'{self.out}', which holds other files."
            )
        _write_json(record, wanted)

    def _clear(self) -> None:
        """Removes what a quickstart made, and nothing else; its record last."""
        for name in _MADE:
            path = self.out / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def once(self, name: str, title: str, step: Callable[[], None]) -> None:
        """Runs a step, unless what it leaves is there."""
        if (self.out / name).exists():
            return
        elapsed = int(time.monotonic() - self.started)
        self.console.print(
            f"[dim]{elapsed // 60}:{elapsed % 60:02d}[/dim] {title}",
            highlight=False,
        )
        step()

    def tokenizer(self) -> AlbertTokenizer:
        return AlbertTokenizer(str(self.spiece))

    def config(self) -> AlbertConfig:
        size = self.tokenizer().vocabulary_size()
        return dataclasses.replace(
            AlbertConfig.named("albert_mini"), vocab_size=size
        )

    def gather(self) -> None:
        write_corpus(self.out / "corpus", self.options.corpus)

    def train_vocabulary(self) -> None:
        train_vocabulary(
            [self.training_text],
            self.out / "vocabulary",
            vocab_size=AlbertConfig.named("albert_mini").vocab_size,
            input_sentence_size=_VOCABULARY_SENTENCES,
            # A small corpus gets the vocabulary that it is good for.
            hard_vocab_limit=False,
            seed=self.options.seed,
            held_out_files=[self.held_out_text],
        )

    def make_examples(self) -> None:
        """Enough copies, each cut into other pairs, for the time there is."""
        tokenizer = self.tokenizer().python_tokenizer
        text_tokens = self.training_text.stat().st_size / 5
        wanted = self.options.minutes * _EXAMPLE_TOKENS_A_MINUTE / text_tokens
        copies = min(_MOST_COPIES, max(1, math.ceil(wanted)))
        length = self.config().max_position_embeddings
        texts = ((self.training_text, copies), (self.held_out_text, 1))
        with written_whole(self.out / "examples") as partial:
            for text, dupe_factor in texts:
                prepare(
                    [text],
                    tokenizer,
                    partial / text.stem,
                    ExampleOptions(
                        max_seq_length=length,
                        # No wider than 15 % of the longest sequence needs.
                        max_predictions_per_seq=round(0.15 * length),
                        dupe_factor=dupe_factor,
                        # So that label 1 always means "swapped".
                        single_segment="skip",
                        seed=self.options.seed,
                    ),
                )

    def baselines(self) -> None:
        measured = measure_baselines(
            self.training_text,
            self.out / "examples" / "held_out",
            self.tokenizer().python_tokenizer,
        )
        _write_json(self.out / "baselines.json", measured._asdict())

    def read_baselines(self) -> Baselines:
        content = (self.out / "baselines.json").read_text()
        return Baselines(**json.loads(content))

    def pretrain(self) -> None:
        baselines = self.read_baselines()
        steps = self.options.num_train_steps
        pretrain(
            self.config(),
            self.tokenizer(),
            ShardExamples([self.out / "examples" / "train"]),
            self.out / "run",
            PretrainingOptions(
                minutes=None if steps else self.options.minutes,
                num_train_steps=steps,
                batch_size=BATCH_SIZE,
                learning_rate=peak_learning_rate(self.options),
                warmup_proportion=WARMUP,
                optimizer="lamb",
                seed=self.options.seed,
            ),
            eval_data=ShardExamples([self.out / "examples" / "held_out"]),
            baselines={
                "commonest piece": baselines.commonest,
                "bigram": baselines.bigram,
            },
            resume=True,
            console=self.console,
        )

    def model(self) -> AlbertMaskedLM:
        return AlbertMaskedLM.from_preset(RunFolder(self.out / "run").preset)

    def saved_model(self) -> None:
        export.saved_model(self.model(), self.out / "saved_model")

    def tflite(self) -> None:
        export.tflite(self.model(), self.out / "float32.tflite")

    def tflite_int8(self) -> None:
        path = self.out / "int8.tflite"
        export.tflite(self.model(), path, quantization="int8")

    def report(self) -> None:
        tokenizer = self.tokenizer()
        questions = draw_questions(
            self.held_out_text,
            tokenizer.python_tokenizer,
            count=QUESTIONS,
            max_tokens=self.config().max_position_embeddings - 2,
            seed=self.options.seed,
        )
        texts = [question.text for question in questions]
        run = RunFolder(self.out / "run")
        paths = {
            "Keras": run.preset,
            "SavedModel": self.out / "saved_model",
            "TFLite": self.out / "float32.tflite",
            "TFLite int8": self.out / "int8.tflite",
        }
        answers = {
            "Keras": ask_keras(FillMask(self.model()), texts),
            "SavedModel": ask_saved_model(paths["SavedModel"] / "1", texts),
            "TFLite": ask_tflite(paths["TFLite"], tokenizer, texts),
            "TFLite int8": ask_tflite(paths["TFLite int8"], tokenizer, texts),
        }
        evaluations = [
            {"step": row.step, **row.values}
            for row in read_metrics(run.metrics)
            if row.split == "eval"
        ]
        _write_json(
            self.out / "report.json",
            {
                "options": dataclasses.asdict(self.options),
                "baselines": self.read_baselines()._asdict(),
                "evaluations": evaluations,
                "questions": _with_answers(questions, answers),
                "runtimes": {
                    name: {
                        "bytes": _bytes(paths[name]),
                        "milliseconds": answer.milliseconds,
                        "questions": len(texts),
                        "same_top_5": answer.same_pieces(answers["Keras"]),
                        "largest_difference": answer.largest_difference(
                            answers["Keras"]
                        ),
                    }
                    for name, answer in answers.items()
                },
                "files": {
                    "curves": str(run.curves),
                    **{name: str(path) for name, path in paths.items()},
                    "report": str(self.out / "report.json"),
                },
            },
        )


def _with_answers(
    questions: list[Question], answers: dict[str, Answers]
) -> list[dict[str, Any]]:
    return [
        {
            **question._asdict(),
            "answers": {
                name: {
                    "pieces": answer.pieces[number],
                    "scores": answer.scores[number],
                }
                for name, answer in answers.items()
            },
        }
        for number, question in enumerate(questions)
    ]


def _bytes(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(
        file.stat().st_size for file in path.rglob("*") if file.is_file()
    )


def _write_json(path: Path, content: Any) -> None:
    with written_whole(path) as partial:
        partial.write_text(
            json.dumps(content, indent=2, ensure_ascii=False) + "\n",
            encoding="utf-8",
        )


def _read_record(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(
            f"'{path}' must be the JSON file that the quickstart began with. "
            f"Received: {error}."
        ) from None
