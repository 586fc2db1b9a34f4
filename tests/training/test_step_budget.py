"""Minutes into steps."""

import types
from itertools import count

import keras
import numpy as np
import pytest
import tensorflow as tf

from albert_keras.training import step_budget
from albert_keras.training.options import PretrainingOptions
from albert_keras.training.step_budget import (
    Speed,
    measure_speed,
    plan_within,
)


def plan(seconds, speed, **options):
    options = PretrainingOptions(minutes=1, **options)
    return plan_within(seconds, Speed(*speed), options)


def test_steps_fill_the_time_that_is_left():
    # 95 of 100 seconds, less 5 of tracing and 10 evaluations of 1: 80 seconds.
    few = plan(100, (5, 0.5, 1))
    assert (few.num_train_steps, few.eval_every) == (160, 16)
    # Evaluations of 5 seconds, of which 18 are a fifth: 3, and 75 seconds.
    dear = plan(100, (5, 0.5, 5))
    assert (dear.num_train_steps, dear.eval_every) == (150, 50)
    # Each 10 steps of 0.5 seconds bring an evaluation: 90 / (0.5 + 0.2).
    often = plan(100, (5, 0.5, 2), eval_every=10)
    assert (often.num_train_steps, often.eval_every) == (128, 10)


@pytest.mark.parametrize("seconds", [-1, 1, 6])
def test_no_time_for_a_step_is_refused(seconds):
    with pytest.raises(ValueError, match=f"Received: {seconds} seconds"):
        plan(seconds, (5, 1, 0))


def test_measuring_undoes_its_steps(monkeypatch):
    monkeypatch.setattr(step_budget, "_TIMED_SECONDS", 0.0)
    model = keras.Sequential(
        [
            keras.layers.Dense(4),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1),
        ]
    )
    model.build((None, 3))
    model.compile("sgd", "mse")
    before = [v.numpy() for v in model.variables]
    data = tf.data.Dataset.from_tensors((np.ones((2, 3)), np.ones((2, 1))))
    a_second_each = types.SimpleNamespace(perf_counter=count().__next__)
    monkeypatch.setattr(step_budget, "time", a_second_each)
    speed = measure_speed(model, data.repeat(), data.repeat(40))
    assert int(model.optimizer.iterations) == 13
    for variable, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)
    assert speed == Speed(tracing=2, step=1, evaluation=40)
    assert measure_speed(model, data.repeat(), data).evaluation == 0
    assert measure_speed(model, data.repeat()).evaluation == 0
