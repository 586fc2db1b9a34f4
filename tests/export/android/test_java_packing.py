"""Texts and pairs as rows in Java, beside `pack`."""

import itertools
import json
import subprocess

import pytest

from albert_keras.text.packing import TRUNCATIONS, pack
from albert_keras.text.sentencepiece import SentencePieceTokenizer

pytestmark = pytest.mark.jvm

TEXTS = ["", "One", "an argument group", "Élan — naïve café ½ of it " * 2]


@pytest.mark.parametrize("length", [3, 7, 12, 128])
@pytest.mark.parametrize("truncation", [*TRUNCATIONS, None])
def test_rows(classes, vocabulary, length, truncation):
    rows = [(text,) for text in TEXTS] + [*itertools.product(TEXTS, TEXTS)]
    found = subprocess.run(
        [
            *("java", "-cp", classes, "albertkeras.jvm.text.PackProcess"),
            *(vocabulary, str(length), (truncation or "none").upper()),
        ],
        input="".join("\t".join(row) + "\n" for row in rows).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    tokenizer = SentencePieceTokenizer(vocabulary)
    refused = 0
    for row, line in zip(rows, found.stdout.decode().splitlines(), strict=True):
        try:
            packed = pack(
                tokenizer,
                *row,
                max_length=length,
                truncation=truncation,
                padding="max_length",
                return_offsets=True,
            )
        except ValueError:
            assert ". Received: " in line
            refused += 1
            continue
        offsets = packed.pop("offsets")
        columns = [*packed.values(), offsets[:, 0], offsets[:, 1]]
        assert json.loads(line) == [column.tolist() for column in columns]
    # What is too long is refused where nothing, or the other text, is cut.
    assert bool(refused) == (truncation != "longest_first" and length < 128)
