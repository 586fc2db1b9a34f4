"""What goes on inside an encoder, layer by layer."""

from typing import Any, NamedTuple

from keras import ops

from albert_keras.layers.encoder import AlbertEncoder


class EncoderTrace(NamedTuple):
    """What an encoder computed on its way.

    Attributes:
        hidden_states: What goes into the first block, and what comes out of
            each: `num_layers * num_inner_repetitions + 1` tensors
            `[batch, sequence, hidden_dim]`, the last of which is the
            encoder's output.
        attention: How much each token attends to each in each block:
            tensors `[batch, num_heads, sequence, sequence]`, the last axis of
            which sums to 1.
    """

    hidden_states: list[Any]
    attention: list[Any]


def trace_encoder(
    encoder: AlbertEncoder, hidden: Any, padding_mask: Any
) -> EncoderTrace:
    """Runs an encoder block by block, without dropout, and keeps everything.

    A call of the encoder itself keeps no probabilities of attention: they
    are worked out here a second time, from each block's own projections.

    Args:
        encoder: A built encoder.
        hidden: Tensor `[batch, sequence, hidden_dim]`.
        padding_mask: `[batch, sequence]`, 1 for tokens, 0 for padding.

    Returns:
        Its `EncoderTrace`.

    Example:

    ```python
    hidden = backbone.embeddings(token_ids, segment_ids)
    trace = trace_encoder(backbone.encoder, hidden, padding_mask)
    trace.attention[0][0, 3]  # the first layer's fourth head
    ```
    """
    shape = ops.shape(hidden)
    bias = encoder.attention_bias(padding_mask)
    hidden_states, attention = [ops.convert_to_tensor(hidden)], []
    hidden = ops.reshape(hidden, (-1, encoder.hidden_dim))
    for layer in range(encoder.num_layers):
        for block in encoder.blocks_of_layer(layer):
            attention.append(block.attention.probabilities(hidden, bias))
            hidden = block(hidden, bias, training=False)
            hidden_states.append(ops.reshape(hidden, shape))
    return EncoderTrace(hidden_states, attention)
