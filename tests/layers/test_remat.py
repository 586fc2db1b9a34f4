"""Rematerialisation: the same gradients from less memory."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from albert_keras.layers.encoder import AlbertEncoder

LAYERS, HIDDEN = 3, 16


def make_encoder(dropout, dtype="float32"):
    keras.utils.set_random_seed(1)
    return AlbertEncoder(
        LAYERS,
        HIDDEN,
        4,
        32,
        num_inner_repetitions=2,
        dropout=dropout,
        attention_dropout=dropout,
        initializer_range=0.3,
        dtype=dtype,
    )


def gradients_of(encoder, remat, in_graph):
    """Output, gradient of the input and gradients of all variables."""
    rng = np.random.default_rng(0)
    hidden = tf.constant(rng.normal(size=(2, 5, HIDDEN)), tf.float32)
    mask = tf.constant([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
    direction = tf.constant(rng.normal(size=(2, 5, HIDDEN)), tf.float32)
    if not encoder.built:
        encoder.build(hidden.shape)
    encoder.remat = remat
    variables = [v.value for v in encoder.trainable_variables]

    def differentiate():
        with tf.GradientTape() as tape:
            tape.watch(hidden)
            output = encoder(hidden, mask, training=True)
            loss = tf.reduce_sum(tf.cast(output, tf.float32) * direction)
        return output, tape.gradient(loss, [hidden, *variables])

    if in_graph:
        differentiate = tf.function(differentiate)
    output, gradients = differentiate()
    return [
        x.numpy().astype("float32")
        for x in tf.nest.flatten([output, gradients])
    ]


def largest_distance(plain, saving):
    """The largest distance of two arrays, as a share of the first's norm.

    Of another dropout mask the gradient is another: a distance near 1.
    """
    return max(
        np.linalg.norm(one - other) / np.linalg.norm(one)
        for one, other in zip(plain, saving, strict=True)
    )


@pytest.mark.parametrize("in_graph", [False, True], ids=["eager", "graph"])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_gradients_are_the_same(dropout, in_graph):
    """Dropout drops in the second forward pass what it dropped in the first.

    Two encoders of one seed, for a generator moves on with each call.
    """
    plain = gradients_of(make_encoder(dropout), False, in_graph)
    saving = gradients_of(make_encoder(dropout), True, in_graph)
    assert largest_distance(plain, saving) < 1e-4


def test_gradients_are_the_same_in_bfloat16():
    plain = gradients_of(make_encoder(0.3, "mixed_bfloat16"), False, True)
    saving = gradients_of(make_encoder(0.3, "mixed_bfloat16"), True, True)
    assert largest_distance(plain, saving) < 0.1


def test_each_call_drops_other_values():
    encoder = make_encoder(0.3)
    first = gradients_of(encoder, True, True)[0]
    second = gradients_of(encoder, True, True)[0]
    assert np.abs(first - second).max() > 0.1


def test_nothing_is_dropped_when_it_is_not_training():
    encoder = make_encoder(0.3)
    hidden = np.ones((1, 4, HIDDEN), "float32")
    mask = np.ones((1, 4), "int32")
    expected = encoder(hidden, mask, training=False)
    encoder.remat = True
    np.testing.assert_array_equal(encoder(hidden, mask), expected)


def test_only_what_goes_into_each_block_is_kept():
    """Between the forward and the backward pass, by the graph's own edges.

    The gradient of a loss without remat reads the intermediate layer's input
    and output of each call from the forward pass; with remat it reads, of
    each call, no tensor as wide as the intermediate layer.
    """
    assert wide_tensors_read_back(remat=False) >= 2 * LAYERS
    assert wide_tensors_read_back(remat=True) == 0


def wide_tensors_read_back(remat):
    """Counts forward tensors [10, 32] that gradient operations read."""
    encoder = make_encoder(0.0)
    encoder.build((2, 5, HIDDEN))
    encoder.remat = remat
    mask = tf.ones((2, 5), tf.int32)
    forward = set()

    @tf.function
    def differentiate(hidden):
        with tf.GradientTape() as tape:
            tape.watch(hidden)
            output = encoder(hidden, mask, training=True)
            loss = tf.reduce_sum(output * output)
        forward.update(tf.compat.v1.get_default_graph().get_operations())
        return tape.gradient(loss, hidden)

    graph = differentiate.get_concrete_function(
        tf.TensorSpec([2, 5, HIDDEN])
    ).graph
    return len(
        {
            tensor.name
            for op in graph.get_operations()
            if op not in forward
            for tensor in op.inputs
            if tensor.op in forward and tensor.shape.as_list() == [10, 32]
        }
    )
