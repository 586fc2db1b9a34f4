"""Documents out of plain text: one sentence a line, blank lines between.

This is the input format of google-research/albert's
`create_pretraining_data.py`, with one difference: there a document may run on
into the next file, here the end of a file also ends a document.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from os import PathLike

from albert_keras.text.corpus import read_lines, text_files

# A chunk of this size holds about 60,000 tokens of English: small enough that
# a handful in flight cost little memory, large enough that the cost of sending
# it to another process disappears.
CHUNK_CHARACTERS = 250_000


def read_documents(
    paths: Iterable[str | PathLike[str]],
) -> Iterator[list[str]]:
    """Read documents from text files, one at a time.

    Lines are stripped; a line that holds only white space separates documents.
    All paths are looked at before the first document is read, so that a
    misspelt last name does not surface after an hour.

    Args:
        paths: Text files in UTF-8, or folders of such, one sentence a line,
            blank lines between documents. A byte order mark at the start of a
            file is dropped.

    Returns:
        An iterator over documents, each a non-empty list of sentences. Only
        the document being read is held in memory.

    Raises:
        FileNotFoundError: If a path does not exist, or is a folder without
            a file.
        ValueError: If there are no paths, or if a file holds no text, a NUL
            byte (so is no text file), or bytes that are not UTF-8. The
            message names the file and the line.

    Example:

    ```python
    for document in read_documents(["novels.txt", "letters.txt"]):
        print(len(document), "sentences, the first:", document[0])
    ```
    """
    files = text_files(paths)
    if not files:
        raise ValueError(
            "`paths` must name at least one text file. Received: no paths."
        )
    return chain.from_iterable(map(_documents_of, files))


def _documents_of(file: str | PathLike[str]) -> Iterator[list[str]]:
    document: list[str] = []
    for line in read_lines(file):
        sentence = line.strip()
        if sentence:
            document.append(sentence)
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
