"""Text files to shards of pretraining examples, on the cores of one machine."""

import math
import platform
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from itertools import chain, islice
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

import albert_keras
from albert_keras.pretraining.documents import CorpusFormat, read_documents
from albert_keras.pretraining.examples import ExampleMaker, ExampleOptions
from albert_keras.pretraining.manifest import (
    MANIFEST_NAME,
    Manifest,
    Shard,
    sha256,
)
from albert_keras.pretraining.pair_records import PairSerializer
from albert_keras.pretraining.portions import Chunk, portions, read_chunks
from albert_keras.pretraining.processes import map_in_order
from albert_keras.pretraining.progress import progress_bar
from albert_keras.pretraining.records import ExampleSerializer
from albert_keras.pretraining.segments import SPECIAL_TOKENS_PER_PAIR, Tally
from albert_keras.pretraining.shards import ShardWriter
from albert_keras.pretraining.tfrecord import frame_record
from albert_keras.text.corpus import text_files, text_size
from albert_keras.text.decompression import STANDARD_INPUT
from albert_keras.text.lines import SkippedLines
from albert_keras.text.piece_tokenizer import PieceTokenizer

# A shard is shuffled in memory.
_TEXT_BYTES_PER_SHARD = 100_000_000
_MOST_SHARDS = 512


def prepare(
    corpus: Sequence[str | PathLike[str]],
    tokenizer: PieceTokenizer,
    out: str | PathLike[str],
    options: ExampleOptions | None = None,
    *,
    format: CorpusFormat = "auto",
    text_field: str = "text",
    skipped_lines: SkippedLines | None = None,
    processes: int | None = None,
    shards: int | None = None,
    overwrite: bool = False,
    resume: bool = False,
    show_progress: bool = True,
) -> Manifest:
    """Make pretraining examples of text files and write them as TFRecords.

    The folder written depends on the text, the tokenizer, the options and the
    number of shards, to the last byte; not on the number of processes.

    Args:
        corpus: Text files, folders of such, patterns, and `-` for standard
            input, as in `read_documents`.
        tokenizer: The tokenizer of the model to be pretrained.
        out: The folder to write. It appears when all is done.
        options: What examples to make.
        format: What the files hold, as in `read_documents`.
        text_field: The field of JSON lines that holds the text.
        skipped_lines: Where lines that cannot be read are counted, which are
            then left out. Without it, the first of them is an error.
        processes: Number of worker processes; by default, one a core.
        shards: Number of TFRecord files; by default, one for every 100 MB of
            text, counted once for each copy (`dupe_factor`). A compressed
            file is taken for four times its size, standard input for 1 GB.
        overwrite: Whether to replace examples that `out` already holds.
        resume: Whether to continue a call that was interrupted or killed, if
            there was one. The result is the same, to the byte. Where `out` is
            complete, nothing is done.
        show_progress: Whether to show a progress bar on standard error.

    Returns:
        The manifest, which also stands in `out`.

    Raises:
        FileExistsError: If `out` exists and may not be overwritten.
        FileNotFoundError: If a file of the corpus does not exist.
        ValueError: If the corpus is not text in UTF-8, or too small.

    Example:

    ```python
    manifest = prepare(
        ["corpus.txt"],
        ak.AlbertTokenizer("spiece.model").python_tokenizer,
        "shards",
        ExampleOptions(max_seq_length=128, dupe_factor=5),
    )
    print(manifest.examples, "examples")
    ```
    """
    options = options or ExampleOptions()
    files = text_files(corpus)
    if resume and not overwrite and is_complete(out):
        return complete_manifest(out, options, tokenizer)
    if resume and STANDARD_INPUT in files:
        raise ValueError(
            "A call can only be gone on with if its corpus can be read again. "
            "Received: resume=True and standard input."
        )
    sizes = [text_size([file]) for file in files]
    text_bytes = sum(size.bytes for size in sizes)
    shards = shard_count(shards, text_bytes, options)
    reading: dict[str, Any] = {"format": format, "text_field": text_field}
    paragraph_files: set[str] = set()
    read = partial(
        read_documents,
        **reading,
        skipped_lines=skipped_lines,
        paragraph_files=paragraph_files,
    )
    parted = portions(
        (str(file), size.bytes) for file, size in zip(files, sizes, strict=True)
    )
    writer = ShardWriter(
        Path(out),
        shards=shards,
        seed=options.seed,
        inputs={
            **reading,
            "way with bad lines": skipped_lines is not None,
            **_inputs(files, tokenizer, options),
        },
        overwrite=overwrite,
        resume=resume,
    )
    with writer, progress_bar(show_progress) as progress:
        is_known = all(size.known for size in sizes)
        task = progress.add_task(
            "Making examples", total=text_bytes if is_known else None
        )
        for part in writer.parts:
            progress.advance(task, Counts(*part.totals).text_bytes)
        chunks = chain.from_iterable(
            read_chunks(portion, read) for portion in parted
        )
        results = map_in_order(
            RecordMaker(tokenizer, options),
            islice(chunks, writer.chunks_done, None),
            processes,
        )
        with closing(results):
            for first_number, records, counted in results:
                writer.add(first_number, records, counted)
                progress.advance(task, counted.text_bytes)
        writer.close_part()
        # Blank lines and spaces were never counted.
        progress.update(task, total=text_bytes, completed=text_bytes)
        counts = Counts()
        for part in writer.parts:
            counts = counts.plus(Counts(*part.totals))
        refuse_too_little(counts, options)
        shuffled = tuple(
            writer.assemble(shard)
            for shard in progress.track(
                range(shards), description="Shuffling shards"
            )
        )
        manifest = make_manifest(
            counts, shuffled, options, tokenizer, len(paragraph_files)
        )
        writer.finish(manifest)
    return manifest


