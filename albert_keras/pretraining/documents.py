"""Documents out of files: lists of sentences.

Plain text with one sentence a line and a blank line after each document is
the input of google-research/albert's `create_pretraining_data.py`, with one
difference: there a document may run on into the next file, here the end of a
file also ends a document.
"""

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from os import PathLike
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from albert_keras.pretraining.sentence_splitting import split_sentences
from albert_keras.text.corpus import is_json_lines, read_lines, text_files
from albert_keras.text.json_lines import read_json_lines
from albert_keras.text.lines import SkippedLines, split_lines

CorpusFormat: TypeAlias = Literal["auto", "sentences", "paragraphs", "jsonl"]

# A chunk of this size holds about 60,000 tokens of English: small enough that
# a handful in flight cost little memory, large enough that the cost of sending
# it to another process disappears.
CHUNK_CHARACTERS = 250_000

# Lines of a file that decide whether they are sentences or paragraphs.
_LOOKED_AT = 200
_FEWEST_LOOKED_AT = 8


def read_documents(
    paths: Iterable[str | PathLike[str]],
    *,
    format: CorpusFormat = "auto",
    text_field: str = "text",
    skipped_lines: SkippedLines | None = None,
    paragraph_files: set[str] | None = None,
) -> Iterator[list[str]]:
    """Read documents from files, one at a time.

    All paths are looked at before the first document is read, so that a
    misspelt last name does not surface after an hour. The same files give the
    same documents, compressed or not.

    Args:
        paths: Files in UTF-8, folders of such, patterns (`"crawl/*.gz"`), and
            `-` for standard input. What gzip or zstd compressed is known by
            its content. A byte order mark at the start of a file is dropped.
        format: What the files hold.

            - `"sentences"`: one sentence a line, blank lines between
              documents.
            - `"paragraphs"`: one paragraph a line, blank lines between
              documents. Paragraphs are split into sentences (see
              `sentence_splitting`); none runs over a line's end.
            - `"jsonl"`: one JSON object a line, which is a document; each
              line of its text is a paragraph.
            - `"auto"`: `"jsonl"` for each file whose name ends with .jsonl,
              .ndjson or .json, before .gz, .zst or .zstd or at its very end.
              Of all others, and of standard input, the first lines decide:
              `"paragraphs"` where most of at least 8 hold several sentences,
              else `"sentences"`.
        text_field: The field of a JSON object that holds the text.
        skipped_lines: Where lines that cannot be read are counted, which are
            then left out. Without it, the first of them is an error.
        paragraph_files: Where the names of the files are added that
            `"auto"` reads as paragraphs.

    Returns:
        An iterator over documents, each a non-empty list of sentences. Only
        the document being read is held in memory.

    Raises:
        FileNotFoundError: If a path does not exist, or is a folder or pattern
            without a file.
        ModuleNotFoundError: If a file is compressed by zstd, and the extra
            `zstd` is not installed.
        ValueError: If there are no paths, `format` is none of these, or a
            file holds no text. If a line has bytes that are not UTF-8, a NUL
            byte (so is no text), more than 64 MiB, or is no JSON object with
            a string in the field. If a compressed file is damaged. The
            message names the file and the line.

    Example:

    ```python
    skipped = SkippedLines()
    for document in read_documents(
        ["novels.txt", "crawl/*.jsonl.gz"], skipped_lines=skipped
    ):
        print(len(document), "sentences, the first:", document[0])
    print(skipped.count, "lines were skipped.")
    ```
    """
    if format not in get_args(CorpusFormat):
        raise ValueError(
            f"`format` must be one of {', '.join(get_args(CorpusFormat))}. "
            f"Received: format={format!r}."
        )
    files = text_files(paths)
    if not files:
        raise ValueError(
            "`paths` must name at least one text file. Received: no paths."
        )
    return chain.from_iterable(
        _documents_of(file, format, text_field, skipped_lines, paragraph_files)
        for file in files
    )


def _documents_of(
    file: Path,
    format: CorpusFormat,
    text_field: str,
    skipped_lines: SkippedLines | None,
    paragraph_files: set[str] | None,
) -> Iterator[list[str]]:
    if format == "jsonl" or (format == "auto" and is_json_lines(file)):
        for text in read_json_lines(
            file, text_field=text_field, skipped_lines=skipped_lines
        ):
            yield from _documents(map(split_sentences, _paragraphs(text)))
        return
    lines = read_lines(file, skipped_lines=skipped_lines)
    if format == "auto":
        first, lines = _looked_at(lines)
        if _are_paragraphs(first):
            format = "paragraphs"
            if paragraph_files is not None:
                paragraph_files.add(str(file))
    if format == "paragraphs":
        yield from _documents(map(split_sentences, lines))
    else:
        yield from _documents(
            [s] if (s := line.strip()) else [] for line in lines
        )


def _looked_at(lines: Iterator[str]) -> tuple[list[str], Iterator[str]]:
    """Return the first lines, and all of them, with what is wrong in them."""
    first: list[str] = []
    error = None
    try:
        first.extend(islice(lines, _LOOKED_AT))
    except ValueError as caught:  # of a line that nobody may ask for
        error = caught

    def again() -> Iterator[str]:
        yield from first
        if error is not None:
            raise error
        yield from lines

    return first, again()


def _are_paragraphs(lines: Iterable[str]) -> bool:
    """Return whether lines are paragraphs: most hold several sentences."""
    counts = [len(split_sentences(line)) for line in lines if line.strip()]
    several = sum(count > 1 for count in counts)
    return len(counts) >= _FEWEST_LOOKED_AT and 2 * several > len(counts)


def _paragraphs(text: str) -> Iterator[str]:
    return (line for line in split_lines(text) if line.strip())


def _documents(lines: Iterable[list[str]]) -> Iterator[list[str]]:
    """Joins the sentences of lines up to one without any."""
    document: list[str] = []
    for sentences in lines:
        if sentences:
            document += sentences
        elif document:
            yield document
            document = []
    if document:
        yield document


def chunk_documents(
    documents: Iterable[list[str]], characters: int = CHUNK_CHARACTERS
) -> Iterator[list[list[str]]]:
    """Group consecutive documents into chunks, the unit of work of a process.

    Where the chunks end depends on the documents alone, never on the number
    of processes. Each chunk has at least two documents (if there are two),
    because a segment that stands alone is paired with one from another
    document of the same chunk.

    Args:
        documents: Documents, each a list of sentences.
        characters: A chunk is closed once it has this many characters.

    Returns:
        An iterator over lists of documents, in the order received.
    """
    # One finished chunk is held back, to take in a last document that would
    # otherwise be alone.
    finished: list[list[str]] = []
    chunk: list[list[str]] = []
    size = 0
    for document in documents:
        chunk.append(document)
        size += sum(map(len, document))
        if size >= characters and len(chunk) >= 2:
            if finished:
                yield finished
            finished, chunk, size = chunk, [], 0
    if len(chunk) == 1:
        finished, chunk = finished + chunk, []
    for rest in (finished, chunk):
        if rest:
            yield rest
