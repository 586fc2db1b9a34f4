"""`albert-keras prepare`: text files to shards of pretraining examples."""

import time
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console


def prepare(
    corpus: Annotated[
        list[Path],
        typer.Argument(
            metavar="CORPUS",
            help="Text files in UTF-8, or folders of such: one sentence a "
            "line, a blank line after each document.",
        ),
    ],
    tokenizer: Annotated[
        Path, typer.Option(help="SentencePiece model, as `vocab` writes it.")
    ],
    out: Annotated[Path, typer.Option(help="Folder to write the shards to.")],
    masking: Annotated[
        Literal["dynamic", "static"],
        typer.Option(
            help="Store pairs and mask them anew in each epoch, or store "
            "masked examples as google-research/albert reads them."
        ),
    ] = "dynamic",
    max_seq_length: Annotated[
        int, typer.Option(help="Longest sequence in tokens.")
    ] = 512,
    max_predictions_per_seq: Annotated[
        int,
        typer.Option(
            "--max-predictions", help="Most masked tokens of a sequence."
        ),
    ] = 20,
    masked_lm_prob: Annotated[
        float, typer.Option(help="Share of the tokens to mask.")
    ] = 0.15,
    short_seq_prob: Annotated[
        float, typer.Option(help="Share of documents cut into shorter pairs.")
    ] = 0.1,
    ngram: Annotated[
        int, typer.Option(help="Most words that are masked together.")
    ] = 3,
    favor_shorter_ngram: Annotated[
        bool,
        typer.Option(
            "--favor-shorter-ngram/--favor-longer-ngram",
            help="Draw an n-gram of n words with p ∝ 1/n, or the reverse.",
        ),
    ] = True,
    dupe_factor: Annotated[
        int | None,
        typer.Option(
            help="Times each document is used, in other pairs each time.",
            show_default="1; 40 with static masks",
        ),
    ] = None,
    do_permutation: Annotated[
        bool,
        typer.Option(
            "--permutation",
            help="Let as many tokens again change places with each other.",
        ),
    ] = False,
    random_next: Annotated[
        bool,
        typer.Option(
            "--random-next",
            help="Label 1: a second segment of another document, as in BERT, "
            "not a swap.",
        ),
    ] = False,
    single_segment: Annotated[
        Literal["random", "skip"],
        typer.Option(
            help="Pair a lone segment with one of another document (label "
            "1), or skip it."
        ),
    ] = "random",
    cased: Annotated[
        bool, typer.Option("--cased", help="Do not lower-case.")
    ] = False,
    keep_accents: Annotated[
        bool, typer.Option("--keep-accents", help="Keep é apart from e.")
    ] = False,
    seed: Annotated[
        int, typer.Option(help="Decides everything that is drawn.")
    ] = 12345,
    shards: Annotated[
        int | None,
        typer.Option(
            help="Number of TFRecord files.",
            show_default="one for every 100 MB of text",
        ),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option(
            help="Number of worker processes.", show_default="one a core"
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite", help="Replace examples that the folder holds."
        ),
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on where a stopped or killed call left off."
        ),
    ] = False,
) -> None:
    """Make pretraining examples from text: sentence pairs, masked.

    Writes TFRecords and a manifest, which training reads. The same text,
    vocabulary, options and seed give the same bytes, whatever the number of
    processes.
    """
    from albert_keras.pretraining import ExampleOptions
    from albert_keras.pretraining import prepare as prepare_shards
    from albert_keras.pretraining.shards import parts_of
    from albert_keras.text.sentencepiece import SentencePieceTokenizer

    options = ExampleOptions(
        masking=masking,
        max_seq_length=max_seq_length,
        max_predictions_per_seq=max_predictions_per_seq,
        masked_lm_prob=masked_lm_prob,
        short_seq_prob=short_seq_prob,
        ngram=ngram,
        favor_shorter_ngram=favor_shorter_ngram,
        dupe_factor=dupe_factor,
        do_permutation=do_permutation,
        random_next=random_next,
        single_segment=single_segment,
        seed=seed,
    )
    vocabulary = SentencePieceTokenizer(
        tokenizer, lowercase=not cased, keep_accents=keep_accents
    )
    started = time.perf_counter()
    try:
        manifest = prepare_shards(
            corpus,
            vocabulary,
            out,
            options,
            processes=processes,
            shards=shards,
            overwrite=overwrite,
            resume=resume,
        )
    except KeyboardInterrupt:
        further = "; --resume goes on" if parts_of(out).exists() else ""
        raise KeyboardInterrupt(
            f"Stopped before the last example, so '{out}' was not written"
            f"{further}."
        ) from None
    seconds = time.perf_counter() - started
    masks = (
        f"{manifest.masked_tokens:,} of them masked"
        if masking == "static"
        else "masked anew in each epoch"
    )
    Console().print(
        f"{manifest.examples:,} examples of {manifest.documents:,} documents: "
        f"{manifest.tokens:,} tokens, {masks}, "
        f"in {len(manifest.shards)} shards in {out} "
        f"({manifest.tokens / seconds:,.0f} tokens/s).",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
