"""The scores of named entities, as `conlleval` gives them.

The rules by which tags become entities are those of the shared task's script
(Tjong Kim Sang and De Meulder 2003), which reads IOB1 and IOB2 alike and never
refuses a sequence; `E-` and `S-` are read as in IOBES.
"""

from collections import Counter
from collections.abc import Sequence

from albert_keras.text.entities import entities


def conll(
    predicted_tags: Sequence[Sequence[str]],
    true_tags: Sequence[Sequence[str]],
) -> dict[str, float]:
    """Scores the predicted tags of sentences.

    An entity is right if its words and its type are.

    Args:
        predicted_tags: of each sentence a tag a word, such as "B-PER".
        true_tags: the right ones.

    Returns:
        In per cent `precision`, `recall` and `f1` of entities, each also by
        type (`f1_PER`), and `accuracy` of single tags. What would divide by
        zero is 0.

    Raises:
        ValueError: if the sentences or their words are not as many, there are
            no words, or a tag is none.

    Example:
    >>> scores = conll([["B-PER", "O", "O"]], [["B-PER", "O", "B-LOC"]])
    >>> round(scores["f1"], 2), scores["f1_LOC"]
    (66.67, 0.0)
    """
    if len(predicted_tags) != len(true_tags):
        raise ValueError(
            "There must be as many predicted sentences as true ones. Received: "
            f"{len(predicted_tags):,} and {len(true_tags):,}."
        )
    found, true, right = Counter[str](), Counter[str](), Counter[str]()
    words = equal = 0
    for number, (given, wanted) in enumerate(
        zip(predicted_tags, true_tags, strict=True), 1
    ):
        if len(given) != len(wanted):
            raise ValueError(
                "Each sentence must have as many predicted tags as true ones. "
                f"Received, in sentence {number:,}: {len(given):,} and "
                f"{len(wanted):,}."
            )
        words += len(wanted)
        equal += sum(a == b for a, b in zip(given, wanted, strict=True))
        guesses, truths = set(entities(given)), set(entities(wanted))
        found.update(entity.type for entity in guesses)
        true.update(entity.type for entity in truths)
        right.update(entity.type for entity in guesses & truths)
    if not words:
        raise ValueError("There must be words to score. Received: none.")
    scores = {
        **_scores("", right.total(), found.total(), true.total()),
        "accuracy": 100 * equal / words,
    }
    for kind in sorted(found.keys() | true.keys()):
        scores |= _scores(f"_{kind}", right[kind], found[kind], true[kind])
    return scores


def _scores(suffix: str, right: int, found: int, true: int) -> dict[str, float]:
    return {
        f"precision{suffix}": 100 * right / found if found else 0.0,
        f"recall{suffix}": 100 * right / true if true else 0.0,
        f"f1{suffix}": 200 * right / (found + true) if found + true else 0.0,
    }
