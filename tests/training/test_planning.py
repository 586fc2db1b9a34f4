import dataclasses

import pytest

from albert_keras.config import AlbertConfig
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_pretrainer import AlbertPretrainer
from albert_keras.training.planning import estimate_needs

CONFIG = dataclasses.replace(
    AlbertConfig.named("albert_tiny_test"), num_hidden_layers=6
)
SIZES = {
    "batch_size": 8,
    "sequence_length": 32,
    "predictions_per_seq": 5,
}


@pytest.fixture(scope="module")
def plain():
    return estimate_needs(CONFIG, **SIZES)


def test_weights_and_moments_are_those_of_the_model(plain):
    model = AlbertPretrainer(AlbertBackbone.from_albert_config(CONFIG))
    assert plain.num_parameters == model.count_params()
    assert plain.weight_bytes == 4 * model.count_params()
    assert plain.optimizer_bytes == 8 * model.count_params()
    assert plain.bytes > plain.process_bytes + 4 * plain.weight_bytes


def test_activations_grow_with_the_batch(plain):
    twice = estimate_needs(CONFIG, **{**SIZES, "batch_size": 16})
    assert 1.8 < twice.step_bytes / plain.step_bytes < 2.1


@pytest.mark.parametrize(
    "parts", ["num_devices", "gradient_accumulation_steps"]
)
def test_a_device_holds_one_part_of_a_divided_batch(plain, parts):
    """So it needs what a batch of a fourth needs."""
    divided = estimate_needs(CONFIG, **SIZES, **{parts: 4})
    fourth = estimate_needs(CONFIG, **{**SIZES, "batch_size": 2})
    assert divided.step_bytes == fourth.step_bytes < plain.step_bytes / 3


def test_remat_needs_less(plain):
    saving = estimate_needs(CONFIG, **SIZES, remat=True)
    assert saving.step_bytes < plain.step_bytes / 2
    assert saving.weight_bytes == plain.weight_bytes


def test_bfloat16_activations_are_smaller(plain):
    half = estimate_needs(CONFIG, **SIZES, dtype="mixed_bfloat16")
    assert half.step_bytes < 0.9 * plain.step_bytes
    assert half.optimizer_bytes == plain.optimizer_bytes


def test_time_and_speed_belong_together(plain):
    tokens = SIZES["batch_size"] * SIZES["sequence_length"]
    assert plain.tokens_per_second * plain.step_seconds == pytest.approx(tokens)
    assert plain.share_of_peak > 0


def test_a_batch_that_cannot_be_divided_is_refused():
    with pytest.raises(ValueError, match="batch_size=8, num_devices=3"):
        estimate_needs(CONFIG, **SIZES, num_devices=3)


def test_no_devices_are_refused():
    with pytest.raises(ValueError, match="Received: num_devices=0"):
        estimate_needs(CONFIG, **SIZES, num_devices=0)
