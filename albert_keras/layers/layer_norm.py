"""Layer normalisation with ALBERT's constants."""

import keras

# google-research/albert, modeling.py, layer_norm: contrib's default in fp32.
LAYER_NORM_EPSILON = 1e-12


def albert_layer_norm(
    name: str, epsilon: float = LAYER_NORM_EPSILON
) -> keras.layers.LayerNormalization:
    """A layer normalisation that computes in float32 under every policy.

    1e-12 vanishes in float16, and a variance near zero then divides by zero
    (keras #22586), so inputs are cast up; the caller casts the result down.
    """
    return keras.layers.LayerNormalization(
        epsilon=epsilon, dtype="float32", name=name
    )
