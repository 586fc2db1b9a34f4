"""Files in columns, a word a line, as those of CoNLL-2003."""

from collections.abc import Sequence
from pathlib import Path

from albert_keras.text.examples import Examples, TaggedExample
from albert_keras.text.lines import numbered_lines

CONLL2003 = (
    "O",
    "B-LOC",
    "I-LOC",
    "B-MISC",
    "I-MISC",
    "B-ORG",
    "I-ORG",
    "B-PER",
    "I-PER",
)
FILES = {"train": "train.txt", "dev": "valid.txt", "test": "test.txt"}
_NEW_DOCUMENT = "-DOCSTART-"


def read_conll(file: Path, labels: Sequence[str] | None = None) -> Examples:
    """Reads sentences: the word in the first column, its tag in the last.

    Columns are separated by white space, sentences by empty lines. Lines of
    `-DOCSTART-` begin a document and are no words.

    Args:
        file: in UTF-8.
        labels: the tags there may be; None for those there are.

    Returns:
        `Examples` of kind "tags". Without `labels`, theirs are `O` and then
        the others by their names.

    Raises:
        ValueError: if a line has a single column, or a tag is none of
            `labels`.
    """
    examples: list[TaggedExample] = []
    words: list[str] = []
    tags: list[str] = []
    source = ""

    def end_sentence() -> None:
        if words:
            place = str(len(examples))
            examples.append(
                TaggedExample(place, tuple(words), tuple(tags), source)
            )
            words.clear()
            tags.clear()

    for number, line in numbered_lines(file):
        cells = line.split()
        if not cells or cells[0] == _NEW_DOCUMENT:
            end_sentence()
            continue
        here = f"{file}:{number}"
        if len(cells) < 2:
            raise ValueError(
                f"{here} must have a word and its tag in columns. "
                f"Received: {line!r:.60}."
            )
        if labels is not None and cells[-1] not in labels:
            raise ValueError(
                f"{here} must have one of {', '.join(labels)} as its tag. "
                f"Received: {cells[-1]!r:.60}."
            )
        source = source if words else here
        words.append(cells[0])
        tags.append(cells[-1])
    end_sentence()
    if not examples:
        raise ValueError(f"{file} must hold sentences. Received: none.")
    return Examples("tags", tuple(examples), tuple(labels or found(examples)))


def found(examples: Sequence[TaggedExample]) -> tuple[str, ...]:
    """The tags of sentences: `O` first, then by their names."""
    tags = {tag for example in examples for tag in example.tags or ()}
    return tuple(sorted(tags, key=lambda tag: (tag != "O", tag)))
