"""Streams of any length: little padding, the order kept, little in memory."""

import random

import numpy as np
import pytest

from albert_keras.inference import Classify
from albert_keras.inference.batches import chunks
from albert_keras.inference.loaded_model import LoadedModel
from albert_keras.text.examples import TextExample


class Counting:
    """A model whose scores tell the text's length, and what it cost."""

    def __init__(self):
        self.computed = self.real = 0
        self.widths, self.rows = [], []

    def __call__(self, inputs):
        mask = inputs["padding_mask"]
        self.computed += mask.size
        self.real += int(mask.sum())
        self.widths.append(mask.shape[1])
        self.rows.append(len(mask))
        lengths = mask.sum(axis=1).astype("float32")
        return {"scores": np.stack([lengths, -lengths], axis=1)}


@pytest.fixture
def counting(small_tokenizer):
    run = Counting()
    model = LoadedModel(
        "AlbertTextClassifier",
        "a counting one",
        small_tokenizer.python_tokenizer,
        64,
        None,
        frozenset({"token_ids", "segment_ids", "padding_mask"}),
        run,
    )
    return run, Classify(model, batch_size=16)


def texts_of_all_lengths(count):
    draw = random.Random(3).randrange
    # One in ten is long, in no order.
    return [
        "if " * (draw(20, 62) if draw(10) == 0 else draw(1, 9))
        for _ in range(count)
    ]


def test_long_texts_cost_others_no_padding(counting):
    run, classify = counting
    classify(texts_of_all_lengths(2000))
    # In the order of the texts it would be about three quarters.
    assert (run.computed - run.real) / run.computed < 0.25
    assert max(run.rows) == 16
    assert set(run.widths) <= set(range(8, 65, 8))


def test_answers_come_in_the_order_of_the_texts(counting, small_tokenizer):
    _, classify = counting
    texts = texts_of_all_lengths(700)
    ids = [small_tokenizer.encode(text) for text in texts]
    lengths = [min(len(each) + 2, 64) for each in ids]
    assert [answer["score"] for answer in classify(texts)] == lengths


def test_a_stream_without_an_end_is_answered(counting):
    """Of which little is read ahead, first less than later."""
    _, classify = counting
    read = 0

    def endless():
        nonlocal read
        while True:
            read += 1
            yield TextExample(str(read), "if", None, None, "")

    stream = classify.stream(endless())
    ahead = []
    for number in range(5000):
        example, _ = next(stream)
        assert example.id == str(number + 1)
        ahead.append(read - number)
    assert ahead[0] <= 64
    assert max(ahead) <= 1024


def test_few_long_texts_are_a_part_as_well():
    texts = ["a" * 2**20] * 5
    parts = list(chunks(texts, len))
    assert [len(part) for part in parts] == [2, 2, 1]


def test_no_texts_have_no_answers(counting):
    assert counting[1]([]) == []
