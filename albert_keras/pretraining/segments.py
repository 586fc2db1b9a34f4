"""Sentence order: pairs of neighbouring segments, half of them swapped.

Follows google-research/albert, `create_pretraining_data.py`,
`create_instances_from_document` and `truncate_seq_pair`, with
`random_next_sentence=False` (Lan et al. 2019, section 3.1, "Inter-sentence
coherence loss"). Everything here is a pure function of its arguments and of
the `random.Random` it draws from.
"""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Literal, NamedTuple

# [CLS] and two [SEP].
SPECIAL_TOKENS_PER_PAIR = 3

SingleSegment = Literal["random", "skip"]

Document = Sequence[Sequence[int]]
"""The segments (sentences) of a document, each a non-empty list of ids."""


class SegmentPair(NamedTuple):
    """Two segments as they follow [CLS] and [SEP].

    Attributes:
        segment_a: Token ids of the first segment.
        segment_b: Token ids of the second segment.
        label: 0 if B follows A in the text, 1 if the two were swapped, or if
            B was taken from another document.
    """

    segment_a: list[int]
    segment_b: list[int]
    label: int


class Tally:
    """What happened to the text that pairs were made of.

    Attributes:
        cut: Tokens cut off where a pair was too long.
        skipped: Tokens of lone segments that were skipped.
        lone: Pairs of a lone segment with one of another document.
    """

    def __init__(self) -> None:
        self.cut = 0
        self.skipped = 0
        self.lone = 0


def draw_target_length(
    max_tokens: int, short_seq_prob: float, rng: Random
) -> int:
    """Draw the length at which a document's segments make up a pair.

    Args:
        max_tokens: Most tokens of a pair, special tokens not counted.
        short_seq_prob: Probability of a shorter target, uniform over
            2 ... `max_tokens`.
        rng: Source of randomness.

    Returns:
        The target length in tokens.
    """
    if rng.random() < short_seq_prob:
        return rng.randint(2, max_tokens)
    return max_tokens


def segment_pairs(
    documents: Sequence[Document],
    index: int,
    *,
    max_seq_length: int,
    short_seq_prob: float,
    rng: Random,
    single_segment: SingleSegment = "random",
    random_next: bool = False,
    tally: Tally | None = None,
) -> Iterator[SegmentPair]:
    """Cut one document into sentence order pairs.

    Segments accumulate until the target length is reached or the document
    ends; they are divided at random, and the two sides are swapped with
    probability one half. The target length is drawn once for the document,
    as in the original.

    A chunk of one segment (a long sentence, or the last of a document) has no
    order. The original pairs it with segments of another document, label 1,
    and tries up to ten times not to hit the same document; this is what
    `single_segment="random"` does.

    Args:
        documents: The documents from which a random other one may be drawn.
        index: Which of `documents` to cut.
        max_seq_length: Longest sequence in tokens, special tokens included.
        short_seq_prob: Probability that the document has a shorter target.
        rng: Source of randomness.
        single_segment: What becomes of a chunk of one segment: `"random"`,
            or `"skip"`, which drops it.
        random_next: Whether label 1 stands for a second side from another
            document, as in BERT (the flag `random_next_sentence`), instead of
            a swap. The segments that it replaces are used again.
        tally: Where what happened to the document's text is added up.

    Yields:
        Pairs of at most `max_seq_length - 3` tokens together, no side empty.
    """
    tally = tally or Tally()
    document = documents[index]
    max_tokens = max_seq_length - SPECIAL_TOKENS_PER_PAIR
    target_length = draw_target_length(max_tokens, short_seq_prob, rng)

    position = 0
    while position < len(document):
        chunk = _chunk(document, position, target_length)
        position += len(chunk)
        split = 1
        if len(chunk) > 1:
            split = rng.randint(1, len(chunk) - 1)
        elif single_segment == "skip":
            tally.skipped += len(chunk[0])
            continue
        segment_a, segment_b = _join(chunk[:split]), _join(chunk[split:])
        label = 0
        is_alone = len(chunk) == 1
        is_foreign = is_alone or (random_next and rng.random() < 0.5)
        if is_foreign:
            segment_b = _random_segment(
                documents, index, target_length - len(segment_a), rng
            )
            position -= len(chunk) - split
            label = 1
            tally.lone += is_alone
        elif not random_next and rng.random() < 0.5:
            segment_a, segment_b = segment_b, segment_a
            label = 1
        pair = SegmentPair(
            *truncate_pair(segment_a, segment_b, max_tokens, rng), label
        )
        tally.cut += len(segment_a) - len(pair.segment_a)
        if not is_foreign:
            tally.cut += len(segment_b) - len(pair.segment_b)
        yield pair


def truncate_pair(
    segment_a: list[int], segment_b: list[int], max_tokens: int, rng: Random
) -> tuple[list[int], list[int]]:
    """Shorten a pair to `max_tokens`, one token of the longer side at a time.

    Each token goes from the front or from the back, with equal probability;
    of two equally long sides the second is shortened.

    Args:
        segment_a: Token ids of the first segment.
        segment_b: Token ids of the second segment.
        max_tokens: Most tokens that both may have together, at least 2.
        rng: Source of randomness.

    Returns:
        The two shortened segments, neither of them empty.
    """
    start_a, stop_a = 0, len(segment_a)
    start_b, stop_b = 0, len(segment_b)
    for _ in range(stop_a + stop_b - max_tokens):
        at_front = rng.random() < 0.5
        if stop_a - start_a > stop_b - start_b:
            start_a, stop_a = start_a + at_front, stop_a - (not at_front)
        else:
            start_b, stop_b = start_b + at_front, stop_b - (not at_front)
    return segment_a[start_a:stop_a], segment_b[start_b:stop_b]


def _chunk(document: Document, start: int, target_length: int) -> Document:
    """The segments from `start` on that reach the target length."""
    length = 0
    for stop in range(start, len(document)):
        length += len(document[stop])
        if length >= target_length:
            return document[start : stop + 1]
    return document[start:]


def _random_segment(
    documents: Sequence[Document], index: int, length: int, rng: Random
) -> list[int]:
    """Segments of another document, until they have `length` tokens."""
    for _ in range(10):
        other = rng.randint(0, len(documents) - 1)
        if other != index:
            break
    document = documents[other]
    tokens: list[int] = []
    for segment in document[rng.randint(0, len(document) - 1) :]:
        tokens.extend(segment)
        if len(tokens) >= length:
            break
    return tokens


def _join(segments: Sequence[Sequence[int]]) -> list[int]:
    return [token for segment in segments for token in segment]
