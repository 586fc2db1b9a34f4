"""`albert-keras prepare`: text files to shards of pretraining examples."""

import time
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console


def prepare(
    corpus: Annotated[
        list[str],
        typer.Argument(
            metavar="CORPUS",
            help="Text files in UTF-8, gzip and zstd too, folders of such, "
            "quoted patterns, and - for standard input.",
        ),
    ],
    tokenizer: Annotated[
        Path, typer.Option(help="SentencePiece model, as `vocab` writes it.")
    ],
    out: Annotated[str, typer.Option(help="Folder to write the shards to.")],
    format: Annotated[
        Literal["auto", "sentences", "paragraphs", "jsonl"],
        typer.Option(
            help="One sentence a line or one paragraph, a blank line after "
            "each document; or one JSON object, its text in paragraphs. By "
            "default jsonl where a name ends with .jsonl, .ndjson or .json "
            "(before .gz or .zst), else sentences.",
        ),
    ] = "auto",
    text_field: Annotated[
        str, typer.Option(help="Field of a JSON object that is its text.")
    ] = "text",
    skip_bad_lines: Annotated[
        bool,
        typer.Option(
            "--skip-bad-lines",
            help="Leave out lines that cannot be read, and count them.",
        ),
    ] = False,
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
    runner: Annotated[
        Literal["local", "beam"],
        typer.Option(
            help="The cores of this machine, or Apache Beam and what it runs "
            "on. The examples are the same."
        ),
    ] = "local",
    beam_options: Annotated[
        list[str] | None,
        typer.Option(
            "--beam-option",
            help="A flag of Beam, as --beam-option=--runner=FlinkRunner; may "
            "be given many times.",
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
    processes and the runner.
    """
    from albert_keras.pretraining import ExampleOptions
    from albert_keras.pretraining import prepare as prepare_locally
    from albert_keras.pretraining.beam_runner import prepare_with_beam
    from albert_keras.pretraining.shards import parts_of
    from albert_keras.text.lines import SkippedLines
    from albert_keras.text.sentencepiece import SentencePieceTokenizer

    if runner == "local":
        if beam_options:
            raise ValueError(
                "`--beam-option` needs `--runner beam`. Received: `--runner "
                "local`."
            )
        run = partial(prepare_locally, processes=processes, resume=resume)
    else:
        if processes is not None or resume:
            raise ValueError(
                "`--processes` and `--resume` need `--runner local`. "
                "Received: `--runner beam`."
            )
        run = partial(prepare_with_beam, beam_options=beam_options or [])
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
    skipped_lines = SkippedLines() if skip_bad_lines else None
    started = time.perf_counter()
    try:
        manifest = run(
            corpus,
            vocabulary,
            out,
            options,
            format=format,
            text_field=text_field,
            skipped_lines=skipped_lines,
            shards=shards,
            overwrite=overwrite,
        )
    except KeyboardInterrupt:
        further = "; --resume goes on" if parts_of(Path(out)).exists() else ""
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
    if skipped_lines is not None:
        first = skipped_lines.first and f" The first: {skipped_lines.first}"
        typer.echo(f"Skipped lines: {skipped_lines.count:,}.{first}", err=True)
