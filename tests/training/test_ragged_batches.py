"""Examples of many lengths as batches of few shapes."""

from itertools import islice

import numpy as np
import pytest
import tensorflow as tf

from albert_keras.pretraining.buckets import Buckets
from albert_keras.training.ragged_batches import RaggedBatches

COUNT = 203


@pytest.fixture(scope="module")
def lengths():
    return np.random.default_rng(0).geometric(0.08, COUNT).clip(1, 60)


def make(lengths, buckets=None, seed=5, **arguments):
    """Example i has as many tokens i as it is long, and the label i."""
    rows = [[number] * length for number, length in enumerate(lengths)]
    x = {
        "token_ids": tf.ragged.constant(rows, dtype="int32"),
        "padding_mask": tf.ragged.constant([[1] * n for n in lengths]),
    }
    buckets = buckets or Buckets.of_batch_size((8, 20, 60), 16)
    y = np.arange(len(lengths))
    return RaggedBatches(x, y, lengths, buckets, seed=seed, **arguments)


def seen(batches):
    """Labels of the examples that count; all others must be empty."""
    found = []
    for x, y, weights in batches:
        weights = weights.numpy()
        ids, mask = x["token_ids"].numpy(), x["padding_mask"].numpy()
        assert set(weights) <= {0.0, 1.0}
        assert not ids[weights == 0].any()
        assert not mask[weights == 0].any()
        for row in np.flatnonzero(weights):
            label = int(y[row])
            assert (ids[row][mask[row] == 1] == label).all()
            found.append(label)
    return found


def test_an_epoch_has_each_example_once_in_its_own_order(lengths):
    batches = make(lengths)
    per_epoch = batches.batches_per_epoch
    epochs = [
        seen(batches.training(skip=epoch * per_epoch).take(per_epoch))
        for epoch in range(3)
    ]
    for found in epochs:
        assert sorted(found) == list(range(COUNT))
    assert epochs[0] != epochs[1] != epochs[2] != epochs[0]
    assert seen(make(lengths).training().take(per_epoch)) == epochs[0]
    assert seen(make(lengths, seed=6).training().take(per_epoch)) != epochs[0]


def test_whole_examples_in_the_shapes_of_the_buckets(lengths):
    batches = make(lengths, Buckets.of_tokens((8, 20, 60), 240, 2))
    shapes = set()
    for x, y, weights in batches.evaluation():
        rows, tokens = x["token_ids"].shape
        shapes.add((rows, tokens))
        mask = x["padding_mask"].numpy()
        counted = weights.numpy() == 1
        assert mask.sum(axis=1)[counted].tolist() == (
            lengths[y.numpy()[counted]].tolist()
        )
    assert shapes == {(30, 8), (12, 20), (4, 60)}


def test_only_the_last_batch_is_not_full(lengths):
    batches = make(lengths)
    planned = batches.plan(0, shuffle=False)
    sizes = [len(batch.examples) for batch in planned]
    assert sizes == [16] * (COUNT // 16) + [COUNT % 16]
    for batch in planned:
        limit = batches.buckets.lengths[batch.bucket]
        assert lengths[batch.examples].max() <= limit
    assert len(planned) == batches.batches_per_epoch
    assert all(
        len(batches.plan(epoch)) == len(planned) for epoch in range(1, 20)
    )


def test_a_run_goes_on_where_it_stopped(lengths):
    batches = make(lengths)
    per_epoch = batches.batches_per_epoch
    whole = [
        seen([batch]) for batch in islice(batches.training(), 2 * per_epoch + 4)
    ]
    for skip in (1, per_epoch - 1, per_epoch, per_epoch + 5):
        resumed = batches.training(skip=skip)
        rest = [seen([batch]) for batch in islice(resumed, 4)]
        assert rest == whole[skip : skip + 4]


def test_evaluation_is_that_of_the_raw_records(lengths):
    """A weighted mean over the batches is the mean over all examples."""
    score = np.random.default_rng(1).normal(size=COUNT)
    batches = make(lengths)
    total = weight = 0.0
    order = []
    for x, y, weights in batches.evaluation():
        values = score[y.numpy()] + x["padding_mask"].numpy().sum(axis=1)
        total += (values * weights.numpy()).sum()
        weight += weights.numpy().sum()
        order += y.numpy()[weights.numpy() == 1].tolist()
    assert weight == COUNT
    assert total / weight == pytest.approx((score + lengths).mean())
    planned = batches.plan(0, shuffle=False)
    assert order == np.concatenate([b.examples for b in planned]).tolist()
    assert batches.evaluation().cardinality() == len(planned)


def test_examples_of_several_sequences():
    """As in RACE: a passage with each of four answers."""
    rows = [[[i] * (i % 5 + c + 1) for c in range(4)] for i in range(10)]
    lengths = [max(map(len, row)) for row in rows]
    starts = np.arange(20).reshape(10, 2)
    batches = RaggedBatches(
        tf.ragged.constant(rows),
        {"answer": np.arange(10), "starts": starts},
        lengths,
        Buckets.of_batch_size((6, 9), 4),
        sample_weight={"answer": np.full(10, 0.5), "starts": np.ones(10)},
    )
    found = []
    for x, y, weights in batches.evaluation():
        assert x.shape[:2] == (4, 4)
        assert x.shape[2] in (6, 9)
        for row in np.flatnonzero(weights["starts"]):
            number = int(y["answer"][row])
            assert weights["answer"][row] == 0.5
            assert y["starts"][row].numpy().tolist() == starts[number].tolist()
            for choice in range(4):
                ids = rows[number][choice]
                expected = ids + [0] * (x.shape[2] - len(ids))
                assert x[row, choice].numpy().tolist() == expected
            found.append(number)
    assert sorted(found) == list(range(10))


def test_what_does_not_fit_is_refused(lengths):
    with pytest.raises(ValueError, match="Received: no examples"):
        RaggedBatches(np.zeros((0, 1)), [], [], Buckets((1,), (1,)))
    with pytest.raises(ValueError, match=r"20 tokens\. Received: one of"):
        make(lengths, Buckets.of_batch_size((8, 20), 16))
