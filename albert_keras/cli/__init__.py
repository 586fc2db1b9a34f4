"""The command `albert-keras`: a table of commands, each loaded when called.

TensorFlow takes seconds to import, so nothing here may import it: `--help`
is made from the table alone.
"""

import os
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from albert_keras import __version__
from albert_keras.cli.errors import one_sentence

# name: (module of this package, function in it, line in the help), or the
# help and the table of a group. In the order in which one would use them.
COMMANDS: dict[str, Any] = {
    "quickstart": (
        "quickstart",
        "quickstart",
        "Train a small ALBERT from text to answers, in minutes.",
    ),
    "vocab": ("vocab", "vocab", "Train a SentencePiece vocabulary."),
    "prepare": ("prepare", "prepare", "Make pretraining examples from text."),
    "pretrain": ("pretrain", "pretrain", "Pretrain on prepared examples."),
    "fill-mask": ("fill_mask", "fill_mask", "Fill in the [MASK]s of texts."),
    "export": (
        "Write what runs without this package.",
        {
            "savedmodel": (
                "export",
                "savedmodel",
                "For TF Serving: text or ids in, scores out.",
            ),
            "tflite": (
                "export",
                "tflite",
                "For phones: ids in, scores out, float32 or int8.",
            ),
        },
    ),
    "doctor": (
        "doctor",
        "doctor",
        "Show versions, devices, and what will not work here.",
    ),
}


# Help and errors are plain text: boxes break a path that one wants to copy,
# and markup would swallow some of what stands in brackets, as [MASK] does.
_PLAIN: dict[str, Any] = {"rich_markup_mode": None}


class _Lazy(TyperCommand):
    """Stands in the help for a command whose module is not imported yet."""

    def __init__(self, name: str, module: str, function: str, help: str):
        super().__init__(name, help=help, **_PLAIN)
        self._target = (module, function)

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        return self._load().make_context(*args, **kwargs)

    @one_sentence
    def _load(self) -> Any:
        module, function = self._target
        callback = getattr(import_module(f"{__name__}.{module}"), function)
        app = typer.Typer(add_completion=False, **_PLAIN)
        app.command(self.name)(one_sentence(callback))
        return typer.main.get_command(app)


def _add_commands(group: TyperGroup, table: dict[str, Any]) -> TyperGroup:
    for name, entry in table.items():
        if len(entry) == 3:
            group.add_command(_Lazy(name, *entry))
        else:
            help, subcommands = entry
            subgroup = TyperGroup(
                name=name, help=help, no_args_is_help=True, **_PLAIN
            )
            group.add_command(_add_commands(subgroup, subcommands))
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


def main() -> None:
    """Runs the command that the process's arguments name.

    Exits with 0 when it did its work; with 2 and one sentence on standard
    error when what it was given does not do; with 130 after Ctrl-C; with 1
    and a traceback when the fault is ours.
    """
    # Keeps TensorFlow's own log to errors; set before anything imports it.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    app = typer.Typer(add_completion=False, no_args_is_help=True, **_PLAIN)
    app.callback()(_root)
    _add_commands(typer.main.get_group(app), COMMANDS).main(
        prog_name="albert-keras"
    )
