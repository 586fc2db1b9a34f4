"""`albert-keras vocab`: a SentencePiece vocabulary from a corpus."""

import json
from pathlib import Path
from typing import Annotated

import typer


def vocab(
    corpus: Annotated[
        list[Path],
        typer.Argument(metavar="CORPUS", help="Text files in UTF-8."),
    ],
    out: Annotated[
        Path, typer.Option(help="Folder to write the vocabulary to.")
    ],
    size: Annotated[
        int, typer.Option(help="Pieces, special symbols included.")
    ] = 30_000,
    cased: Annotated[
        bool, typer.Option("--cased", help="Do not lower-case.")
    ] = False,
    keep_accents: Annotated[
        bool, typer.Option("--keep-accents", help="Keep é apart from e.")
    ] = False,
    character_coverage: Annotated[
        float, typer.Option(help="Share of characters covered, 0.98 to 1.")
    ] = 0.99995,
    seed: Annotated[int, typer.Option(help="Decides the sample.")] = 12345,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a vocabulary.")
    ] = False,
) -> None:
    """Train a SentencePiece vocabulary with ALBERT's settings."""
    from albert_keras.text.vocabulary import train_vocabulary

    try:
        model = train_vocabulary(
            corpus,
            out,
            vocab_size=size,
            lowercase=not cased,
            keep_accents=keep_accents,
            character_coverage=character_coverage,
            seed=seed,
            overwrite=overwrite,
        )
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"Stopped before the vocabulary was made, so '{out}' was not "
            "written."
        ) from None
    description = model.with_name("vocabulary.json").read_text("utf-8")
    made = json.loads(description)
    typer.echo(
        f"{model}: {made['vocabulary']['pieces']:,} pieces from "
        f"{made['corpus']['words']:,} words"
    )
