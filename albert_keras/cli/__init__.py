"""The command `albert-keras`: a table of commands, each loaded when called.

TensorFlow takes seconds to import, so nothing here may import it: `--help`
is made from the table alone.
"""

import functools
import os
import re
import signal
from collections.abc import Callable, Mapping
from importlib import import_module
from types import FrameType
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup

from albert_keras import __version__
from albert_keras.cli.errors import one_sentence, usage_sentence


class Command(NamedTuple):
    """Where a command is: a function of a module of this package.

    Its `example` is shown in its help, behind `albert-keras`.
    """

    module: str
    function: str
    help: str
    starts_tensorflow: bool = False
    example: str = ""


class Group(NamedTuple):
    """A word before the command, as in `export tflite`."""

    help: str
    commands: dict[str, Command]


# In the order in which one would use them.
COMMANDS: dict[str, Command | Group] = {
    "quickstart": Command(
        "quickstart",
        "quickstart",
        "Train a small ALBERT from text to answers, in minutes.",
        example="quickstart --corpus corpus.txt --minutes 5",
        starts_tensorflow=True,
    ),
    "vocab": Command(
        "vocab",
        "vocab",
        "Train a SentencePiece vocabulary.",
        example="vocab corpus.txt --size 8000 --out vocabulary",
    ),
    "prepare": Command(
        "prepare",
        "prepare",
        "Make pretraining examples from text.",
        example="prepare corpus.txt --tokenizer vocabulary/spiece.model"
        " --max-seq-length 128 --out shards",
    ),
    "pretrain": Command(
        "pretrain",
        "pretrain",
        "Pretrain a model on prepared examples.",
        example="pretrain --config albert_base_v2 --data shards"
        " --tokenizer vocabulary/spiece.model --steps 125000 --out run",
        starts_tensorflow=True,
    ),
    "finetune": Command(
        "finetune",
        "finetune",
        "Fine-tune a model on a task, and measure it.",
        example="finetune classification --preset run/preset"
        " --train train.csv --dev dev.csv --column text=review --out film",
        starts_tensorflow=True,
    ),
    "evaluate": Group(
        "Score prediction files of any system by the official metrics.",
        {
            "squad": Command(
                "evaluate",
                "squad",
                "Exact match and F1 of SQuAD 1.1 and 2.0.",
                example="evaluate squad --data dev-v2.0.json"
                " --predictions predictions.json --null-odds null_odds.json",
            ),
            "glue": Command(
                "evaluate",
                "glue",
                "Each task of GLUE by its own metrics.",
                example="evaluate glue mrpc --data MRPC/dev.tsv"
                " --predictions MRPC.tsv",
            ),
            "race": Command(
                "evaluate",
                "race",
                "Accuracy of RACE, middle and high.",
                example="evaluate race --data RACE --split dev"
                " --predictions letters.json",
            ),
            "conll": Command(
                "evaluate",
                "conll",
                "F1 of named entities, as conlleval.",
                example="evaluate conll --data test.txt"
                " --predictions tags.json",
            ),
        },
    ),
    "fill-mask": Command(
        "fill_mask",
        "fill_mask",
        "Say what each [MASK] of a text may stand for.",
        example='fill-mask run/preset "A [MASK] of the text."',
    ),
    "embed": Command(
        "embed",
        "embed",
        "Turn texts into vectors.",
        example="embed run/preset --file reviews.csv"
        " --column text=review --normalize --out reviews.npy",
    ),
    "classify": Command(
        "classify",
        "classify",
        "Say which class texts are of.",
        example='classify film/preset "A fine film." --json',
    ),
    "answer": Command(
        "answer",
        "answer",
        "Find answers in passages of any length.",
        example='answer reader "Who wrote it?"'
        " --context-file page.txt --top-k 3",
    ),
    "tag": Command(
        "tag",
        "tag",
        "Name people and places in texts, with where they stand.",
        example='tag tagger "Ann Lee flew to Paris ."',
    ),
    "choose": Command(
        "choose",
        "choose",
        "Choose among the answers to a question.",
        example='choose chooser "Where is Ann?"'
        ' --option "At home." --option "At school."'
        ' --context "Ann went home."',
    ),
    "bias": Command(
        "bias",
        "bias",
        "Compare what a masked LM fills in for paired groups.",
        example="bias run/preset --out bias",
        starts_tensorflow=True,
    ),
    "inspect": Command(
        "inspect",
        "inspect",
        "Show a model's parameters, and a text's way through its layers.",
        example='inspect run/preset "Return the text." --out inside',
        starts_tensorflow=True,
    ),
    "card": Command(
        "card",
        "card",
        "Write the model card of a preset anew.",
        example="card run/preset --license apache-2.0 --language en",
        starts_tensorflow=True,
    ),
    "convert": Command(
        "convert",
        "convert",
        "Turn a checkpoint of any form into another form.",
        example="convert run/preset for-huggingface --to huggingface",
        starts_tensorflow=True,
    ),
    "export": Group(
        "Write a model in a form that runs without this package.",
        {
            "savedmodel": Command(
                "export",
                "savedmodel",
                "For TF Serving: text or ids in, scores out.",
                example="export savedmodel film/preset served/film"
                " --labels bad,good",
                starts_tensorflow=True,
            ),
            "tflite": Command(
                "export",
                "tflite",
                "For phones: ids in, scores out, in 32 to 4 bits.",
                example="export tflite film/preset film.tflite"
                " --quantization int8",
                starts_tensorflow=True,
            ),
        },
    ),
    "bench": Group(
        "Measure an export on this machine.",
        {
            "tflite": Command(
                "bench",
                "tflite",
                "Latency and memory by threads, length and quantisation.",
                example="bench tflite film/preset --quantization int8"
                " --length 32 --threads 2 --out bench",
                starts_tensorflow=True,
            ),
        },
    ),
    "doctor": Command(
        "doctor",
        "doctor",
        "Show versions, devices, and what will not work here.",
        example="doctor --json",
    ),
}

