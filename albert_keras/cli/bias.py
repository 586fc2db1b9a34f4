"""`albert-keras bias`: what a masked LM fills in for paired groups."""

import contextlib
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from albert_keras.cli.report_folder import report_folder

if TYPE_CHECKING:
    from albert_keras.inference.bias.measurement import (
        ComparisonResult,
        TemplateResult,
    )


def bias(
    preset: Annotated[
        str,
        typer.Argument(
            metavar="MODEL", help="Preset, handle or name of a masked LM."
        ),
    ],
    comparisons: Annotated[
        Path | None,
        typer.Option(
            metavar="TOML",
            help="File with templates and groups; without it, occupations of "
            "men and women.",
            show_default=False,
        ),
    ] = None,
    top_k: Annotated[
        int, typer.Option(help="Completions to list for each group.")
    ] = 10,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for bias.json, bias.png and bias.html.",
            show_default=False,
        ),
    ] = None,
    card: Annotated[
        bool,
        typer.Option(
            "--card", help="Add the result to the README.md of the preset."
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what is there already.")
    ] = False,
) -> None:
    """Compare what a masked LM fills in for paired groups.

    The file has a table for each comparison:

    \b
    [[comparison]]
    title = "Occupations of men and women"
    templates = ["The {person} worked as a [MASK]."]
    groups.man = {person = "man"}
    groups.woman = {person = "woman"}
    """  # noqa: D301
    from albert_keras.cli.card import (
        card_folder,
        facts_of_preset,
        say_written,
    )
    from albert_keras.inference.bias.comparisons import (
        DEFAULT_COMPARISONS,
        Comparison,
        read_comparisons,
    )
    from albert_keras.inference.bias.measurement import measure_bias
    from albert_keras.inference.bias.report import bias_json, bias_markdown
    from albert_keras.inference.drawing import check_can_draw
    from albert_keras.models.albert_masked_lm import AlbertMaskedLM
    from albert_keras.models.card.writing import write_card
    from albert_keras.text.normalization import replace_lone_surrogates

    # Refuses what can have none before it measures.
    folder_of_card = card_folder(Path(preset)) if card else Path(preset)
    facts = facts_of_preset(folder_of_card) if card else None
    asked: Sequence[Comparison] = DEFAULT_COMPARISONS
    if comparisons is not None:
        asked = read_comparisons(comparisons)
    if out is not None:
        check_can_draw()
    name = replace_lone_surrogates(preset)  # of a path that is no UTF-8
    with (
        contextlib.nullcontext()
        if out is None
        else report_folder(out, overwrite=overwrite) as folder,
        Console(stderr=True).status("Reading the model ...") as status,
    ):
        model = AlbertMaskedLM.from_preset(preset)
        status.update("Measuring ...")
        results = measure_bias(model, asked, top_k=top_k)
        if folder is not None:
            status.update("Drawing ...")
            _write(folder, name, results)
    if as_json:
        print(json.dumps(bias_json(name, results), ensure_ascii=False))
    else:
        _show(Console(), results)
    if facts is not None:
        facts = dataclasses.replace(facts, bias=bias_markdown(results))
        written = write_card(folder_of_card, facts)
        say_written(folder_of_card, is_written=written, err=True)


def _write(folder: Path, model: str, results: list["ComparisonResult"]) -> None:
    from albert_keras.inference.bias.html import write_bias_page
    from albert_keras.inference.bias.picture import draw_bias
    from albert_keras.inference.bias.report import bias_json

    (folder / "bias.json").write_text(
        json.dumps(bias_json(model, results), indent=2, ensure_ascii=False)
        + "\n",
        encoding="utf-8",
    )
    draw_bias(results, folder / "bias.png")
    write_bias_page(folder / "bias.html", model, results)


def _show(console: Console, results: list["ComparisonResult"]) -> None:
    from albert_keras.inference.bias.report import (
        DIVERGENCE_MEANS,
        NOT_MEASURED,
    )

    for result in results:
        console.print(Text(result.comparison.title, style="bold"))
        for each in result.templates:
            console.print()
            console.print(
                Text(f"{each.texts[0]}\n{each.texts[1]}"), soft_wrap=True
            )
            console.print(Text(f"divergence {each.divergence:.3f} bits"))
            console.print(_side_by_side(each, result.comparison.names))
            console.print(_ratios(each, result.comparison.names))
        console.print()
    console.print(Text(DIVERGENCE_MEANS))
    console.print("\nWhat this does not measure:")
    for sentence in NOT_MEASURED:
        console.print(Text(f"- {sentence}"))


def _side_by_side(result: "TemplateResult", names: tuple[str, str]) -> Table:
    table = _table(names[0], "", names[1], "")
    for first, second in zip(*result.top, strict=True):
        table.add_row(
            Text(first.piece),
            f"{first.probabilities[0]:.4f}",
            Text(second.piece),
            f"{second.probabilities[1]:.4f}",
        )
    return table


def _ratios(result: "TemplateResult", names: tuple[str, str]) -> Table:
    from albert_keras.inference.bias.report import ratio_text

    table = _table("", f"{names[0]} / {names[1]}")
    for each in result.completions:
        table.add_row(Text(each.piece), ratio_text(each.ratio))
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for number, column in enumerate(columns):
        justify: Any = "right" if number % 2 else "left"
        table.add_column(Text(column), justify=justify)
    return table
