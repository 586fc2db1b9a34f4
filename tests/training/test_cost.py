import dataclasses
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from albert_keras.config import AlbertConfig
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_pretrainer import AlbertPretrainer
from albert_keras.training.cost import (
    forward_flops,
    measured_peak_flops,
    step_flops,
)

BATCH, SEQUENCE, PREDICTIONS = 3, 24, 5

TINY = AlbertConfig.named("albert_tiny_test")
CONFIGS = {
    "tiny": TINY,
    "groups": dataclasses.replace(
        TINY, num_hidden_layers=4, num_hidden_groups=2, inner_group_num=2
    ),
    "no projection": dataclasses.replace(TINY, embedding_size=TINY.hidden_size),
}


def products_of(config):
    """Counts the matrix products of the traced model, by their shapes."""
    model = AlbertPretrainer(AlbertBackbone.from_albert_config(config))
    inputs = {
        name: tf.TensorSpec([BATCH, SEQUENCE], tf.int32)
        for name in ("token_ids", "segment_ids", "padding_mask")
    }
    inputs["mask_positions"] = tf.TensorSpec([BATCH, PREDICTIONS], tf.int32)
    graph = tf.function(model).get_concrete_function(inputs).graph
    operations = 0
    for op in graph.get_operations():
        if op.type == "MatMul":
            inner = op.inputs[0].shape[int(not op.get_attr("transpose_a"))]
        elif op.type == "BatchMatMulV2":
            inner = op.inputs[0].shape[-2 if op.get_attr("adj_x") else -1]
        else:
            continue
        operations += 2 * inner * math.prod(op.outputs[0].shape)
    return operations


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_forward_flops_are_those_of_the_traced_products(config):
    assert forward_flops(config, BATCH, SEQUENCE, PREDICTIONS) == products_of(
        config
    )


def test_a_step_has_two_backward_products_for_each_forward_one():
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])

    @tf.function
    def gradients(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = model(x)
        return tape.gradient(y, [x, *[v.value for v in model.weights]])

    graph = gradients.get_concrete_function(tf.TensorSpec([2, 8])).graph
    products = [op for op in graph.get_operations() if op.type == "MatMul"]
    args = (TINY, BATCH, SEQUENCE, PREDICTIONS)
    assert step_flops(*args) / forward_flops(*args) == len(products) == 3


def test_base_has_175_megaflops_a_token():
    """12 x (4 H^2 + 2 H I + 2 S H) products a token, and the heads."""
    config = AlbertConfig.named("albert_base_v2")
    flops = forward_flops(config, 8, 128, 20) / (8 * 128)
    assert flops == pytest.approx(175e6, rel=0.01)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_measured_rate_is_that_of_a_computer(dtype):
    assert 1e8 < measured_peak_flops(dtype) < 1e16


def test_measured_rate_is_that_of_products_it_waited_for(monkeypatch):
    """A clock that runs a second for each product gives its operations."""
    from albert_keras.training import cost

    products = []

    def multiply(a, b):
        products.append(a.shape[0])
        return np.ones((1, 1))

    monkeypatch.setattr(cost.ops, "matmul", multiply)
    monkeypatch.setattr(cost.time, "perf_counter", lambda: float(len(products)))
    assert measured_peak_flops() == 2.0 * products[0] ** 3
