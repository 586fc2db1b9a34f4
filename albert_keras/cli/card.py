"""`albert-keras card`: the README.md of a preset."""

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer


def card(
    preset: Annotated[
        Path,
        typer.Argument(
            metavar="PRESET", help="Folder written by save_to_preset."
        ),
    ],
    license: Annotated[
        str | None,
        typer.Option(
            help="Licence of the weights as the hub calls it, apache-2.0.",
            show_default=False,
        ),
    ] = None,
    language: Annotated[
        list[str] | None,
        typer.Option(
            help="Code of a language, en; may be repeated.",
            show_default=False,
        ),
    ] = None,
    dataset: Annotated[
        list[str] | None,
        typer.Option(
            help="Name of a data set on the hub that it learned from; may be "
            "repeated.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite", help="Replace a README.md changed by hand, too."
        ),
    ] = False,
) -> None:
    """Write the model card of a preset anew, from its model_card.json.

    What is given here is kept in model_card.json, and nothing else changes.

    Example: albert-keras card albert-quickstart/run/preset
    --license apache-2.0 --language en
    """
    from albert_keras.models.card.facts import CardFacts
    from albert_keras.models.card.writing import write_card

    given: dict[str, Any] = {
        "license": license,
        "languages": language,
        "datasets": dataset,
    }
    for name, value in given.items():
        values = value if isinstance(value, list) else [value]
        if any(isinstance(each, str) and not each.strip() for each in values):
            raise ValueError(
                f"--{name.removesuffix('s')} must not be empty. Received: ''."
            )
    facts = dataclasses.replace(
        CardFacts.read(preset),
        **{name: value for name, value in given.items() if value},
    )
    say_written(
        preset, is_written=write_card(preset, facts, overwrite=overwrite)
    )


def say_written(preset: Path, *, is_written: bool) -> None:
    """Tells what became of the README.md of a preset.

    Args:
        preset: Its folder.
        is_written: What `write_card` returned.
    """
    if is_written:
        typer.echo(f"Written: {preset / 'README.md'}")
        return
    typer.echo(
        f"Kept: {preset / 'README.md'} was changed by hand. What is new "
        "stands in model_card.json beside it, and `albert-keras card "
        f"{preset} --overwrite` writes both anew.",
        err=True,
    )
