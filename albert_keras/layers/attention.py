"""Multi-head self-attention."""

import keras
from keras import ops

from albert_keras.layers.dense import Dense
from albert_keras.layers.dropout import AlbertDropout


@keras.saving.register_keras_serializable(package="albert_keras")
class AlbertSelfAttention(keras.layers.Layer):
    """Multi-head self-attention over tokens laid out in one long list.

    Query, key and value come from one matrix product, whose kernel
    `query_key_value` is the three kernels of the original side by side.
    Tokens travel as `[batch * sequence, hidden]`, which spares a reshape
    around every product; batch and sequence are read off the bias.

    Args:
        hidden_dim: Width H.
        num_heads: Number of heads; must divide `hidden_dim`.
        dropout: Dropout of the attention probabilities.
        initializer_range: Standard deviation of the kernels' initialiser.

    Call arguments:
        hidden: Tensor `[batch * sequence, hidden_dim]`.
        attention_bias: Tensor `[batch, 1, 1, sequence]`, added to the
            scores: 0 for tokens to attend to, -10000 for padding.
        dropout_seed: What the dropout's `draw_seed` returned, or None.

    Returns:
        Tensor `[batch * sequence, hidden_dim]`, projected, before dropout
        and residual.

    Raises:
        ValueError: `num_heads` does not divide `hidden_dim`.

    Source: google-research/albert, `modeling.py`, `attention_layer` and
    `dot_product_attention`.
    """

    def __init__(
        self,
        hidden_dim,
        num_heads,
        dropout=0.0,
        initializer_range=0.02,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if hidden_dim % num_heads:
            raise ValueError(
                "`num_heads` must divide `hidden_dim`. Received: "
                f"hidden_dim={hidden_dim}, num_heads={num_heads}."
            )
        self.hidden_dim = hidden_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.initializer_range = initializer_range
        self.query_key_value = Dense(
            3 * hidden_dim,
            kernel_initializer=_kernel_initializer(initializer_range),
            dtype=self.dtype_policy,
            name="query_key_value",
        )
        self.probabilities_dropout = AlbertDropout(
            dropout, dtype=self.dtype_policy, name="probabilities_dropout"
        )
        self.output_projection = Dense(
            hidden_dim,
            kernel_initializer=_kernel_initializer(initializer_range),
            dtype=self.dtype_policy,
            name="output_projection",
        )

    def build(self, hidden_shape, attention_bias_shape=None):
        self.query_key_value.build((None, self.hidden_dim))
        self.output_projection.build((None, self.hidden_dim))

    def call(self, hidden, attention_bias, training=None, dropout_seed=None):
        query, key, value = self._query_key_value(hidden, attention_bias)
        probabilities = self._probabilities(query, key, attention_bias)
        probabilities = self.probabilities_dropout(
            probabilities, training=training, seed=dropout_seed
        )
        context = ops.transpose(ops.matmul(probabilities, value), (0, 2, 1, 3))
        return self.output_projection(
            ops.reshape(context, (-1, self.hidden_dim))
        )

    def probabilities(self, hidden, attention_bias):
        """How much each token attends to each, as `call` does in inference.

        They are worked out again, so that a call need not keep them.

        Args:
            hidden: Tensor `[batch * sequence, hidden_dim]`.
            attention_bias: Tensor `[batch, 1, 1, sequence]`.

        Returns:
            Tensor `[batch, num_heads, sequence, sequence]`; the last axis is
            what is attended to, and sums to 1.
        """
        query, key, _ = self._query_key_value(hidden, attention_bias)
        return self._probabilities(query, key, attention_bias)

    def _query_key_value(self, hidden, attention_bias):
        """Three tensors `[batch, num_heads, sequence, head_dim]`."""
        head_dim = self.hidden_dim // self.num_heads
        batch, _, _, sequence = ops.shape(attention_bias)
        query_key_value = ops.reshape(
            self.query_key_value(hidden),
            (batch, sequence, 3, self.num_heads, head_dim),
        )
        return ops.unstack(
            ops.transpose(query_key_value, (2, 0, 3, 1, 4)), num=3
        )

    def _probabilities(self, query, key, attention_bias):
        head_dim = self.hidden_dim // self.num_heads
        scores = ops.matmul(
            query * head_dim**-0.5, ops.transpose(key, (0, 1, 3, 2))
        )
        return ops.softmax(scores + attention_bias)

    def compute_output_shape(self, hidden_shape, attention_bias_shape=None):
        return hidden_shape

    def get_config(self):
        return {
            **super().get_config(),
            "hidden_dim": self.hidden_dim,
            "num_heads": self.num_heads,
            "dropout": self.dropout,
            "initializer_range": self.initializer_range,
        }


def _kernel_initializer(initializer_range):
    return keras.initializers.TruncatedNormal(stddev=initializer_range)
