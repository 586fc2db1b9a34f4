"""`albert_layer_norm` in training: Keras' outputs, gradients of the formula."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from albert_keras.layers.layer_norm import albert_layer_norm

WIDTH = 24


def gradients(layer, inputs, upstream, training):
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        outputs = layer(inputs, training=training)
    variables = [v.value for v in layer.trainable_variables]
    return outputs, tape.gradient(outputs, [inputs, *variables], upstream)


@pytest.mark.parametrize("shape", [(7, WIDTH), (2, 3, WIDTH)])
def test_outputs_and_gradients_are_those_of_keras(shape):
    rng = np.random.default_rng(0)
    layer = albert_layer_norm("layer_norm")
    peer = keras.layers.LayerNormalization(epsilon=layer.epsilon)
    weights = rng.normal(size=(2, WIDTH))
    for each in (layer, peer):
        each.build((*shape[:-1], WIDTH))
        each.set_weights(weights)
    inputs = tf.constant(rng.normal(2.0, 3.0, size=shape), "float32")
    upstream = tf.constant(rng.normal(size=shape), "float32")
    outputs, ours = gradients(layer, inputs, upstream, training=True)
    expected, theirs = gradients(peer, inputs, upstream, training=None)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-5)
    for our, their in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(our, their, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(layer(inputs), peer(inputs))


def test_gradient_is_that_of_differences():
    layer = albert_layer_norm("layer_norm", epsilon=1e-3)
    layer.build((1, WIDTH))
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(1, WIDTH))
    upstream = rng.normal(size=(1, WIDTH))

    def value(at):
        centred = at - at.mean()
        return float((upstream * centred / np.sqrt(centred.var() + 1e-3)).sum())

    _, (ours, *_) = gradients(
        layer,
        tf.constant(inputs, "float32"),
        tf.constant(upstream, "float32"),
        training=True,
    )
    step = 1e-5
    for column in range(WIDTH):
        shift = np.zeros((1, WIDTH))
        shift[0, column] = step
        slope = (value(inputs + shift) - value(inputs - shift)) / (2 * step)
        assert float(ours[0, column]) == pytest.approx(slope, abs=1e-4)
