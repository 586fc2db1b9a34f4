"""Inputs that google-research/albert and these tests have in common.

`make_original_goldens.py` puts them through the original, the tests through
this package.
"""

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
