"""A corpus in portions, each of which is read without the others.

What is made of a document depends on its number and on its neighbours in the
chunk. If documents were numbered through the whole corpus, nobody could tell
the number of one before all text in front of it was read. So the corpus is
divided by the sizes of its files, which are known at once, and numbering and
chunks begin anew in each portion.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from albert_keras.pretraining.documents import chunk_documents

# Less than a minute of work. The last chunk of a portion is smaller than the
# others, so a portion has to have many.
PORTION_BYTES = 64_000_000
# More documents than fit into any portion.
_NUMBERS_PER_PORTION = 1 << 40


class Portion(NamedTuple):
    """Consecutive files of a corpus.

    Attributes:
        first_number: Number of its first document.
        files: Paths.
    """

    first_number: int
    files: tuple[str, ...]


class Chunk(NamedTuple):
    """Consecutive documents of a portion, the unit of work of a process.

    Attributes:
        first_number: Number of its first document. No other chunk of the
            corpus has the same.
        documents: Documents, each a list of sentences.
    """

    first_number: int
    documents: list[list[str]]


def portions(files: Iterable[tuple[str, int]]) -> Iterator[Portion]:
    """Divide a corpus between its files.

    Args:
        files: Path of each file, and its size in bytes, or a guess at it.

    Yields:
        The portions, in the order of the files, each closed once it has
        `PORTION_BYTES`. A file is never divided: text that many machines are
        to read has to be in many files.
    """
    number = 0
    gathered: list[str] = []
    size = 0
    for file, file_bytes in files:
        gathered.append(file)
        size += file_bytes
        if size >= PORTION_BYTES:
            yield Portion(number * _NUMBERS_PER_PORTION, tuple(gathered))
            number, gathered, size = number + 1, [], 0
    if gathered:
        yield Portion(number * _NUMBERS_PER_PORTION, tuple(gathered))


def read_chunks(
    portion: Portion,
    read: Callable[[Sequence[str]], Iterator[list[str]]],
) -> Iterator[Chunk]:
    """Read a portion.

    Args:
        portion: The portion.
        read: Gives the documents of its files, as `read_documents` does.

    Yields:
        Its chunks, in the order of the text.
    """
    number = portion.first_number
    for documents in chunk_documents(read(portion.files)):
        yield Chunk(number, documents)
        number += len(documents)
