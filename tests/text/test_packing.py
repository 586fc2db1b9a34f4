import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from raw_texts import fuzz

from albert_keras.text.packing import pack, truncated_lengths

FIRST, SECOND = "The value, of 10", "and it returns the name of a class"


def popped(first, second, room):
    """`_truncate_seq_pair` of google-research/albert."""
    while first + second > room:
        if first > second:
            first -= 1
        else:
            second -= 1
    return first, second


def test_longest_first_pops_as_the_original():
    for lengths in itertools.product(range(9), range(9), range(12)):
        assert truncated_lengths(*lengths, "longest_first") == popped(*lengths)


def test_only_one_text_is_cut():
    assert truncated_lengths(5, 4, 6, "only_first") == (2, 4)
    assert truncated_lengths(5, 4, 6, "only_second") == (5, 1)
    assert truncated_lengths(5, 4, 5, "only_second") == (5, 0)
    assert truncated_lengths(2, 2, 6, "only_first") == (2, 2)
    with pytest.raises(ValueError, match=r"'only_first' .*room for 3 tokens"):
        truncated_lengths(5, 4, 3, "only_first")


def test_layout(tokenizer):
    first, second = tokenizer.encode(FIRST), tokenizer.encode(SECOND)
    packed = pack(tokenizer, FIRST, SECOND, return_offsets=True)
    a, b = len(first), len(second)
    assert packed["token_ids"].tolist() == [2, *first, 3, *second, 3]
    assert packed["segment_ids"].tolist() == [0] * (a + 2) + [1] * (b + 1)
    assert packed["padding_mask"].tolist() == [1] * (a + b + 3)
    offsets = [tuple(span) for span in packed["offsets"].tolist()]
    assert offsets == [
        (0, 0),
        *tokenizer.offsets(FIRST),
        (0, 0),
        *tokenizer.offsets(SECOND),
        (0, 0),
    ]
    assert {array.dtype for array in packed.values()} == {np.dtype("int32")}
    single = pack(tokenizer, FIRST)
    assert single["token_ids"].tolist() == [2, *first, 3]
    assert not single["segment_ids"].any()


def test_batch_is_padded(tokenizer):
    texts = [FIRST, "", FIRST + " " + SECOND]
    packed = pack(tokenizer, texts, return_offsets=True)
    rows = [[2, *tokenizer.encode(text), 3] for text in texts]
    longest = max(map(len, rows))
    for row, ids, mask, offsets in zip(
        rows,
        *map(packed.get, ("token_ids", "padding_mask", "offsets")),
        strict=True,
    ):
        padding = [0] * (longest - len(row))
        assert ids.tolist() == row + padding
        assert mask.tolist() == [1] * len(row) + padding
        assert not offsets[len(row) :].any()
    assert packed["offsets"].shape == (3, longest, 2)


def test_padded_lengths(tokenizer):
    tokens = len(tokenizer.encode(FIRST)) + 2

    def length(**options):
        return pack(tokenizer, [FIRST], **options)["token_ids"].shape[1]

    assert length() == tokens
    assert length(padding="max_length", max_length=64) == 64
    assert length(pad_to_multiple_of=8) == -(-tokens // 8) * 8
    assert length(pad_to_multiple_of=64, max_length=tokens + 1) == tokens + 1
    assert length(max_length=5) == 5
    assert pack(tokenizer, [])["token_ids"].shape == (0, 0)


@fuzz
@given(st.integers(0, 12), st.integers(0, 12), st.integers(3, 20))
def test_rows_are_cut(tokenizer, first, second, max_length):
    word = tokenizer.encode("the")
    assert len(word) == 1
    packed = pack(
        tokenizer,
        ["the " * first],
        ["the " * second],
        max_length=max_length,
    )
    a, b = popped(first, second, max_length - 3)
    assert packed["token_ids"].tolist() == [[2, *word * a, 3, *word * b, 3]]
    assert packed["segment_ids"].sum() == b + 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"max_length": 2}, "Received: max_length=2"),
        ({"truncation": "both"}, "Received: truncation='both'"),
        ({"padding": "left"}, "Received: padding='left'"),
        ({"padding": "max_length"}, "Received: max_length=None"),
        ({"pad_to_multiple_of": 0}, "Received: pad_to_multiple_of=0"),
        ({"second": ["a"]}, "a single text in `first`, 1 texts in `second`"),
        ({"second": 3}, "Received: 3 of type int"),
        ({"max_length": 4, "truncation": None}, "tokens, max_length=4"),
    ],
)
def test_what_cannot_be_is_refused(tokenizer, options, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        pack(tokenizer, FIRST, **options)


def test_as_many_second_texts_as_first_ones(tokenizer):
    with pytest.raises(ValueError, match="2 texts in `first`, 1 texts in"):
        pack(tokenizer, ["a", "b"], ["c"])
