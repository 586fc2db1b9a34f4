"""`albert-keras vocab`: a SentencePiece vocabulary from a corpus."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text


def vocab(
    corpus: Annotated[
        list[Path],
        typer.Argument(
            metavar="CORPUS",
            help="Text files in UTF-8, one sentence a line, or JSON lines "
            "(.jsonl) with a field `text`; gzip and zstd too, folders of "
            "such, quoted patterns, and - for standard input.",
        ),
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
    input_sentence_size: Annotated[
        int, typer.Option(help="Sentences to sample if there are more.")
    ] = 10_000_000,
    seed: Annotated[int, typer.Option(help="Decides the sample.")] = 12345,
    held_out_share: Annotated[
        float,
        typer.Option(
            help="Share of the sentences, 0 to 0.5 and 10,000 at most, to "
            "keep from training and measure the vocabulary on."
        ),
    ] = 0.01,
    held_out: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="<path>",
            help="File, or folder, to measure it on instead; may be repeated.",
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a vocabulary.")
    ] = False,
) -> None:
    """Train a SentencePiece vocabulary with ALBERT's settings.

    The defaults are those of English ALBERT. For any other language take
    --keep-accents: else German "für" becomes "fur", Japanese "が" becomes "か"
    and Arabic "أ" becomes "ا". For German add --cased, for Chinese and
    Japanese --character-coverage 0.9995, for other alphabets 1.0. The same
    --cased and --keep-accents go to prepare and pretrain.

    Writes spiece.model, spiece.vocab to read, and vocabulary.json, which says
    what made them and what was measured on held-out sentences.
    """
    from albert_keras.text.vocabulary import DESCRIPTION_NAME, train_vocabulary

    try:
        model = train_vocabulary(
            corpus,
            out,
            vocab_size=size,
            lowercase=not cased,
            keep_accents=keep_accents,
            character_coverage=character_coverage,
            input_sentence_size=input_sentence_size,
            seed=seed,
            held_out_share=held_out_share,
            held_out_files=held_out or (),
            overwrite=overwrite,
        )
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"Stopped before the vocabulary was made, so '{out}' was not "
            "written."
        ) from None
    made = json.loads(model.with_name(DESCRIPTION_NAME).read_text("utf-8"))
    typer.echo(
        f"{model}: {made['vocabulary']['pieces']:,} pieces from "
        f"{made['corpus']['words']:,} words"
    )
    fertility = made["held_out"]["fertility"]
    if fertility:
        Console().print(_table(fertility))
    elif held_out_share > 0:
        typer.echo(
            "The corpus is too small to hold sentences out, so nothing was "
            "measured. --held-out-share holds out more."
        )


def _table(fertility: dict[str, Any]) -> Table:
    unknown = fertility["commonest_unknown"]
    table = Table(
        f"on {fertility['sentences']:,} held-out sentences",
        box=None,
        pad_edge=False,
        padding=(0, 3, 0, 0),
    )
    table.add_column("", justify="right")
    table.add_column("", overflow="fold")
    for name, value, note in (
        ("pieces a word", f"{fertility['pieces_per_word']:.3f}", ""),
        ("pieces a character", f"{fertility['pieces_per_character']:.3f}", ""),
        ("unknown pieces", f"{fertility['unknown_piece_share']:.4%}", ""),
        (
            "unknown characters",
            f"{fertility['unknown_character_share']:.4%}",
            " ".join(f"{char} {count}" for char, count in unknown.items()),
        ),
    ):
        table.add_row(name, value, Text(note))
    return table
