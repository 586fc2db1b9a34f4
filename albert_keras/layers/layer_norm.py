"""Layer normalisation with ALBERT's constants."""

import keras
from keras import ops

# google-research/albert, modeling.py, layer_norm: contrib's default in fp32.
LAYER_NORM_EPSILON = 1e-12


@keras.saving.register_keras_serializable(package="albert_keras")
class LayerNormalization(keras.layers.LayerNormalization):
    """Keras' layer over the last axis, with a gradient of its own in training.

    The gradient is the closed form, in half the operations that a backend
    takes which differentiates the formula step by step.

    Arguments, weights and outputs are those of
    `keras.layers.LayerNormalization`; so is the class's name, by which Keras
    files weights.
    """

    def call(self, inputs, training=None):
        if not training:
            return super().call(inputs)
        inputs = ops.cast(inputs, self.compute_dtype)
        # TensorFlow's custom gradients take tensors, not variables.
        gamma, beta = (ops.reshape(v, (-1,)) for v in (self.gamma, self.beta))
        return _normalize(inputs, gamma, beta, epsilon=self.epsilon)


def albert_layer_norm(
    name: str, epsilon: float = LAYER_NORM_EPSILON
) -> LayerNormalization:
    """A layer normalisation that computes in float32 under every policy.

    1e-12 vanishes in float16, and a variance near zero then divides by zero
    (keras #22586), so inputs are cast up; the caller casts the result down.
    """
    return LayerNormalization(epsilon=epsilon, dtype="float32", name=name)


def _normalize(inputs, gamma, beta, epsilon):
    @ops.custom_gradient
    def normalize(inputs, gamma, beta):
        centred = inputs - _mean(inputs)
        inverse = ops.rsqrt(_mean(ops.square(centred)) + epsilon)
        normalized = centred * inverse

        def gradient(upstream):
            rows = tuple(range(len(upstream.shape) - 1))
            weighted = upstream * normalized
            scaled = upstream * gamma
            projection = normalized * _mean(scaled * normalized)
            return (
                (scaled - _mean(scaled) - projection) * inverse,
                ops.sum(weighted, axis=rows),
                ops.sum(upstream, axis=rows),
            )

        return normalized * gamma + beta, gradient

    return normalize(inputs, gamma, beta)


def _mean(tensor):
    return ops.mean(tensor, axis=-1, keepdims=True)
