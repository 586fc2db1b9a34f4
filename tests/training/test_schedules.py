"""The schedule against google-research/albert's formula in NumPy."""

import keras
import numpy as np
import pytest

from albert_keras.training.schedules import PolynomialDecayWithWarmup


def rate_of_the_original(step, peak, train_steps, warmup_steps, power):
    """`create_optimizer`: tf.train.polynomial_decay, overlaid by warm-up."""
    decayed = peak * (1 - min(step, train_steps) / train_steps) ** power
    is_warmup = float(step < warmup_steps)
    warmup = peak * step / warmup_steps if warmup_steps else 0.0
    return (1 - is_warmup) * decayed + is_warmup * warmup


@pytest.mark.parametrize("power", [1.0, 0.5, 2.0])
@pytest.mark.parametrize("warmup_steps", [0, 1, 10, 40])
def test_equals_the_original_at_every_step(power, warmup_steps):
    schedule = PolynomialDecayWithWarmup(0.00176, 40, warmup_steps, power)
    steps = np.arange(60)
    expected = [
        rate_of_the_original(s, 0.00176, 40, warmup_steps, power) for s in steps
    ]
    actual = [float(schedule(step)) for step in steps]
    np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-12)


def test_rates_of_the_released_pretraining():
    schedule = PolynomialDecayWithWarmup(0.00176, 125_000, 3_125)
    rates = [float(schedule(s)) for s in (0, 3_124, 3_125, 62_500, 125_000)]
    np.testing.assert_allclose(
        rates,
        # Nothing at first; almost the peak; the jump down to 97.5 % of it;
        # half of it in the middle; nothing at the end.
        [0.0, 0.00176 * 3_124 / 3_125, 0.00176 * 0.975, 0.00088, 0.0],
        rtol=1e-6,
    )


def test_follows_the_optimizer_and_survives_saving():
    schedule = PolynomialDecayWithWarmup(1.0, 8, 4, 2.0)
    optimizer = keras.optimizers.SGD(schedule)
    weight = keras.Variable([0.0])
    restored = keras.optimizers.schedules.deserialize(
        keras.optimizers.schedules.serialize(schedule)
    )
    assert isinstance(restored, PolynomialDecayWithWarmup)
    for step in range(8):
        before = float(weight[0])
        optimizer.apply([np.ones(1, "float32")], [weight])
        taken = before - float(weight[0])
        assert taken == pytest.approx(
            rate_of_the_original(step, 1.0, 8, 4, 2.0), rel=1e-5
        )
        assert taken == pytest.approx(float(restored(step)), rel=1e-5)


@pytest.mark.parametrize(
    ("train_steps", "warmup_steps"), [(0, 0), (-1, 0), (5, 6), (5, -1)]
)
def test_refuses_impossible_numbers_of_steps(train_steps, warmup_steps):
    with pytest.raises(ValueError, match="Received: num_"):
        PolynomialDecayWithWarmup(0.1, train_steps, warmup_steps)
