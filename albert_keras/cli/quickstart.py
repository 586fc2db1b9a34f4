"""`albert-keras quickstart`: text to answers, in minutes."""

from pathlib import Path
from typing import Annotated

import typer


def quickstart(
    out: Annotated[
        Path, typer.Option(help="Folder for everything that is made.")
    ] = Path("albert-quickstart"),
    corpus: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="<path>",
            help="Text file, one sentence a line; may be repeated. Without "
            "any: the docstrings of the installed packages.",
        ),
    ] = None,
    minutes: Annotated[
        float, typer.Option(help="Minutes to pretrain for.")
    ] = 5.0,
    steps: Annotated[
        int | None,
        typer.Option(help="Steps to pretrain for, instead of minutes."),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Decides all that is drawn.")
    ] = 12345,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite", help="Replace the quickstart that the folder holds."
        ),
    ] = False,
) -> None:
    """Train a vocabulary and a small ALBERT, export it, and ask it.

    Stopped by Ctrl-C, it goes on from where it was when called again.
    """
    from rich.console import Console

    from albert_keras.quickstart.report import show_report
    from albert_keras.quickstart.run import QuickstartOptions
    from albert_keras.quickstart.run import quickstart as run_quickstart

    options = QuickstartOptions(
        corpus=tuple(map(str, corpus)) if corpus else None,
        minutes=minutes,
        num_train_steps=steps,
        seed=seed,
    )
    try:
        report = run_quickstart(out, options, overwrite=overwrite)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            "Stopped. What was done is kept, and the same command goes on."
        ) from None
    show_report(report, Console())
