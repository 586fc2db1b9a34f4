"""Inputs that google-research/albert and these tests have in common.

`make_original_goldens.py` puts them through the original, the tests through
this package.
"""

from collections import Counter
from functools import cache
from itertools import count
from random import Random

GOLDENS = "original_goldens.json"

PAIR_CASES = [
    {"max_seq_length": length, "short_seq_prob": prob, "seed": seed}
    for length, prob in ((128, 0.1), (32, 0.5), (8, 0.5), (5, 0.5))
    for seed in (1, 2)
]
PAIR_CASES += [{**case, "random_next": True} for case in PAIR_CASES[1:5]]

MASK_CASES = {
    "as released": {"max_predictions_per_seq": 20, "favor_shorter_ngram": True},
    "no limit": {"max_predictions_per_seq": 99, "favor_shorter_ngram": True},
    "longer": {"max_predictions_per_seq": 20, "favor_shorter_ngram": False},
}
MASK_PROB = 0.15
MASK_REPEATS = 60
NGRAM = 3


def documents() -> list[list[list[int]]]:
    """Documents in which every token occurs once: 0, 1, 2, ..."""
    rng = Random("documents")
    tokens = count()
    return [
        [
            [next(tokens) for _ in range(rng.choice((1, 2, 5, 20, 40)))]
            for _ in range(rng.choice((1, 1, 2, 3, 30)))
        ]
        for _ in range(25)
    ]


def mask_sequences() -> list[tuple[list[int], list[int]]]:
    """Pairs (A, B): 1 where a token begins a word, 0 where it goes on."""
    rng = Random("sequences")

    def segment(length: int) -> list[int]:
        return [int(rng.random() < 0.7) for _ in range(length)]

    return [
        (segment(rng.randint(1, 60)), segment(rng.randint(1, 60)))
        for _ in range(40)
    ]


def mask_statistics(
    starts_a: list[int], starts_b: list[int], positions: list[int]
) -> dict[str, float]:
    """What is counted of the masks of one sequence [CLS] A [SEP] B [SEP]."""
    starts = [1, *starts_a, 1, *starts_b, 1]
    runs: list[int] = []
    before = None
    for position in positions:
        if before is None or position != before + 1:
            runs.append(0)
        runs[-1] += starts[position]
        before = position
    counted = {f"runs of {n} words": runs.count(n) for n in range(6)}
    return counted | {
        "predictions": len(positions),
        "mean position": sum(positions) / max(len(positions), 1),
        "word starts": sum(starts[position] for position in positions),
        "first token": float(1 in positions),
        "last token": float(len(starts) - 2 in positions),
        "both sides of [SEP]": float(
            len(starts_a) in positions and len(starts_a) + 2 in positions
        ),
    }


WHOLE_CASES = {
    "as released": {
        "max_seq_length": 128,
        "max_predictions_per_seq": 20,
        "short_seq_prob": 0.1,
        "favor_shorter_ngram": True,
        "random_next": False,
        "do_permutation": False,
    },
    "limited, longer, random next": {
        "max_seq_length": 48,
        "max_predictions_per_seq": 5,
        "short_seq_prob": 0.5,
        "favor_shorter_ngram": False,
        "random_next": True,
        "do_permutation": False,
    },
    "permutation": {
        "max_seq_length": 128,
        "max_predictions_per_seq": 20,
        "short_seq_prob": 0.1,
        "favor_shorter_ngram": True,
        "random_next": False,
        "do_permutation": True,
    },
}
WHOLE_PASSES = 100


@cache
def vocabulary() -> list[str]:
    """Pieces that begin a word, that go on, and signs."""
    return [
        *("<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"),
        *(f"▁{spelled(number)}" for number in range(120)),
        *(spelled(number) for number in range(60)),
        *(".", ",", "'s", "7"),
    ]


@cache
def places() -> dict[str, int]:
    return {piece: place for place, piece in enumerate(vocabulary())}


def spelled(number: int) -> str:
    return "".join("abcdefghij"[int(digit)] for digit in str(number))


def text() -> str:
    """One sentence a line, its pieces with a space between, as documents."""
    rng = Random("text")
    pieces = vocabulary()[5:]

    def sentence() -> str:
        return " ".join(rng.choices(pieces, k=rng.choice((2, 6, 12, 30))))

    return "\n\n".join(
        "\n".join(sentence() for _ in range(rng.choice((1, 2, 3, 8, 25))))
        for _ in range(40)
    )


def example_counts(
    tokens: list[str],
    segment_ids: list[int],
    token_boundary: list[int],
    positions: list[int],
    labels: list[str],
    order: int,
) -> Counter[str]:
    """What is counted of one masked example.

    "whole: part" says how many of the wholes are such parts, or, where a part
    is a number of its own, the sum of these numbers. The split is that into A
    and B, eighths of both.
    """
    second = segment_ids.index(1)
    in_a, in_b = second - 2, len(tokens) - second - 1
    counts: Counter[str] = Counter()
    counts["pass: examples"] = 1
    counts["examples: tokens"] = len(tokens)
    counts[f"examples: {len(tokens) // 16 * 16} tokens and up"] = 1
    counts[f"examples: split in eighth {8 * in_a // (in_a + in_b)}"] = 1
    counts["examples: label 1"] = order
    counts["pass: tokens"] = len(tokens)
    counts["tokens: boundaries"] = sum(token_boundary)
    counts["tokens: masked"] = len(positions)
    counts["pass: masked"] = len(positions)
    kinds = {}
    for position, label in zip(positions, labels, strict=True):
        seen = tokens[position]
        kinds[position] = (
            "[MASK]"
            if seen == "[MASK]"
            else "kept"
            if seen == label
            else "replaced"
        )
        counts[f"masked: {kinds[position]}"] += 1
        counts["masked: word starts"] += token_boundary[position]
        if kinds[position] == "replaced":
            counts["pass: replacements"] += 1
            counts["replacements: place in the vocabulary"] += places()[seen]
            counts["replacements: special"] += places()[seen] < 5
        if position - 1 in kinds:
            counts["pass: neighbours"] += 1
            counts["neighbours: both [MASK]"] += (
                kinds[position - 1] == kinds[position] == "[MASK]"
            )
    words: list[int] = []
    for position in positions:
        if position - 1 not in kinds:
            words.append(0)
        words[-1] += token_boundary[position]
    counts["pass: runs"] = len(words)
    for number in words:
        counts[f"runs: {min(number, 4)} words"] += 1  # 4 or more
    return counts


def whole_of(statistic: str) -> str:
    """The count that a statistic is a share of."""
    return f"pass: {statistic.partition(': ')[0]}"
