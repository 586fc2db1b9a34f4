"""`Dense`: the outputs of Keras' own, gradients of the definition."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from albert_keras.layers.activations import get_activation
from albert_keras.layers.dense import Dense

ROWS = 1024


def gradients(layer, inputs, upstream, training=True):
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs, training=training)
    variables = [v.value for v in layer.trainable_variables]
    return outputs, tape.gradient(outputs, [inputs, *variables], upstream)


def layer_and_peer(activation=None, dtype="float32"):
    keras.utils.set_random_seed(0)
    layer, peer = (
        kind(6, activation=activation, bias_initializer="normal", dtype=dtype)
        for kind in (Dense, keras.layers.Dense)
    )
    layer.build((None, 5))
    peer.build((None, 5))
    peer.set_weights(layer.get_weights())
    return layer, peer


@pytest.mark.parametrize("activation", [None, "gelu", "gelu_erf", "tanh"])
@pytest.mark.parametrize("shape", [(7, 5), (2, 3, 5)])
def test_outputs_and_gradients_are_those_of_keras(activation, shape):
    if activation is not None:
        activation = get_activation(activation)
    layer, peer = layer_and_peer(activation)
    rng = np.random.default_rng(0)
    inputs = tf.constant(rng.normal(size=shape) * 3, "float32")
    upstream = tf.constant(rng.normal(size=(*shape[:-1], 6)), "float32")
    outputs, ours = gradients(layer, inputs, upstream)
    expected, theirs = gradients(peer, inputs, upstream)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-5)
    for our, their in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(our, their, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(layer(inputs), expected)


def test_bias_gradient_in_bfloat16_is_the_sum_to_its_last_bit():
    layer, _ = layer_and_peer(dtype="mixed_bfloat16")
    rng = np.random.default_rng(1)
    upstream = tf.cast(rng.normal(size=(ROWS, 6)) + 1.0, "bfloat16")
    _, (_, _, bias) = gradients(
        layer, tf.zeros((ROWS, 5), "bfloat16"), upstream
    )
    exact = tf.cast(upstream, "float64").numpy().sum(axis=0)
    # bfloat16 keeps eight bits: the sum loses the others once, at its end. CPUs
    # without products of bfloat16 cut them off there, and do not round.
    np.testing.assert_allclose(bias, exact, rtol=2.0**-7)


def test_gelu_gradient_in_bfloat16_is_as_near_as_the_backend_s():
    function = get_activation("gelu")
    layer = Dense(1, activation=function, dtype="bfloat16")
    layer.build((None, 1))
    layer.set_weights([np.ones((1, 1)), np.zeros(1)])
    x = np.linspace(-6, 6, 4097).reshape(-1, 1)
    low = tf.cast(x, "bfloat16")
    high = tf.cast(low, "float64")

    def derivative(call, at):
        with tf.GradientTape() as tape:
            tape.watch(at)
            outputs = call(at)
        return tf.cast(tape.gradient(outputs, at), "float64").numpy()

    exact = derivative(function, high)
    ours = derivative(lambda at: layer(at, training=True), low)
    backend = derivative(function, low)
    error = np.sqrt(np.mean((ours - exact) ** 2))
    assert error <= 1.1 * np.sqrt(np.mean((backend - exact) ** 2))
    assert error < 5e-3


def test_keras_sums_in_bfloat16_still():
    """When this fails the bias needs no gradient of ours any more."""
    _, peer = layer_and_peer(dtype="mixed_bfloat16")
    upstream = tf.ones((ROWS, 6), "bfloat16")
    _, (_, _, bias) = gradients(peer, tf.zeros((ROWS, 5), "bfloat16"), upstream)
    assert not np.allclose(bias, ROWS, rtol=0.05)


def test_adapted_kernels_are_saved_in_full_precision(tmp_path):
    model = keras.Sequential([Dense(4, dtype="mixed_float16")])
    model.build((None, 8))
    (layer,) = model.layers
    layer.enable_lora(2)
    layer.lora_kernel_b.assign(np.random.normal(size=(2, 4)))
    a, b = layer.lora_kernel_a.numpy(), layer.lora_kernel_b.numpy()
    expected = layer._kernel.numpy() + a @ b
    model.save_weights(tmp_path / "merged.weights.h5")
    plain = keras.Sequential([Dense(4)])
    plain.build((None, 8))
    plain.load_weights(tmp_path / "merged.weights.h5")
    np.testing.assert_allclose(
        plain.layers[0].kernel, expected, rtol=0, atol=1e-7
    )