# Of the help's 80 columns, with room for what stands around an example.
_WIDTH = 72

# Help and errors are plain text: boxes break a path that one wants to copy,
# and markup would swallow some of what stands in brackets, as [MASK] does.
_PLAIN: dict[str, Any] = {"rich_markup_mode": None}


class _Lazy(TyperCommand):
    """Stands in the help for a command whose module is not imported yet."""

    def __init__(self, name: str, command: Command):
        super().__init__(name, help=command.help, **_PLAIN)
        self._command = command

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        return self._load().make_context(*args, **kwargs)

    @one_sentence
    def _load(self) -> Any:
        module = import_module(f"{__name__}.{self._command.module}")
        function = getattr(module, self._command.function)
        if self._command.starts_tensorflow:
            function = _after_tensorflow(function)
        app = typer.Typer(add_completion=False, **_PLAIN)
        app.command(self.name, epilog=_shown_as_it_is(self._command.example))(
            one_sentence(function)
        )
        command = typer.main.get_command(app)
        for parameter in command.params:
            if isinstance(parameter, TyperArgument):
                # Behind its metavar Typer would write `<list[Path]>`.
                vars(parameter)["display_type_rich"] = lambda ctx: None
        return command


def _shown_as_it_is(example: str) -> str | None:
    """An example below the help of a command, that can be copied."""
    if not example:
        return None
    lines = ["  albert-keras"]
    for part in re.split(r" (?=--)", example):
        if len(lines[-1]) + len(part) > _WIDTH:
            lines[-1] += " \\"
            lines.append("     ")
        lines[-1] += f" {part}"
    # Behind this sign lines are not filled anew.
    return "\n".join(["\b", "Example:", *lines])


def _after_tensorflow(function: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        from albert_keras.cli.tensorflow_start import start_tensorflow

        start_tensorflow()
        function(*args, **kwargs)

    return wrapper


def _add_commands(
    group: TyperGroup, table: Mapping[str, Command | Group]
) -> TyperGroup:
    for name, entry in table.items():
        if isinstance(entry, Command):
            group.add_command(_Lazy(name, entry))
        else:
            subgroup = TyperGroup(
                name=name, help=entry.help, no_args_is_help=True, **_PLAIN
            )
            group.add_command(_add_commands(subgroup, entry.commands))
    return group


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"albert-keras {__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Show the version and stop.",
        ),
    ] = False,
) -> None:
    """ALBERT, from raw text to a model that answers."""


def _terminate(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def main() -> None:
    """Runs the command that the process's arguments name.

    Exits with 0 when it did its work; with 2 and one sentence on standard
    error when what it was given does not do; with 130 after Ctrl-C and 143
    after SIGTERM, having removed what is half done; with 1 and a traceback
    when the fault is ours.
    """
    signal.signal(signal.SIGTERM, _terminate)
    # Before anything imports TensorFlow: its errors come as exceptions, and
    # those that it logs are about missing GPUs.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    app = typer.Typer(add_completion=False, no_args_is_help=True, **_PLAIN)
    app.callback()(_root)
    commands = _add_commands(typer.main.get_group(app), COMMANDS)
    try:
        code = commands.main(prog_name="albert-keras", standalone_mode=False)
    except Exception as error:
        sentence = usage_sentence(error)
        if sentence is None:
            raise
        if type(error).__name__ == "NoArgsIsHelpError":
            error.show()  # type: ignore[attr-defined]
        else:
            typer.echo(f"Error: {sentence}", err=True)
        raise SystemExit(2) from None
    raise SystemExit(code or 0)
