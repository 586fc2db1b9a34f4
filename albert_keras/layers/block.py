"""The one block that ALBERT applies again and again."""

import keras
from keras import ops

from albert_keras.layers.activations import get_activation
from albert_keras.layers.attention import AlbertSelfAttention
from albert_keras.layers.dense import Dense
from albert_keras.layers.dropout import AlbertDropout
from albert_keras.layers.layer_norm import (
    LAYER_NORM_EPSILON,
    albert_layer_norm,
)


@keras.saving.register_keras_serializable(package="albert_keras")
class AlbertBlock(keras.layers.Layer):
    """Self-attention and feed-forward, each with residual and then norm.

    Post-LN, as the original: `x = LN(x + dropout(attention(x)))`, then
    `x = LN(x + dropout(feed_forward(x)))`. Layer norms compute in float32.

    Args:
        hidden_dim: Width H.
        num_heads: Number of attention heads; must divide `hidden_dim`.
        intermediate_dim: Width of the feed-forward layer.
        activation: A `hidden_act` of `albert_config.json`.
        dropout: Dropout after the attention's and the feed-forward's last
            projection.
        attention_dropout: Dropout of the attention probabilities.
        initializer_range: Standard deviation of the kernels' initialiser.
        layer_norm_epsilon: What layer norms add to the variance.

    Call arguments:
        hidden: Tensor `[batch * sequence, hidden_dim]`.
        attention_bias: Tensor `[batch, 1, 1, sequence]`.
        dropout_seeds: What `draw_dropout_seeds` returned, or None to draw
            them here.

    Returns:
        Tensor `[batch * sequence, hidden_dim]`.

    Source: google-research/albert, `modeling.py`, `attention_ffn_block`.
    Hugging Face's PyTorch layer has no dropout after the feed-forward; the
    original has.
    """

    def __init__(
        self,
        hidden_dim,
        num_heads,
        intermediate_dim,
        activation="gelu",
        dropout=0.0,
        attention_dropout=0.0,
        initializer_range=0.02,
        layer_norm_epsilon=LAYER_NORM_EPSILON,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.hidden_dim = hidden_dim
        self.num_heads = num_heads
        self.intermediate_dim = intermediate_dim
        self.activation = activation
        self.dropout = dropout
        self.attention_dropout = attention_dropout
        self.initializer_range = initializer_range
        self.layer_norm_epsilon = layer_norm_epsilon
        initializer = keras.initializers.TruncatedNormal
        self.attention = AlbertSelfAttention(
            hidden_dim,
            num_heads,
            dropout=attention_dropout,
            initializer_range=initializer_range,
            dtype=self.dtype_policy,
            name="attention",
        )
        self.attention_output_dropout = AlbertDropout(
            dropout, dtype=self.dtype_policy, name="attention_output_dropout"
        )
        self.attention_layer_norm = albert_layer_norm(
            "attention_layer_norm", layer_norm_epsilon
        )
        self.intermediate = Dense(
            intermediate_dim,
            activation=get_activation(activation),
            kernel_initializer=initializer(stddev=initializer_range),
            dtype=self.dtype_policy,
            name="intermediate",
        )
        self.feed_forward_output = Dense(
            hidden_dim,
            kernel_initializer=initializer(stddev=initializer_range),
            dtype=self.dtype_policy,
            name="feed_forward_output",
        )
        self.feed_forward_dropout = AlbertDropout(
            dropout, dtype=self.dtype_policy, name="feed_forward_dropout"
        )
        self.feed_forward_layer_norm = albert_layer_norm(
            "feed_forward_layer_norm", layer_norm_epsilon
        )

    def build(self, hidden_shape, attention_bias_shape=None):
        self.attention.build((None, self.hidden_dim))
        self.attention_layer_norm.build((None, self.hidden_dim))
        self.intermediate.build((None, self.hidden_dim))
        self.feed_forward_output.build((None, self.intermediate_dim))
        self.feed_forward_layer_norm.build((None, self.hidden_dim))

    def draw_dropout_seeds(self):
        """Seeds of the three dropouts, for a call that is to be repeated."""
        return tuple(
            dropout.draw_seed()
            for dropout in (
                self.attention.probabilities_dropout,
                self.attention_output_dropout,
                self.feed_forward_dropout,
            )
        )

    def call(self, hidden, attention_bias, training=None, dropout_seeds=None):
        probabilities_seed, attention_seed, feed_forward_seed = (
            dropout_seeds or (None, None, None)
        )
        attended = self.attention(
            hidden,
            attention_bias,
            training=training,
            dropout_seed=probabilities_seed,
        )
        attended = self.attention_output_dropout(
            attended, training=training, seed=attention_seed
        )
        hidden = self._normalized(self.attention_layer_norm, hidden + attended)
        fed = self.feed_forward_output(self.intermediate(hidden))
        fed = self.feed_forward_dropout(
            fed, training=training, seed=feed_forward_seed
        )
        return self._normalized(self.feed_forward_layer_norm, hidden + fed)

    def _normalized(self, layer_norm, hidden):
        return ops.cast(layer_norm(hidden), self.compute_dtype)

    def compute_output_shape(self, hidden_shape, attention_bias_shape=None):
        return hidden_shape

    def get_config(self):
        return {
            **super().get_config(),
            "hidden_dim": self.hidden_dim,
            "num_heads": self.num_heads,
            "intermediate_dim": self.intermediate_dim,
            "activation": self.activation,
            "dropout": self.dropout,
            "attention_dropout": self.attention_dropout,
            "initializer_range": self.initializer_range,
            "layer_norm_epsilon": self.layer_norm_epsilon,
        }
