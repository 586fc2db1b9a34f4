"""Peaks that can be counted by hand, in units of a [256, 256] float32."""

import pytest
import tensorflow as tf

from albert_keras.training.graph_memory import peak_bytes

SIDE = 256
UNIT = SIDE * SIDE * 4


def peak_of(function):
    """The peak of a function of one such matrix, in such matrices."""
    traced = tf.function(function).get_concrete_function(
        tf.TensorSpec([SIDE, SIDE])
    )
    return peak_bytes(traced.graph) / UNIT


def test_a_product_needs_its_result():
    assert peak_of(lambda x: tf.matmul(x, x)) == 1


def test_a_chain_holds_one_result_while_it_makes_the_next():
    def chain(x):
        for _ in range(5):
            x = tf.matmul(x, x)
        return x

    assert peak_of(chain) == 2


def test_what_is_read_later_is_held_until_then():
    def keep_all(x):
        results = [tf.matmul(x, x)]
        for _ in range(4):
            results.append(tf.matmul(results[-1], x))
        return tf.linalg.matmul(results[0], tf.add_n(results))

    # Five results; their sum is written over one of them.
    assert peak_of(keep_all) == 5


def test_another_shape_of_the_same_values_takes_no_memory():
    def reshape(x):
        y = tf.reshape(tf.matmul(x, x), [-1])
        return tf.reshape(tf.identity(y), [SIDE, SIDE])

    assert peak_of(reshape) == 1


def test_what_an_addition_reads_last_holds_its_sum():
    def add(x):
        return tf.matmul(x, x) + tf.constant(1.0)

    assert peak_of(add) == 1


def test_what_is_not_needed_is_not_made():
    def waste(x):
        tf.matmul(x, x)
        return tf.reduce_sum(x)

    assert peak_of(waste) == pytest.approx(4 / UNIT)


def test_a_gradient_holds_what_the_forward_pass_made():
    """d sum(tanh(x W)): the backward pass reads every tanh."""

    def gradient(layers):
        def differentiate(x):
            weights = tf.zeros([SIDE, SIDE])
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = x
                for _ in range(layers):
                    y = tf.tanh(tf.matmul(y, weights))
            return tape.gradient(y, x)

        return peak_of(differentiate)

    assert gradient(8) - gradient(4) == 4
