"""`compile_for` on any Keras model, and what plain Keras still cannot do."""

import json
import sys
from pathlib import Path

import keras
import numpy as np
import own_process
import pytest
import tensorflow as tf
from keras_trials import (
    OVERFLOWING,
    clipped,
    fit,
    loss,
    make_data,
    make_model,
    ours,
    overflowing,
    plain,
    with_momentum,
)

from albert_keras.training.compiling import compile_for
from albert_keras.training.loop import finished_steps, loop_of
from albert_keras.training.strategies import TrainingStrategy

ONE = TrainingStrategy("one")
PROGRAM = Path(__file__).with_name("keras_trials.py")


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory):
    """What the trials give under MirroredStrategy on two CPU devices."""
    printed = tmp_path_factory.mktemp("mirrored") / "printed"
    command = [sys.executable, PROGRAM, "mirrored"]
    process = own_process.start(command, stdout=printed)
    process.join()
    assert process.exitcode == 0
    return json.loads(printed.read_text())


def assert_same(actual, expected):
    np.testing.assert_allclose(actual["losses"], expected["losses"], 1e-5)
    for name, value in expected["evaluated"].items():
        assert actual["evaluated"][name] == pytest.approx(value, rel=1e-5)
    for ours_, theirs in zip(
        actual["weights"], expected["weights"], strict=True
    ):
        np.testing.assert_allclose(ours_, theirs, atol=1e-5)


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"steps_per_execution": 2},
        {"gradient_accumulation_steps": 4},
        {"steps_per_execution": 3, "gradient_accumulation_steps": 2},
    ],
)
def test_one_device_trains_as_plain_keras(parts):
    # 14 rows make batches of 4, 4, 4 and 2, and two executions or four.
    actual = fit(ONE, ours, with_momentum, rows=14, batch_size=4, **parts)
    assert_same(actual, fit(ONE, plain, with_momentum, rows=14, batch_size=4))
    assert actual["steps"] == 8


def test_replicas_train_as_one_device(mirrored):
    # The last of 13 rows is a batch that one replica has nothing of.
    assert_same(
        mirrored["ours"], fit(ONE, plain, with_momentum, rows=13, batch_size=4)
    )
    expected = fit(ONE, plain, clipped, is_sparse=False)
    assert_same(mirrored["ours, clipped"], expected)


def test_replicas_leave_out_the_same_steps_that_overflow(mirrored):
    # Two micro-batches of a device overflow where its two replicas would.
    halves = {"gradient_accumulation_steps": 2}
    expected = fit(ONE, ours, overflowing, **OVERFLOWING, **halves)
    assert_same(mirrored["ours, float16"], expected)
    assert mirrored["ours, float16"]["steps"] == expected["steps"]
    assert 0 < expected["steps"] < 12


def test_replicas_drop_different_units(mirrored):
    (seed, count), (other_seed, other_count) = mirrored["seeds"]
    assert other_seed == seed + 2**32
    assert count == other_count > 0


def test_keras_still_clips_each_replica_s_gradients(mirrored):
    expected = fit(ONE, plain, clipped, is_sparse=False)
    moved = np.abs(
        np.array(mirrored["plain, clipped"]["weights"][0])
        - expected["weights"][0]
    ).max()
    assert moved > 1e-5, "remove the workaround take_summed_gradients"


@pytest.mark.parametrize(
    ("trial", "message", "workaround"),
    [
        (
            "plain, steps_per_execution",
            "Graph execution error",
            "the loop of albert_keras/training/executions.py",
        ),
        (
            "plain, accumulating",
            "merge_call",
            "nothing, but tell of it in keras_workarounds.py (keras #20582)",
        ),
    ],
)
def test_keras_still_fails_under_a_strategy(
    mirrored, trial, message, workaround
):
    result = mirrored[trial]
    assert message in result.get("error", ""), (
        f"Keras has learnt it: remove the workaround {workaround}"
    )


def test_data_of_unknown_length_are_used_to_their_end():
    x, y, _ = make_data(14)
    batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(4)
    unknown = batches.filter(lambda x, y: True)
    model = make_model()
    loop = compile_for(
        model, keras.optimizers.SGD(0.1), loss=loss(), steps_per_execution=3
    )
    model.fit(unknown, verbose=0)
    assert loop.finished_steps == int(model.optimizer.iterations) == 4
    model.train_on_batch(x, y)
    assert finished_steps(model) == 5


def test_the_norm_is_that_of_the_gradient_before_clipping():
    model = make_model()
    x, y, _ = make_data()
    compile_for(
        model,
        keras.optimizers.SGD(1.0, global_clipnorm=1e-3),
        loss=loss(),
        gradient_accumulation_steps=3,
    )
    with tf.GradientTape() as tape:
        value = loss()(y, model(x))
    gradients = tape.gradient(
        value, [v.value for v in model.trainable_variables]
    )
    norm = np.sqrt(
        sum(
            np.sum(tf.convert_to_tensor(gradient).numpy() ** 2)
            for gradient in gradients
        )
    )
    before = [v.numpy() for v in model.trainable_variables]
    logs = model.train_on_batch(x, y, return_dict=True)
    assert logs["gradient_norm"] == pytest.approx(norm, rel=1e-5)
    step = [
        v.numpy() - b
        for v, b in zip(model.trainable_variables, before, strict=True)
    ]
    assert np.sqrt(sum(np.sum(s**2) for s in step)) == pytest.approx(1e-3, 1e-4)


def test_a_step_that_overflows_in_float16_counts_and_changes_nothing():
    keras.config.set_dtype_policy("mixed_float16")
    model = make_model()
    keras.config.set_dtype_policy("float32")
    model.dtype_policy = keras.DTypePolicy("mixed_float16")
    loop = compile_for(
        model,
        keras.optimizers.LossScaleOptimizer(
            keras.optimizers.SGD(0.1), initial_scale=2.0**40
        ),
        loss=loss(),
    )
    x, y, _ = make_data()
    before = [v.numpy() for v in model.trainable_variables]
    first = model.train_on_batch(x, y, return_dict=True)
    assert not np.isfinite(first["gradient_norm"])
    assert (loop.finished_steps, int(model.optimizer.iterations)) == (1, 0)
    for variable, value in zip(model.trainable_variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)
    for _ in range(40):
        last = model.train_on_batch(x, y, return_dict=True)
    assert np.isfinite(last["gradient_norm"])
    assert 0 < int(model.optimizer.iterations) < loop.finished_steps == 41


def test_compiling_anew_gives_the_model_back_to_keras():
    model = make_model()
    x, y, _ = make_data()
    compile_for(model, keras.optimizers.SGD(0.1), loss=loss())
    assert "gradient_norm" in model.train_on_batch(x, y, return_dict=True)
    plain(model, keras.optimizers.SGD(0.1))
    assert loop_of(model) is None
    assert "gradient_norm" not in model.train_on_batch(x, y, return_dict=True)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"steps_per_execution": 0}, "steps_per_execution=0"),
        ({"gradient_accumulation_steps": -1}, "accumulation_steps=-1"),
        (
            {
                "optimizer": keras.optimizers.SGD(
                    0.1, gradient_accumulation_steps=2
                )
            },
            "an optimizer with gradient_accumulation_steps=2",
        ),
    ],
)
def test_what_cannot_be_is_refused(wrong, message):
    arguments = {"optimizer": keras.optimizers.SGD(0.1), **wrong}
    with pytest.raises(ValueError, match=message):
        compile_for(make_model(), **arguments)
