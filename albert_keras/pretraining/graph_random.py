"""Random numbers for each example of a batch, decided by its number alone.

TensorFlow's stateless generators take one seed for a whole tensor, so what an
example got would depend on which batch it came in. Here every number is a
hash of (seed, epoch, example, purpose, place).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf

# The increment and the multipliers of SplitMix64 (Steele, Lea and Flood 2014,
# "Fast splittable pseudorandom number generators", figure 16).
_GAMMA = 0x9E3779B97F4A7C15
_MULTIPLIERS = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
_SHIFTS = (30, 27, 31)
_FLOAT_BITS = 24


class ExampleRandom:
    """A source of random numbers for each of B examples.

    Args:
        seed: Non-negative integer below 2^63.
        epoch: int64 tensor of shape `(B,)`.
        example: int64 tensor of shape `(B,)`, the number of each example in
            the whole corpus.
    """

    def __init__(self, seed: int, epoch: tf.Tensor, example: tf.Tensor) -> None:
        import tensorflow as tf

        state = tf.constant(seed, tf.uint64)
        for number in (epoch, example):
            state = _mixed(state + _gamma_times(tf.cast(number, tf.uint64) + 1))
        self._state = state

    def bits(self, purpose: int, count: tf.Tensor | int) -> tf.Tensor:
        """64 random bits for each place.

        Args:
            purpose: Tells draws of one example from each other.
            count: Places of an example, N.

        Returns:
            uint64 tensor of shape `(B, N)`.
        """
        import tensorflow as tf

        of_purpose = _mixed(self._state + tf.constant(purpose + 1, tf.uint64))
        places = tf.cast(tf.range(count), tf.uint64) + 1
        return _mixed(of_purpose[:, None] + _gamma_times(places))

    def uniform(self, purpose: int, count: tf.Tensor | int) -> tf.Tensor:
        """Uniform numbers in [0, 1).

        Args:
            purpose: As in `bits`.
            count: As in `bits`.

        Returns:
            float32 tensor of shape `(B, N)`.
        """
        import tensorflow as tf

        high = tf.bitwise.right_shift(
            self.bits(purpose, count), tf.constant(64 - _FLOAT_BITS, tf.uint64)
        )
        return tf.cast(high, tf.float32) * 2.0**-_FLOAT_BITS


def _gamma_times(number: tf.Tensor) -> tf.Tensor:
    import tensorflow as tf

    return number * tf.constant(_GAMMA, tf.uint64)


def _mixed(state: tf.Tensor) -> tf.Tensor:
    """SplitMix64's finalizer."""
    import tensorflow as tf

    def folded(value: tf.Tensor, shift: int) -> tf.Tensor:
        moved = tf.bitwise.right_shift(value, tf.constant(shift, tf.uint64))
        return tf.bitwise.bitwise_xor(value, moved)

    for shift, multiplier in zip(_SHIFTS, _MULTIPLIERS, strict=False):
        state = folded(state, shift) * tf.constant(multiplier, tf.uint64)
    return folded(state, _SHIFTS[-1])
