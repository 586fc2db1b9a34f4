"""`albert-keras prepare`: text files to shards of pretraining examples."""

import time
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

if TYPE_CHECKING:
    from albert_keras.pretraining.manifest import Manifest
    from albert_keras.text.piece_tokenizer import PieceTokenizer

# Where a preset and a run keep their vocabulary.
_VOCABULARIES = (
    "assets/tokenizer/vocabulary.spm",
    "assets/tokenizer/vocabulary.txt",
    "spiece.model",
    "vocab.txt",
)
# Enough to see what a corpus gives, and read within seconds.
_REPORTED = 10_000


def prepare(
    corpus: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CORPUS",
            help="Text files in UTF-8, gzip and zstd too, folders of such, "
            "quoted patterns, and - for standard input. Without any, --show, "
            "--report and --check look at what --out holds.",
        ),
    ] = None,
    *,
    tokenizer: Annotated[
        Path,
        typer.Option(
            help="SentencePiece model as `vocab` writes it, vocab.txt of "
            "WordPiece, or a preset or run that has one."
        ),
    ],
    out: Annotated[str, typer.Option(help="Folder to write the shards to.")],
    format: Annotated[
        Literal["auto", "sentences", "paragraphs", "jsonl"],
        typer.Option(
            help="One sentence a line or one paragraph, a blank line after "
            "each document; or one JSON object, its text in paragraphs. "
            "auto: jsonl where a name ends with .jsonl, .ndjson or .json "
            "(before .gz or .zst), paragraphs where most lines hold several "
            "sentences, else sentences.",
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
            help="Store pairs and draw new masks in each epoch, or store "
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
    seed: Annotated[int, typer.Option(help="Random seed.")] = 12345,
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
    show: Annotated[
        int, typer.Option(metavar="N", help="Print N examples as text.")
    ] = 0,
    report: Annotated[
        Path | None,
        typer.Option(
            help="PNG to draw lengths, masked shares, n-grams and labels "
            "into, of 10,000 examples at most."
        ),
    ] = None,
    epoch: Annotated[
        int,
        typer.Option(
            help="Epoch, from 0, whose masks to look at; those of a run with "
            "the same --seed."
        ),
    ] = 0,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Read every byte that --out holds, and say if one "
            "is not as it was written.",
        ),
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Continue a call that was stopped or killed."
        ),
    ] = False,
) -> None:
    """Make pretraining examples from text: sentence pairs, masked.

    Writes TFRecords and a manifest, which training reads. The same text,
    vocabulary, options and seed give the same bytes, whatever the number of
    processes and the runner.

    To look at examples that were made before, leave out CORPUS:
    prepare --out shards --tokenizer spiece.model --show 5
    """
    from albert_keras.pretraining import ExampleOptions
    from albert_keras.pretraining import prepare as prepare_locally
    from albert_keras.pretraining.beam_runner import prepare_with_beam
    from albert_keras.pretraining.checking import check_examples
    from albert_keras.pretraining.manifest import sha256
    from albert_keras.pretraining.report import one_sided
    from albert_keras.pretraining.runner import is_complete
    from albert_keras.pretraining.shards import parts_of
    from albert_keras.requirements import require
    from albert_keras.text.lines import SkippedLines

    looks = bool(show or report)
    if not corpus and not (looks or check):
        raise ValueError(
            "CORPUS must name a text file or a folder of such, unless there "
            "is --show, --report or --check. Received: no CORPUS."
        )
    for name, value in (("show", show), ("epoch", epoch)):
        if value < 0:
            raise ValueError(
                f"--{name} must not be negative. Received: {value}."
            )
    if report:
        require("quickstart", "--report")
    vocabulary = _read_tokenizer(tokenizer, cased, keep_accents)
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
    if corpus:
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
        was_complete = resume and not overwrite and is_complete(out)
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
            further = (
                "; --resume continues" if parts_of(Path(out)).exists() else ""
            )
            raise KeyboardInterrupt(
                f"Stopped before the last example, so '{out}' was not written"
                f"{further}."
            ) from None
        if was_complete:
            typer.echo(
                f"{out} is complete: {manifest.examples:,} examples in "
                f"{len(manifest.shards)} shards."
            )
        else:
            seconds = time.perf_counter() - started
            _say_what_was_made(manifest, Path(out), seconds)
        warning = one_sided(manifest, format)
        if warning is not None:
            typer.echo(f"Warning: {warning}", err=True)
        if skipped_lines is not None:
            first = skipped_lines.first and f" The first: {skipped_lines.first}"
            typer.echo(
                f"Skipped lines: {skipped_lines.count:,}.{first}", err=True
            )
    if check:
        manifest = check_examples(
            out, tokenizer_sha256=sha256(vocabulary.vocabulary_bytes)
        )
        typer.echo(
            f"{out}: {manifest.examples:,} examples in "
            f"{len(manifest.shards)} shards, all as they were written"
        )
    if looks:
        _look(
            Path(out),
            vocabulary,
            seed=seed,
            epoch=epoch,
            show=show,
            report=report,
        )


