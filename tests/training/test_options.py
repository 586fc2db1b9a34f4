"""What a run is asked to do."""

import pytest

from albert_keras.training.options import PretrainingOptions, TrainingPlan


def test_default_rate_is_the_original_s_at_its_batch_size():
    original = PretrainingOptions(num_train_steps=1, batch_size=4096)
    assert original.peak_learning_rate == 0.00176
    quarter = PretrainingOptions(num_train_steps=1, batch_size=1024)
    assert quarter.peak_learning_rate == pytest.approx(0.00176 / 2)
    given = PretrainingOptions(num_train_steps=1, learning_rate=0.1)
    assert given.peak_learning_rate == 0.1


def test_the_original_s_plan():
    options = PretrainingOptions(num_train_steps=125_000)
    plan = TrainingPlan.of(options, 125_000)
    assert plan.num_warmup_steps == 3_125
    assert plan.is_due(125_000, plan.eval_every)
    assert plan.is_due(2 * plan.eval_every, plan.eval_every)
    assert not plan.is_due(plan.eval_every + 1, plan.eval_every)


@pytest.mark.parametrize("num_train_steps", [1, 7, 101])
def test_short_runs_have_plans_too(num_train_steps):
    options = PretrainingOptions(num_train_steps=num_train_steps)
    plan = TrainingPlan.of(options, num_train_steps)
    for every in (plan.log_every, plan.eval_every, plan.checkpoint_every):
        assert 1 <= every <= num_train_steps
        assert plan.is_due(num_train_steps, every)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({}, "num_train_steps=None, minutes=None"),
        ({"num_train_steps": 1, "minutes": 1.0}, "steps=1, minutes=1.0"),
        ({"minutes": 0.0}, "minutes=0.0"),
        ({"minutes": float("nan")}, "minutes=nan"),
        ({"minutes": 1, "batch_size": 0}, "batch_size=0"),
        ({"minutes": 1, "learning_rate": -1.0}, "learning_rate=-1.0"),
        ({"minutes": 1, "warmup_proportion": 1.5}, "warmup_proportion=1.5"),
        ({"minutes": 1, "optimizer": "adam"}, "optimizer='adam'"),
        ({"minutes": 1, "dtype": "float16"}, "dtype='float16'"),
        ({"minutes": 1, "optimizer": "adamw"}, "learning_rate=None"),
    ],
)
def test_what_makes_no_run_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        PretrainingOptions(**wrong)
