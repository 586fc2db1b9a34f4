"""The head that guesses masked tokens."""

import keras
from keras import ops

from albert_keras.layers.activations import get_activation
from albert_keras.layers.dense import Dense
from albert_keras.layers.layer_norm import (
    LAYER_NORM_EPSILON,
    albert_layer_norm,
)


@keras.saving.register_keras_serializable(package="albert_keras")
class AlbertMaskedLMHead(keras.layers.Layer):
    """Logits over the vocabulary, through the token embedding itself.

    Masked positions are gathered first, so that only they are projected:
    hidden → E → activation → layer norm → product with the token embedding,
    plus a bias of the head's own. The epsilon is 1e-12, as in the original;
    KerasHub's `MaskedLMHead` keeps 1e-5.

    Args:
        token_embedding: The `keras.layers.ReversibleEmbedding` of the
            backbone, shared and not copied.
        activation: A `hidden_act` of `albert_config.json`.
        initializer_range: Standard deviation of the kernel's initialiser.
        layer_norm_epsilon: What the layer norm adds to the variance.

    Call arguments:
        sequence_output: Tensor `[batch, sequence, hidden_dim]`.
        mask_positions: int32 `[batch, predictions]`, or None for all
            positions.

    Returns:
        float32 `[batch, predictions, vocabulary_size]`.

    Source: google-research/albert, `run_pretraining.py`,
    `get_masked_lm_output`.
    """

    def __init__(
        self,
        token_embedding,
        activation="gelu",
        initializer_range=0.02,
        layer_norm_epsilon=LAYER_NORM_EPSILON,
        **kwargs,
    ):
        super().__init__(**kwargs)
        # A configuration holds a table of its own, until the head is called
        # on what the backbone puts out whose table it shares.
        self._is_restored = False
        self.token_embedding = token_embedding
        self.layer_norm_epsilon = layer_norm_epsilon
        self.activation = activation
        self.initializer_range = initializer_range
        self.transform = Dense(
            token_embedding.output_dim,
            activation=get_activation(activation),
            kernel_initializer=keras.initializers.TruncatedNormal(
                stddev=initializer_range
            ),
            dtype=self.dtype_policy,
            name="transform",
        )
        self.layer_norm = albert_layer_norm(
            "layer_norm", epsilon=layer_norm_epsilon
        )

    def __call__(self, sequence_output, *args, **kwargs):
        if self._is_restored:
            self._share_again(_token_embedding_behind(sequence_output))
        return super().__call__(sequence_output, *args, **kwargs)

    def _share_again(self, token_embedding):
        """Takes the table of the backbone in place of the restored one."""
        if token_embedding is None:
            return
        was_locked = self._tracker.locked  # as that of a built layer is
        self._tracker.unlock()
        self._tracker.untrack(self.token_embedding)
        self.token_embedding = token_embedding
        if was_locked:
            self._tracker.lock()
        self._is_restored = False

    def build(self, sequence_output_shape, mask_positions_shape=None):
        self.transform.build((None, sequence_output_shape[-1]))
        self.layer_norm.build((None, self.token_embedding.output_dim))
        self.output_bias = self.add_weight(
            name="output_bias",
            shape=(self.token_embedding.input_dim,),
            initializer="zeros",
            autocast=False,
        )

    def call(self, sequence_output, mask_positions=None):
        batch, sequence, hidden_dim = ops.shape(sequence_output)
        hidden = ops.reshape(sequence_output, (-1, hidden_dim))
        predictions = sequence
        if mask_positions is not None:
            predictions = ops.shape(mask_positions)[1]
            rows = ops.expand_dims(ops.arange(batch, dtype="int32"), 1)
            flat = ops.cast(mask_positions, "int32") + rows * sequence
            hidden = ops.take(hidden, ops.reshape(flat, (-1,)), axis=0)
        hidden = self.layer_norm(self.transform(hidden))
        hidden = ops.cast(hidden, self.compute_dtype)
        logits = self.token_embedding(hidden, reverse=True)
        logits = ops.cast(logits, "float32") + self.output_bias
        return ops.reshape(
            logits, (batch, predictions, self.token_embedding.input_dim)
        )

    def compute_output_spec(self, sequence_output, mask_positions=None):
        positions = (
            sequence_output if mask_positions is None else (mask_positions)
        )
        return keras.KerasTensor(
            (*positions.shape[:2], self.token_embedding.input_dim),
            dtype="float32",
        )

    def get_config(self):
        return {
            **super().get_config(),
            "token_embedding": keras.saving.serialize_keras_object(
                self.token_embedding
            ),
            "activation": self.activation,
            "initializer_range": self.initializer_range,
            "layer_norm_epsilon": self.layer_norm_epsilon,
        }

    @classmethod
    def from_config(cls, config):
        token_embedding = keras.saving.deserialize_keras_object(
            config["token_embedding"]
        )
        head = cls(**{**config, "token_embedding": token_embedding})
        head._is_restored = True
        return head


def _token_embedding_behind(tensor):
    """The token embedding of the backbone that a symbolic tensor is from."""
    pending, seen = [tensor], set()
    while pending:
        history = getattr(pending.pop(), "_keras_history", None)
        if history is None or id(history.operation) in seen:
            continue
        operation = history.operation
        seen.add(id(operation))
        if hasattr(operation, "token_embedding"):
            return operation.token_embedding
        pending += operation._inbound_nodes[history.node_index].input_tensors
    return None
