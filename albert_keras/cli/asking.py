"""What the commands that ask a model have in common."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from albert_keras.cli.tensorflow_start import chatter_dropped, start_tensorflow

Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="Preset, SavedModel or .tflite file; or a handle of a preset.",
    ),
]
Texts = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="TEXT",
        help="Texts; without any, and without --file, lines of standard input.",
    ),
]
File = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="CSV, TSV or JSON lines with named columns, else a text a line; "
        "gzip and zstd too; - is standard input.",
        show_default=False,
    ),
]
Form = Annotated[
    str | None,
    typer.Option(
        metavar="lines|csv|tsv|jsonl",
        help="What FILE or standard input holds, whatever its name.",
        show_default=False,
    ),
]
Column = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=COLUMN",
        help="What FILE calls a column; may be repeated.",
        show_default=False,
    ),
]
Labels = Annotated[
    str | None,
    typer.Option(
        metavar="A,B,...",
        help="Names of the classes, in order; else those the model was saved "
        "with, or their numbers.",
        show_default=False,
    ),
]
MaxTokens = Annotated[
    int | None,
    typer.Option(
        help="Most tokens of a row; by default what the model takes.",
        show_default=False,
    ),
]
BatchSize = Annotated[
    int, typer.Option(help="Most rows that go through the model at once.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]

Answered = Iterable[tuple[Any, dict[str, Any]]]
STANDARD_INPUT = Path("-")
_FORMS = ("lines", "csv", "tsv", "jsonl")


def open_model(class_name: str, model: str, **options: Any) -> Any:
    """Loads a model to ask it, and no more libraries than it takes.

    Args:
        class_name: Of `ak.inference`.
        model: The path or handle.
        **options: Of the class.
    """
    from albert_keras.inference.loading import (
        PRESET,
        TFLITE,
        check_exists,
        form_of,
    )

    check_exists(model)
    form = form_of(model)
    if form != TFLITE:
        start_tensorflow(with_keras=form == PRESET)
    from albert_keras import inference

    with (
        chatter_dropped() as terminal,
        Console(file=terminal).status("Loading the model ..."),
    ):
        return getattr(inference, class_name)(model, **options)


def split_labels(labels: str | None) -> list[str] | None:
    """The names in `A,B,...`."""
    return labels.split(",") if labels else None


def examples_of(
    kind: str,
    texts: list[Any] | None,
    file: Path | None,
    column: list[str] | None,
    form: str | None,
) -> Iterator[Any]:
    """The examples that a command was given, by arguments, file or pipe.

    Args:
        kind: As of `read_examples`.
        texts: Examples made of arguments, if there are any.
        file: `--file`.
        column: `--column`.
        form: `--form`.
    """
    from albert_keras.inference.reading import read_examples

    if texts:
        if file is not None or column or form:
            raise ValueError(
                "Texts must be given as arguments or by --file (with --column "
                "and --form). Received: both."
            )
        return iter(texts)
    if form is not None and form not in _FORMS:
        raise ValueError(
            f"--form must be one of {', '.join(_FORMS)}. Received: {form!r}."
        )
    if file is None:
        file = STANDARD_INPUT
        if form is None and (column or kind not in ("text", "pair")):
            form = "jsonl"
    elif file != STANDARD_INPUT and file.is_dir():
        raise IsADirectoryError(
            f"--file must be a file. Received: {file}, a folder."
        )
    return read_examples(file, kind, dict(map(_named, column or [])), form)


def _named(column: str) -> tuple[str, str | list[str]]:
    name, equals, called = column.partition("=")
    if not (name and equals and called):
        raise ValueError(f"--column must be NAME=COLUMN. Received: {column!r}.")
    if name == "options" and "," in called:
        return name, called.split(",")
    return name, called


def text_examples(
    texts: list[str] | None, pair: str | None = None
) -> list[Any] | None:
    """Texts that were given as arguments, as examples.

    Args:
        texts: The texts.
        pair: What goes with the only one of them, if anything does.
    """
    from albert_keras.text.examples import TextExample

    if pair is not None and len(texts or ()) != 1:
        raise ValueError(
            f"--pair must go with one TEXT. Received: {len(texts or ())}."
        )
    return [TextExample("", text, pair, None, "") for text in texts or ()]


def text_of(example: Any) -> dict[str, Any]:
    """What of a text or pair stands before its answer in JSON."""
    if example.pair is None:
        return {"text": example.text}
    return {"text": example.text, "pair": example.pair}


def print_answers(
    answered: Answered,
    file: Path | None,
    as_json: bool,
    inputs: Callable[[Any], dict[str, Any]],
    show: Callable[[Any, dict[str, Any]], str],
) -> None:
    """Prints answers as they come.

    Args:
        answered: Examples with their answers.
        file: Where they are from, for the progress.
        as_json: Whether to print an object a line.
        inputs: What of an example stands in the object, before the answer.
        show: The answer as text.
    """

    def line(example: Any, answer: dict[str, Any]) -> str:
        if not as_json:
            return show(example, answer)
        return json.dumps({**inputs(example), **answer}, ensure_ascii=False)

    print_lines(answered, file, line)


def print_lines(
    answered: Answered,
    file: Path | None,
    line: Callable[[Any, dict[str, Any]], str],
) -> None:
    """Prints something for each answer.

    Args:
        answered: Examples with their answers.
        file: Where they are from, for the progress.
        line: What to print.
    """
    from albert_keras.text.normalization import replace_lone_surrogates

    count = 0
    # On the terminal that answers go to there is no place for a bar.
    shown = None if sys.stdout.isatty() else file
    try:
        for example, answer in with_progress(answered, shown):
            count += 1
            # Which JSON and arguments can hold, and no output.
            answered_line = replace_lone_surrogates(line(example, answer))
            print(answered_line, flush=True)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"Stopped. {count:,} answers were given."
        ) from None


def with_progress(
    answered: Answered, file: Path | None
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Passes answers on, and shows on standard error how far a file is.

    Args:
        answered: Examples with their answers.
        file: Where the examples are from; None, or standard input, of which
            there is no telling how long it is.
    """
    if file is None or not file.is_file() or not sys.stderr.isatty():
        yield from answered
        return
    from albert_keras.pretraining.progress import progress_bar
    from albert_keras.text.lines import numbered_lines

    total = sum(1 for _ in numbered_lines(file))
    with progress_bar(show=True) as progress:
        task = progress.add_task(str(file), total=total)
        for example, answer in answered:
            yield example, answer
            line = int(example.source.rpartition(":")[2])
            progress.update(task, completed=line)
        progress.update(task, completed=total)