def is_complete(out: str | PathLike[str]) -> bool:
    """Return whether a folder holds finished examples."""
    return (Path(out) / MANIFEST_NAME).is_file()


def complete_manifest(
    out: str | PathLike[str], options: ExampleOptions, tokenizer: PieceTokenizer
) -> Manifest:
    """Return the manifest of finished examples that are asked for again.

    Args:
        out: Their folder.
        options: As for `prepare`.
        tokenizer: As for `prepare`.

    Raises:
        ValueError: If they were made with other options or another tokenizer.
    """
    manifest = Manifest.read(out)
    found = {
        "tokenizer": manifest.tokenizer_sha256,
        "lowercase": manifest.lowercase,
        "keep_accents": manifest.keep_accents,
        **asdict(manifest.options),
    }
    wanted = {
        "tokenizer": sha256(tokenizer.vocabulary_bytes),
        "lowercase": tokenizer.lowercase,
        "keep_accents": tokenizer.keep_accents,
        **asdict(options),
    }
    for name, value in wanted.items():
        if found[name] != value:
            raise ValueError(
                f"'{out}' holds finished examples with {name}={found[name]}. "
                f"Received: {name}={value}; replace them with --overwrite "
                "(`overwrite=True`) or choose another folder."
            )
    return manifest


def _inputs(
    files: Sequence[Path],
    tokenizer: PieceTokenizer,
    options: ExampleOptions,
) -> dict[str, Any]:
    """What has to be the same for a run to be gone on with."""
    return {
        "corpus": [_state(file) for file in files],
        "tokenizer": sha256(tokenizer.vocabulary_bytes),
        "normalisation of text": tokenizer.normalization,
        "version": albert_keras.__version__,
        **{f"`{name}`": value for name, value in asdict(options).items()},
    }


def _state(file: Path) -> list[Any]:
    if file == STANDARD_INPUT:
        return [str(file)]
    status = file.stat()
    return [str(file.resolve()), status.st_size, status.st_mtime_ns]


def shard_count(
    shards: int | None, text_bytes: int, options: ExampleOptions
) -> int:
    """How many shards there are to be.

    Args:
        shards: What is asked for, if anything.
        text_bytes: Size of the corpus.
        options: What examples are made.
    """
    if shards is None:
        assert options.dupe_factor is not None  # was filled in
        wanted = text_bytes * options.dupe_factor / _TEXT_BYTES_PER_SHARD
        return min(_MOST_SHARDS, max(1, math.ceil(wanted)))
    if shards < 1:
        raise ValueError(
            f"`shards` must be at least 1. Received: shards={shards}."
        )
    return shards


class Counts(NamedTuple):
    """What was read and what was made of it."""

    text_bytes: int = 0
    documents: int = 0
    sentences: int = 0
    examples: int = 0
    tokens: int = 0
    masked_tokens: int = 0
    label_1: int = 0
    lone_pairs: int = 0
    corpus_tokens: int = 0
    cut_tokens: int = 0
    skipped_tokens: int = 0
    empty_sentences: int = 0

    def plus(self, other: "Counts") -> "Counts":
        """What was read and made in both."""
        return Counts(*map(sum, zip(self, other, strict=True)))


