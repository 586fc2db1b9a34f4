"""Dropout whose mask can be drawn again."""

import keras


@keras.saving.register_keras_serializable(package="albert_keras")
class AlbertDropout(keras.layers.Dropout):
    """Dropout that can be told which seed to draw its mask from.

    A rematerialised block computes its forward pass twice, and both times has
    to drop the same values: a Keras `SeedGenerator` moves on with each call,
    so the gradient would be that of another mask. `draw_seed` takes the step
    of the generator once, and `call` draws from what it returned.

    Call arguments:
        inputs: Tensor of any shape.
        training: Whether values are dropped.
        seed: What `draw_seed` returned, or None to draw one here.

    Returns:
        Tensor of the shape of `inputs`.
    """

    def draw_seed(self):
        """The next seed: a tensor, or None where nothing is dropped."""
        return self.seed_generator.next() if self.rate > 0 else None

    def call(self, inputs, training=False, seed=None):
        if seed is None or not training:
            return super().call(inputs, training=training)
        return keras.random.dropout(
            inputs, self.rate, noise_shape=self.noise_shape, seed=_Drawn(seed)
        )


class _Drawn(keras.random.SeedGenerator):
    """A generator that returns one seed: the form in which Keras takes it."""

    def __init__(self, seed):
        self._seed = seed

    def next(self, ordered=True):
        return self._seed
