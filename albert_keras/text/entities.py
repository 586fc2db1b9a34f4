"""Tags of words, and the entities that they stand for.

The rules are those of the script of the shared task of CoNLL-2003, which reads
IOB1 and IOB2 alike and never refuses a sequence; `E-` and `S-` are read as in
IOBES.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Entity(NamedTuple):
    """A named entity: words `begin` to `end` (exclusive) and its type."""

    begin: int
    end: int
    type: str


def is_entity_tag(tag: str) -> bool:
    """Return whether a tag is `O`, or B, I, E or S with a type.

    Args:
        tag: the tag.
    """
    prefix, _, kind = tag.partition("-")
    return tag == "O" or (prefix in ("B", "I", "E", "S") and bool(kind))


def entities(tags: Sequence[str]) -> list[Entity]:
    """Reads the entities of a sentence from its tags.

    One begins at a `B-` or `S-`, and at any other tag where the tag before
    was `O`, of another type, or ended one (`E-`, `S-`).

    Args:
        tags: one a word: `O`, or a prefix of B, I, E, S with a type.

    Returns:
        Its entities from left to right.

    Raises:
        ValueError: if a tag is anything else.

    Example:
    >>> entities(["B-PER", "I-PER", "O", "I-LOC"])
    [Entity(begin=0, end=2, type='PER'), Entity(begin=3, end=4, type='LOC')]
    """
    found = []
    begin, kind, open_ = 0, "", False
    for place, tag in enumerate([*tags, "O"]):
        prefix, _, own = tag.partition("-")
        if not is_entity_tag(tag):
            raise ValueError(
                "A tag must be `O` or B, I, E or S with a type, as `B-PER`. "
                f"Received: {tag!r}."
            )
        if open_ and (prefix in ("O", "B", "S") or own != kind):
            found.append(Entity(begin, place, kind))
            open_ = False
        if tag != "O" and not open_:
            begin, kind, open_ = place, own, True
        if prefix in ("E", "S"):
            found.append(Entity(begin, place + 1, kind))
            open_ = False
    return found
