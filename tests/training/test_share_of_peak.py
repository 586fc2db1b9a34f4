"""What the mean step costs."""

import pytest
import tensorflow as tf

from albert_keras.config import AlbertConfig
from albert_keras.pretraining.batch_shapes import BatchShape, BatchShapes
from albert_keras.training import share_of_peak
from albert_keras.training.cost import step_flops
from albert_keras.training.strategies import TrainingStrategy


def test_the_mean_step_is_that_of_all_shapes(monkeypatch):
    monkeypatch.setattr(share_of_peak, "_peak_flops", {"bfloat16": 1e9}.get)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    config = AlbertConfig.named("albert_base_v2")
    long, short = BatchShape(3, 8, 512, 77), BatchShape(1, 32, 128, 19)
    shapes = BatchShapes((long, short), 14_000, 512)
    cost = share_of_peak.step_cost(
        config, "mixed_bfloat16", shapes, TrainingStrategy("one")
    )
    assert cost.tokens == 14_000 / 4
    assert cost.flops == pytest.approx(
        0.75 * step_flops(config, 8, 512, 77)
        + 0.25 * step_flops(config, 32, 128, 19)
    )
    assert cost.peak_flops == 1e9
    assert shapes.padding_share == pytest.approx(1 - 14_000 / (4 * 8 * 512))
    # Two logical devices are one CPU; two workers have one each.
    for replicas, workers, expected in ((2, 1, 1e9), (2, 2, 2e9)):
        strategy = TrainingStrategy("x", None, replicas, workers)
        cost = share_of_peak.step_cost(
            config, "mixed_bfloat16", shapes, strategy
        )
        assert cost.peak_flops == expected