class RecordMaker:
    """Makes the records of a chunk; this is what a worker process runs."""

    def __init__(
        self, tokenizer: PieceTokenizer, options: ExampleOptions
    ) -> None:
        self._maker = ExampleMaker(tokenizer, options)
        self._examples = ExampleSerializer(
            max_seq_length=options.max_seq_length,
            max_predictions_per_seq=options.prediction_slots,
            vocabulary_size=tokenizer.vocabulary_size,
        )
        self._pairs = PairSerializer(self._maker.starts)

    def __call__(self, chunk: Chunk) -> tuple[int, list[bytes], Counts]:
        """The number of the chunk, its framed records and what they count."""
        documents = self._maker.encode(chunk.documents)
        self._maker.tally = Tally()
        records = []
        tokens = masked_tokens = label_1 = 0
        if self._maker.options.masking == "static":
            for example in self._maker.examples(documents, chunk.first_number):
                records.append(frame_record(self._examples.serialize(example)))
                tokens += len(example.token_ids)
                masked_tokens += len(example.mask_ids)
                label_1 += example.sop_label
        else:
            for pair in self._maker.pairs(documents, chunk.first_number):
                records.append(frame_record(self._pairs.serialize(pair)))
                tokens += len(pair.segment_a) + len(pair.segment_b)
                label_1 += pair.label
            tokens += SPECIAL_TOKENS_PER_PAIR * len(records)
        sentences = sum(map(len, documents))
        copies = self._maker.options.dupe_factor
        assert copies is not None  # was filled in
        tally = self._maker.tally
        return (
            chunk.first_number,
            records,
            Counts(
                text_bytes=sum(
                    len(sentence.encode()) + 1
                    for document in chunk.documents
                    for sentence in document
                ),
                documents=sum(map(bool, documents)),
                sentences=sentences,
                examples=len(records),
                tokens=tokens,
                masked_tokens=masked_tokens,
                label_1=label_1,
                lone_pairs=tally.lone,
                corpus_tokens=copies
                * sum(len(ids) for each in documents for ids in each),
                cut_tokens=tally.cut,
                skipped_tokens=tally.skipped,
                empty_sentences=sum(map(len, chunk.documents)) - sentences,
            ),
        )


def refuse_too_little(counts: Counts, options: ExampleOptions) -> None:
    """Raises ValueError if a whole corpus gave no pairs, or only one text."""
    if counts.sentences >= 2 and counts.examples > 0:
        return
    where = "" if options.single_segment == "random" else " in one document"
    raise ValueError(
        f"A corpus needs at least two sentences{where}, each on a line of its "
        f"own, to make sentence order pairs. Received: {counts.sentences} "
        f"sentences in {counts.documents} documents."
    )


def make_manifest(
    counts: Counts,
    shards: tuple[Shard, ...],
    options: ExampleOptions,
    tokenizer: PieceTokenizer,
    paragraph_files: int,
) -> Manifest:
    """The manifest of shards that hold the examples of a whole corpus."""
    return Manifest(
        examples=counts.examples,
        documents=counts.documents,
        sentences=counts.sentences,
        tokens=counts.tokens,
        masked_tokens=counts.masked_tokens,
        label_1=counts.label_1,
        lone_pairs=counts.lone_pairs,
        corpus_tokens=counts.corpus_tokens,
        cut_tokens=counts.cut_tokens,
        skipped_tokens=counts.skipped_tokens,
        empty_sentences=counts.empty_sentences,
        paragraph_files=paragraph_files,
        shards=shards,
        options=options,
        tokenizer_sha256=sha256(tokenizer.vocabulary_bytes),
        vocabulary_size=tokenizer.vocabulary_size,
        special_ids={
            "[CLS]": tokenizer.cls_id,
            "[SEP]": tokenizer.sep_id,
            "[MASK]": tokenizer.mask_id,
        },
        lowercase=tokenizer.lowercase,
        keep_accents=tokenizer.keep_accents,
        versions={
            "albert_keras": albert_keras.__version__,
            "python": platform.python_version(),
            "sentencepiece": version("sentencepiece"),
        },
    )
