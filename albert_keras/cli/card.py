"""`albert-keras card`: the README.md of a preset."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from albert_keras.models.card.facts import CardFacts


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

    What is given here is kept in model_card.json. A preset that has none, as
    one that KerasHub's own method saved, gets one of what itself tells.
    """
    from albert_keras.models.card.writing import write_card

    given: dict[str, Any] = {
        "license": license,
        "languages": language,
        "datasets": dataset,
    }
    for name, value in given.items():
        for each in value if isinstance(value, list) else [value]:
            if each is not None and not (each.strip() and each.isprintable()):
                raise ValueError(
                    f"--{name.removesuffix('s')} must be a name. "
                    f"Received: {each!r}."
                )
    preset = card_folder(preset)
    facts = dataclasses.replace(
        facts_of_preset(preset),
        **{name: value for name, value in given.items() if value},
    )
    say_written(
        preset, is_written=write_card(preset, facts, overwrite=overwrite)
    )


def card_folder(preset: Path) -> Path:
    """Return the folder that holds the card of a preset.

    Args:
        preset: A preset, or the folder of a finished run.

    Raises:
        ValueError: It is a stopped run or a checkpoint.
    """
    from albert_keras.models.preset import as_preset

    folder = Path(as_preset(preset))
    if folder != preset and preset not in folder.parents:
        raise ValueError(
            "A card is written into the folder of a preset. Received: "
            f"'{preset}'; save its model as a preset first: albert-keras "
            f"convert {preset} OUT --to keras."
        )
    return folder


def facts_of_preset(preset: Path) -> "CardFacts":
    """What is known of a preset; of one without a card what itself tells.

    Args:
        preset: Its folder.

    Raises:
        FileNotFoundError: There is no such folder, or it is no preset.
        ValueError: A file in it is damaged.
    """
    from albert_keras.models.card.facts import FACTS_FILE, CardFacts, facts_of

    if (preset / FACTS_FILE).exists():
        return CardFacts.read(preset)
    from albert_keras.models.albert_backbone import AlbertBackbone
    from albert_keras.models.preset import check_preset, saved_task_class

    check_preset(AlbertBackbone, preset, load_weights=False)
    saved: Any = saved_task_class(preset) or AlbertBackbone
    return facts_of(saved.from_preset(preset))


def say_written(preset: Path, *, is_written: bool, err: bool = False) -> None:
    """Tells what became of the README.md of a preset.

    Args:
        preset: Its folder.
        is_written: What `write_card` returned.
        err: Whether another answer goes to standard output.
    """
    if is_written:
        typer.echo(f"Written: {preset / 'README.md'}", err=err)
        return
    typer.echo(
        f"Kept: {preset / 'README.md'} was changed by hand. What is new "
        "stands in model_card.json beside it, and `albert-keras card "
        f"{preset} --overwrite` writes both anew.",
        err=True,
    )
