"""The signature `serve_examples`: serialised `tf.Example`s in."""

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

SERVE_EXAMPLES = "serve_examples"


def examples_signature(
    signature: tf.types.experimental.ConcreteFunction,
) -> tf.types.experimental.ConcreteFunction:
    """A signature of texts as one of `tf.Example`s that hold them.

    Args:
        signature: Of string tensors `[batch]` or `[batch, options]`.

    Returns:
        A function of `examples`, a string tensor `[batch]` of serialised
        `tf.Example`s with a bytes feature for each input of the signature:
        one value, or several options, as many in each example of a batch.
    """
    inputs: Mapping[str, Any] = signature.structured_input_signature[1]
    features = {
        name: tf.io.FixedLenFeature([], tf.string)
        if spec.shape.rank == 1
        else tf.io.FixedLenSequenceFeature([], tf.string, allow_missing=True)
        for name, spec in inputs.items()
    }

    def serve_examples(examples: tf.Tensor) -> dict[str, tf.Tensor]:
        return signature(**tf.io.parse_example(examples, features))

    return tf.function(serve_examples, autograph=False).get_concrete_function(
        tf.TensorSpec([None], tf.string, name="examples")
    )