def _say_what_was_made(manifest: "Manifest", out: Path, seconds: float) -> None:
    masks = (
        f"{manifest.masked_tokens:,} of them masked"
        if manifest.options.masking == "static"
        else "with new masks in each epoch"
    )
    from albert_keras.pretraining.report import describe

    made = (
        f"{manifest.examples:,} examples of {manifest.documents:,} documents: "
        f"{manifest.tokens:,} tokens, {masks}, "
        f"in {len(manifest.shards)} shards in {out} "
        f"({manifest.tokens / seconds:,.0f} tokens/s)."
    )
    for sentence in (made, *describe(manifest)):
        Console().print(sentence, highlight=False, markup=False, soft_wrap=True)


def _read_tokenizer(
    path: Path, cased: bool, keep_accents: bool
) -> "PieceTokenizer":
    """Return the tokenizer of a file, or of a preset or run without Keras."""
    from albert_keras.json_objects import read_json_object
    from albert_keras.text.sentencepiece import SentencePieceTokenizer
    from albert_keras.text.wordpiece import WordPieceTokenizer

    options = {"lowercase": not cased, "keep_accents": keep_accents}
    if (path / "preset" / "tokenizer.json").is_file():
        path = path / "preset"
    if (path / "tokenizer.json").is_file() and (path / "assets").is_dir():
        config = read_json_object(path / "tokenizer.json").get("config", {})
        options = {name: config.get(name, v) for name, v in options.items()}
    if path.is_dir():
        found = [path / name for name in _VOCABULARIES]
        path = next((each for each in found if each.is_file()), path)
    tokenizer_class: Any = SentencePieceTokenizer
    if path.suffix == ".txt":
        tokenizer_class = WordPieceTokenizer
    return tokenizer_class(path, **options)


def _look(
    folder: Path,
    tokenizer: "PieceTokenizer",
    *,
    seed: int,
    epoch: int,
    show: int,
    report: Path | None,
) -> None:
    """Shows the examples of a folder as text and in a report."""
    from albert_keras.cli.tensorflow_start import start_tensorflow
    from albert_keras.pretraining.example_text import example_text, legend
    from albert_keras.pretraining.inspection import read_examples
    from albert_keras.pretraining.manifest import Manifest
    from albert_keras.pretraining.progress import progress_bar
    from albert_keras.pretraining.report import draw_report

    manifest = Manifest.read(folder)
    start_tensorflow()
    count = min(manifest.examples, max(show, _REPORTED if report else 0))
    examples = read_examples(
        folder, tokenizer, seed=seed, epoch=epoch, count=count
    )
    console = Console(highlight=False)
    shown = list(islice(examples, show))
    if shown:
        console.print(legend(tokenizer))
    for number, example in enumerate(shown, start=1):
        console.print()
        console.print(
            example_text(
                example,
                tokenizer,
                title=f"Example {number} of {manifest.examples:,}",
                options=manifest.options,
            )
        )
    if report is None:
        return
    which = (
        f"{count:,} of {manifest.examples:,} examples in "
        f"{folder.absolute().name}"
    )
    if manifest.options.masking == "dynamic":
        which += f", with the masks of epoch {epoch}"
    with progress_bar(True) as progress:
        draw_report(
            progress.track(
                chain(shown, examples), total=count, description="Reading"
            ),
            manifest.options,
            report,
            title=which,
        )
    console.print(f"{report}: {which}", soft_wrap=True, markup=False)
