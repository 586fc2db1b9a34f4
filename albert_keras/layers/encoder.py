"""The encoder: few blocks, called many times."""

import keras
from keras import ops

from albert_keras.layers.block import AlbertBlock
from albert_keras.layers.layer_norm import LAYER_NORM_EPSILON

# modeling.py, dot_product_attention: what is added to a padded key's score.
PADDING_BIAS = -10000.0


@keras.saving.register_keras_serializable(package="albert_keras")
class AlbertEncoder(keras.layers.Layer):
    """Applies one shared block `num_layers` times.

    This is cross-layer parameter sharing, and it is plainly visible here:
    with one group and one inner repetition `blocks` holds a single
    `AlbertBlock`, and `call` calls that object `num_layers` times. More
    groups give the lower and the upper layers blocks of their own; inner
    repetitions are several different blocks inside each layer.

    Args:
        num_layers: Layers L.
        hidden_dim: Width H.
        num_heads: Attention heads; must divide `hidden_dim`.
        intermediate_dim: Width of the feed-forward layer.
        num_groups: Groups of layers; at most `num_layers`.
        num_inner_repetitions: Blocks in each layer.
        activation: A `hidden_act` of `albert_config.json`.
        dropout: Dropout of the hidden states.
        attention_dropout: Dropout of the attention probabilities.
        initializer_range: Standard deviation of the kernels' initialiser.
        layer_norm_epsilon: What layer norms add to the variance.

    Attributes:
        remat: Whether training keeps only what goes into each block and
            computes the rest again for the gradient: memory of one block
            instead of all, for a third more work. It may be set at any
            time before a training step is traced; it is no part of the
            configuration.

    Call arguments:
        hidden: Tensor `[batch, sequence, hidden_dim]`.
        padding_mask: `[batch, sequence]`, 1 for tokens, 0 for padding.
        return_all_layers: Also return what each layer put out.

    Returns:
        Tensor `[batch, sequence, hidden_dim]`; with `return_all_layers` a
        list of `num_layers * num_inner_repetitions` such tensors, the last
        of which is the encoder's output.

    Raises:
        ValueError: There are more groups than layers.

    Source: Lan et al. 2019, section 3.1; google-research/albert,
    `modeling.py`, `transformer_model`.
    """

    def __init__(
        self,
        num_layers,
        hidden_dim,
        num_heads,
        intermediate_dim,
        num_groups=1,
        num_inner_repetitions=1,
        activation="gelu",
        dropout=0.0,
        attention_dropout=0.0,
        initializer_range=0.02,
        layer_norm_epsilon=LAYER_NORM_EPSILON,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if num_groups > num_layers:
            raise ValueError(
                "`num_groups` must not exceed `num_layers`. Received: "
                f"num_groups={num_groups}, num_layers={num_layers}."
            )
        self.num_layers = num_layers
        self.hidden_dim = hidden_dim
        self.num_heads = num_heads
        self.intermediate_dim = intermediate_dim
        self.num_groups = num_groups
        self.num_inner_repetitions = num_inner_repetitions
        self.activation = activation
        self.dropout = dropout
        self.attention_dropout = attention_dropout
        self.initializer_range = initializer_range
        self.layer_norm_epsilon = layer_norm_epsilon
        self.remat = False
        # An attribute, since 8-bit activations want another; no setting.
        self.padding_bias = PADDING_BIAS
        self.blocks = [
            AlbertBlock(
                hidden_dim,
                num_heads,
                intermediate_dim,
                activation=activation,
                dropout=dropout,
                attention_dropout=attention_dropout,
                initializer_range=initializer_range,
                layer_norm_epsilon=layer_norm_epsilon,
                dtype=self.dtype_policy,
                name=f"group_{group}_inner_{inner}",
            )
            for group in range(num_groups)
            for inner in range(num_inner_repetitions)
        ]

    def blocks_of_layer(self, layer: int) -> list[AlbertBlock]:
        """The blocks that layer number `layer` applies, in order."""
        group = layer * self.num_groups // self.num_layers
        first = group * self.num_inner_repetitions
        return self.blocks[first : first + self.num_inner_repetitions]

    def attention_bias(self, padding_mask):
        """What is added to the scores of attention.

        Args:
            padding_mask: `[batch, sequence]`, 1 for tokens, 0 for padding.

        Returns:
            Tensor `[batch, 1, 1, sequence]`.
        """
        # Two calls, since slicing with None needs Flex in TFLite.
        padding = ops.expand_dims(ops.expand_dims(padding_mask, 1), 1)
        return self.padding_bias * (1.0 - ops.cast(padding, self.compute_dtype))

    def build(self, hidden_shape, padding_mask_shape=None):
        for block in self.blocks:
            block.build((None, self.hidden_dim))

    def call(
        self, hidden, padding_mask, return_all_layers=False, training=None
    ):
        batch, sequence, _ = ops.shape(hidden)
        attention_bias = self.attention_bias(padding_mask)
        hidden = ops.reshape(hidden, (-1, self.hidden_dim))
        outputs = []
        for layer in range(self.num_layers):
            for block in self.blocks_of_layer(layer):
                hidden = self._apply(block, hidden, attention_bias, training)
                outputs.append(hidden)
        if not return_all_layers:
            outputs = outputs[-1:]
        outputs = [
            ops.reshape(output, (batch, sequence, self.hidden_dim))
            for output in outputs
        ]
        return outputs if return_all_layers else outputs[0]

    def _apply(self, block, hidden, attention_bias, training):
        if not (self.remat and training):
            return block(hidden, attention_bias, training=training)
        seeds = block.draw_dropout_seeds()
        return keras.remat(
            lambda hidden: block(
                hidden, attention_bias, training=True, dropout_seeds=seeds
            )
        )(hidden)

    def compute_output_spec(
        self, hidden, padding_mask, return_all_layers=False, training=None
    ):
        output = keras.KerasTensor(hidden.shape, dtype=self.compute_dtype)
        if not return_all_layers:
            return output
        return [output] * (self.num_layers * self.num_inner_repetitions)

    def get_config(self):
        return {
            **super().get_config(),
            "num_layers": self.num_layers,
            "hidden_dim": self.hidden_dim,
            "num_heads": self.num_heads,
            "intermediate_dim": self.intermediate_dim,
            "num_groups": self.num_groups,
            "num_inner_repetitions": self.num_inner_repetitions,
            "activation": self.activation,
            "dropout": self.dropout,
            "attention_dropout": self.attention_dropout,
            "initializer_range": self.initializer_range,
            "layer_norm_epsilon": self.layer_norm_epsilon,
        }
