"""`albert-keras inspect`: what is in a model, and what it does to a text."""

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from albert_keras.cli.report_folder import report_folder

if TYPE_CHECKING:
    from albert_keras.inference.looking.inside import Inside
    from albert_keras.inference.looking.parameters import ParameterCount


def inspect(
    preset: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="Preset, checkpoint of another form, handle or name.",
        ),
    ],
    text: Annotated[
        str | None,
        typer.Argument(
            metavar="TEXT", help="Text to follow through the layers."
        ),
    ] = None,
    tokenizer: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="spiece.model, vocab.txt or a preset, for a MODEL without a "
            "tokenizer.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for pictures and a page of the text.",
            show_default=False,
        ),
    ] = None,
    layer: Annotated[
        list[int] | None,
        typer.Option(
            help="Draw the heads of this layer, from 1; may be repeated. "
            "Without any: of all.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what is there already.")
    ] = False,
) -> None:
    """Show a model's parameters, and a text's way through its layers.

    With TEXT: its pieces in colour, and how much each layer changes them.
    With --out also attention maps, a page of all and its pictures.
    """
    if out is not None and text is None:
        raise ValueError(
            "--out must come with a TEXT to draw. Received: no TEXT."
        )
    from albert_keras.checkpoints import load
    from albert_keras.checkpoints.vocabulary import tokenizer_of_file
    from albert_keras.inference.drawing import check_can_draw
    from albert_keras.inference.looking.inside import look_inside
    from albert_keras.inference.looking.parameters import count_parameters
    from albert_keras.inference.looking.report import (
        parameters_json,
        text_json,
        write_report,
    )
    from albert_keras.text.normalization import replace_lone_surrogates

    if out is not None:
        check_can_draw()
    name = replace_lone_surrogates(preset)  # of a path that is no UTF-8
    inside = None
    with (
        contextlib.nullcontext()
        if out is None
        else report_folder(out, overwrite=overwrite) as folder,
        Console(stderr=True).status("Reading the model ...") as status,
    ):
        model = load(preset)
        counted = count_parameters(model)
        if text is not None:
            given = None if tokenizer is None else tokenizer_of_file(tokenizer)
            inside = look_inside(model, text, given)
        if folder is not None and inside is not None:
            write_report(
                folder,
                name,
                counted,
                inside,
                layer,
                progress=lambda step: status.update(f"{step} ..."),
            )
    if as_json:
        found = {"model": name, **parameters_json(counted)}
        if inside is not None:
            found |= text_json(inside)
        print(json.dumps(found, ensure_ascii=False))
        return
    console = Console()
    _show_parameters(console, counted)
    if inside is not None:
        _show_text(console, inside)
    if out is not None:
        console.print(Text(f"\nWritten to {out}: inside.html has all of it."))


def _show_parameters(console: Console, counted: "ParameterCount") -> None:
    from albert_keras.inference.looking.report import savings

    table = _table("part", "parameters", "share", "without sharing")
    for part in counted.parts:
        table.add_row(
            part.name,
            f"{part.size:,}",
            f"{part.size / counted.total:.1%}",
            f"{part.unrolled:,}",
        )
    table.add_section()
    table.add_row(
        "all", f"{counted.total:,}", "100.0%", f"{counted.unrolled:,}"
    )
    console.print(table, highlight=False)
    for sentence in savings(counted):
        console.print(sentence, highlight=False)


def _show_text(console: Console, inside: "Inside") -> None:
    from albert_keras.inference.looking.similarity import layer_changes
    from albert_keras.inference.looking.tokenization import (
        coloured_pieces,
        coloured_text,
    )

    console.print()
    console.print(coloured_text(inside.text, inside.tokens), soft_wrap=True)
    console.print(coloured_pieces(inside.tokens), soft_wrap=True)
    table = _table("layer", "L2 distance", "±", "degrees", "±")
    for change in layer_changes(inside.hidden_states):
        table.add_row(
            str(change.layer),
            f"{change.distance:.2f}",
            f"{change.distance_deviation:.2f}",
            f"{change.degrees:.1f}",
            f"{change.degrees_deviation:.1f}",
        )
    console.print(
        "\nBetween input and output of each layer, mean over the tokens and "
        "standard deviation:",
        highlight=False,
    )
    console.print(table, highlight=False)


def _table(*columns: str) -> Any:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for number, column in enumerate(columns):
        justify: Any = "right" if number else "left"
        table.add_column(escape(column), justify=justify)
    return table
