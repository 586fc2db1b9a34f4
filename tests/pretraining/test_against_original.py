"""Whole examples, from lines of text on, held against the original's.

Both go through the same text with the same vocabulary, a hundred times with
other random numbers. Each statistic is a ratio of two totals over all passes,
such as masked tokens that begin a word of all masked tokens. Pass by pass the
original's numbers are independent, however alike the examples of a document
are, so their scatter from one pass to another gives the standard error s of
its ratio. Ours has the same one if it draws from the same distribution, and
the two must then differ by less than 4.5 * sqrt(2) * s: a two-sided z-test,
which a right program fails once in 150,000 statistics.
"""

import json
from collections import Counter
from math import sqrt
from pathlib import Path
from typing import ClassVar

import original
import pytest

from albert_keras.pretraining.examples import ExampleOptions
from albert_keras.pretraining.inspection import read_examples
from albert_keras.pretraining.runner import prepare

ORIGINAL = json.loads(
    Path(__file__).with_name(original.GOLDENS).read_text("utf-8")
)["examples"]


class PieceTokenizer:
    """The text has its pieces apart already."""

    vocabulary_bytes = b"pieces"
    suffix_mark = ""
    lowercase, keep_accents = True, False
    normalization: ClassVar[dict] = {}
    vocabulary = original.vocabulary()
    vocabulary_size = len(vocabulary)
    pad_id, unk_id, cls_id, sep_id, mask_id = range(5)

    def id_to_piece(self, token_id: int) -> str:
        return self.vocabulary[token_id]

    def encode_batch(self, texts: list[str]) -> list[list[int]]:
        ids = original.places()
        return [[ids[piece] for piece in text.split()] for text in texts]


@pytest.mark.parametrize("masking", ["static", "dynamic"])
@pytest.mark.parametrize("name", original.WHOLE_CASES)
def test_the_same_statistics_as_the_original(tmp_path, name, masking):
    tokenizer = PieceTokenizer()
    corpus = tmp_path / "corpus.txt"
    corpus.write_text(original.text(), "utf-8")
    prepare(
        [corpus],
        tokenizer,
        tmp_path / "shards",
        ExampleOptions(
            masking=masking,
            masked_lm_prob=original.MASK_PROB,
            ngram=original.NGRAM,
            dupe_factor=original.WHOLE_PASSES,
            **original.WHOLE_CASES[name],
        ),
        processes=1,
        show_progress=False,
    )
    counts = Counter({"pass: pass": original.WHOLE_PASSES})
    for example in read_examples(tmp_path / "shards", tokenizer):
        counts.update(
            original.example_counts(
                list(map(tokenizer.id_to_piece, example.token_ids)),
                list(example.segment_ids),
                list(example.token_boundary),
                example.mask_positions,
                list(map(tokenizer.id_to_piece, example.mask_ids)),
                example.sop_label,
            )
        )
    expected_of = ORIGINAL[name]
    assert expected_of.keys() == counts.keys() - {"pass: pass"}
    for statistic, (expected, variance) in expected_of.items():
        found = counts[statistic] / counts[original.whole_of(statistic)]
        limit = 4.5 * sqrt(2 * variance)
        assert abs(found - expected) <= limit, (statistic, found, expected)
