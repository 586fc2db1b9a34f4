"""Every strategy sees each batch whole, its replicas an equal part each."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.distribute import input_lib

from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_pretrainer import AlbertPretrainer
from albert_keras.pretraining import ExampleOptions, prepare
from albert_keras.pretraining.buckets import Buckets
from albert_keras.training.examples import ShardExamples
from albert_keras.training.ragged_batches import RaggedBatches


@pytest.fixture(scope="module")
def shards(tmp_path_factory, tiny_tokenizer):
    folder = tmp_path_factory.mktemp("shards")
    text = "\n\n".join(
        "\n".join(line for line in doc.splitlines() if line.strip())
        for doc in (
            getattr(str, name).__doc__ or "" for name in sorted(vars(str))
        )
        if doc
    )
    (folder / "corpus.txt").write_text(text)
    prepare(
        [folder / "corpus.txt"],
        tiny_tokenizer.python_tokenizer,
        folder / "out",
        ExampleOptions(max_seq_length=64, dupe_factor=1),
        shards=2,
        processes=1,
        show_progress=False,
    )
    return folder / "out"


def inputs(shards):
    """Training and evaluation batches of all kinds."""
    plain = ShardExamples(shards)
    bucketed = ShardExamples(shards, [24, 32, 48])
    lengths = np.arange(1, 60) % 13 + 1
    ragged = RaggedBatches(
        tf.RaggedTensor.from_row_lengths(
            np.arange(lengths.sum(), dtype="int32"), lengths
        ),
        np.arange(59),
        lengths,
        Buckets.of_batch_size((6, 13), 8),
    )
    return {
        "shards": plain.training_batches(8, 1, 0).take(5),
        "shards, evaluation": plain.evaluation_batches(8),
        "buckets": bucketed.training_batches(8, 1, 0).take(12),
        "buckets, evaluation": bucketed.evaluation_batches(8),
        "ragged": ragged.training().take(10),
        "ragged, evaluation": ragged.evaluation(),
    }


def arrays(batch):
    return [leaf.numpy() for leaf in tf.nest.flatten(batch)]


@pytest.fixture(scope="module")
def whole(shards):
    """The batches of each kind on one device."""
    return {
        name: [arrays(batch) for batch in batches]
        for name, batches in inputs(shards).items()
    }


def share_of_worker(batches, worker, workers, replicas):
    """What `experimental_distribute_dataset` reads in one of several workers.

    One part after the other: as many a step as the worker has replicas.
    """
    distributed = input_lib.DistributedDataset(
        input_lib.InputWorkers([("CPU:0", ["CPU:0"] * replicas)]),
        tf.distribute.MirroredStrategy(["CPU:0"]),
        dataset=batches,
        num_replicas_in_sync=workers * replicas,
        input_context=tf.distribute.InputContext(
            num_input_pipelines=workers,
            input_pipeline_id=worker,
            num_replicas_in_sync=workers * replicas,
        ),
    )
    (local,) = distributed._cloned_datasets
    return local


@pytest.mark.parametrize(("workers", "replicas"), [(2, 1), (2, 2), (4, 1)])
def test_workers_share_every_batch(shards, whole, workers, replicas):
    """The union of what the replicas see at a step is the whole batch."""
    for name, batches in inputs(shards).items():
        total = workers * replicas
        seen = []
        for worker in range(workers):
            local = share_of_worker(batches, worker, workers, replicas)
            seen.append([arrays(part) for part in local])
        for parts in seen:
            assert len(parts) == len(whole[name]) * replicas, name
        for step, batch in enumerate(whole[name]):
            parts = [
                worker[step * replicas + replica]
                for worker in seen
                for replica in range(replicas)
            ]
            sizes = {len(part[0]) for part in parts}
            assert sizes == {len(batch[0]) // total}, name
            for leaf, expected in enumerate(batch):
                union = np.concatenate([part[leaf] for part in parts])
                ours, theirs = (
                    sorted(map(bytes, np.ascontiguousarray(rows)))
                    for rows in (union, expected)
                )
                assert ours == theirs, name


def compare_halves(shards, whole):
    """Whether two replicas get the halves of every batch, of each kind."""
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    steps = {}
    for name, batches in inputs(shards).items():
        steps[name] = 0
        for batch in strategy.experimental_distribute_dataset(batches):
            halves = [
                strategy.experimental_local_results(leaf)
                for leaf in tf.nest.flatten(batch)
            ]
            expected = whole[name][steps[name]]
            for leaf, values in zip(halves, expected, strict=True):
                first, second = (half.numpy() for half in leaf)
                assert len(first) == len(second) == len(values) // 2, name
                got = np.concatenate([first, second])
                np.testing.assert_array_equal(got, values, err_msg=name)
            steps[name] += 1
        assert steps[name] == len(whole[name]), name
    return steps


def test_replicas_get_the_halves_of_every_batch(shards, whole, on_two_devices):
    steps = on_two_devices(compare_halves, shards, whole)
    assert steps.keys() == whole.keys()
    assert all(steps.values())


def test_evaluation_is_that_of_a_plain_pass(shards):
    """Counts and weighted means over what counts, by NumPy."""
    longest = ShardExamples(shards)
    counted = {}
    for lengths in (None, [24, 32, 48]):
        examples = ShardExamples(shards, lengths)
        sums = np.zeros(4)
        for x, y, weights in examples.evaluation_batches(8):
            example, mask = (
                weights[key].numpy() for key in ("sop_logits", "mlm_logits")
            )
            sums += [
                example.sum(),
                mask.sum(),
                (example * y["sop_logits"].numpy()).sum(),
                (mask * np.sqrt(y["mlm_logits"].numpy())).sum(),
            ]
            assert x["token_ids"].shape[0] % 8 == 0
        counted[str(lengths)] = sums
    (description,) = longest.describe()
    for sums in counted.values():
        assert sums[0] == description["examples"]
        np.testing.assert_allclose(sums, counted["None"], rtol=1e-6)


def test_metrics_are_those_of_the_raw_records(
    shards, tiny_config, tiny_tokenizer
):
    """Of every example alone, its own weights, and NumPy."""
    keras.utils.set_random_seed(1)
    model = AlbertPretrainer(
        AlbertBackbone.from_albert_config(
            dataclasses.replace(tiny_config, max_position_embeddings=64)
        )
    )
    model.compile()
    totals = np.zeros(6)
    for x, y, weights in ShardExamples(shards).evaluation_batches(1):
        logits = model.predict_on_batch(x)
        for part, key in enumerate(("mlm_logits", "sop_logits")):
            score, label = logits[key][0], y[key][0].numpy()
            weight = weights[key][0].numpy()
            log_sum = np.log(np.exp(score).sum(axis=-1))
            own = np.take_along_axis(score, np.expand_dims(label, -1), axis=-1)[
                ..., 0
            ]
            right = score.argmax(axis=-1) == label
            totals[3 * part : 3 * part + 3] += [
                (weight * (log_sum - own)).sum(),
                (weight * right).sum(),
                weight.sum(),
            ]
    expected = {
        "masked_lm_loss": totals[0] / totals[2],
        "masked_lm_accuracy": totals[1] / totals[2],
        "sentence_order_loss": totals[3] / totals[5],
        "sentence_order_accuracy": totals[4] / totals[5],
    }
    for lengths in (None, [24, 32, 48]):
        batches = ShardExamples(shards, lengths).evaluation_batches(8)
        values = model.evaluate(batches, verbose=0, return_dict=True)
        for name, value in expected.items():
            assert values[name] == pytest.approx(value, rel=1e-5), name
