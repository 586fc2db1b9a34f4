"""The head of SQuAD 2.0: ends given a start, and whether there are any."""

import keras
from keras import ops

from albert_keras.layers.dense import Dense
from albert_keras.layers.layer_norm import albert_layer_norm

# create_v2_model: what is subtracted where no answer may be.
_NEVER = 1e30


@keras.saving.register_keras_serializable(package="albert_keras")
class ConditionalSpanHead(keras.layers.Layer):
    """Log-probabilities of starts, of ends given a start, and of no answer.

    An end is scored from its token and the token of the start beside it,
    through a tanh layer and a layer norm. Whether there is an answer is
    scored from the first token and the average token under the starts'
    probabilities.

    Args:
        hidden_dim: Width H.
        dropout: Dropout before the answer class.
        start_n_top: Starts to keep.
        end_n_top: Ends to keep for each.
        initializer_range: Standard deviation of the kernels' initialiser.

    Call arguments:
        hidden: Tensor `[batch, sequence, hidden_dim]`.
        answer_mask: `[batch, sequence]`, 1 where answers may begin and end.
        start_positions: int32 `[batch]`, the starts on which the ends are
            conditioned; None for the `start_n_top` most likely ones.

    Returns:
        Dictionary, float32: with `start_positions` `start_log_probs` and
        `end_log_probs`, `[batch, sequence]`; without them
        `start_top_log_probs` and `start_top_index` `[batch, start_n_top]`,
        `end_top_log_probs` and `end_top_index`
        `[batch, start_n_top * end_n_top]`, the ends of the first start first.
        `cls_logits` `[batch]` in both.

    Source: google-research/albert, `squad_utils.py`, `create_v2_model`.
    """

    def __init__(
        self,
        hidden_dim,
        dropout=0.1,
        start_n_top=5,
        end_n_top=5,
        initializer_range=0.02,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.hidden_dim = hidden_dim
        self.dropout = dropout
        self.start_n_top = start_n_top
        self.end_n_top = end_n_top
        self.initializer_range = initializer_range
        self.start = self._dense(1, "start")
        self.end_transform = self._dense(hidden_dim, "end_transform", "tanh")
        self.end_layer_norm = albert_layer_norm("end_layer_norm")
        self.end = self._dense(1, "end")
        self.answer_transform = self._dense(
            hidden_dim, "answer_transform", "tanh"
        )
        self.answer_dropout = keras.layers.Dropout(
            dropout, dtype=self.dtype_policy, name="answer_dropout"
        )
        self.answer = self._dense(1, "answer", use_bias=False)

    def _dense(self, units, name, activation=None, use_bias=True):
        return Dense(
            units,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=keras.initializers.TruncatedNormal(
                stddev=self.initializer_range
            ),
            dtype=self.dtype_policy,
            name=name,
        )

    def build(self, hidden_shape, answer_mask_shape=None, **shapes):
        for layer in (self.start, self.end_layer_norm, self.end, self.answer):
            layer.build((None, self.hidden_dim))
        for layer in (self.end_transform, self.answer_transform):
            layer.build((None, 2 * self.hidden_dim))

    def call(self, hidden, answer_mask, start_positions=None, training=None):
        allowed = ops.cast(answer_mask, "float32")
        start_log_probs = _log_probabilities(
            self.start(hidden)[:, :, 0], allowed
        )
        if start_positions is not None:
            start_index = ops.cast(ops.expand_dims(start_positions, 1), "int32")
            ends = self._end_log_probabilities(hidden, start_index, allowed)
            outputs = {
                "start_log_probs": start_log_probs,
                "end_log_probs": ends[:, 0],
            }
        else:
            outputs = self._best(hidden, start_log_probs, allowed)
        outputs["cls_logits"] = self._no_answer(
            hidden, start_log_probs, training
        )
        return outputs

    def _best(self, hidden, start_log_probs, allowed):
        start_top, start_index = ops.top_k(start_log_probs, self.start_n_top)
        ends = self._end_log_probabilities(hidden, start_index, allowed)
        end_top, end_index = ops.top_k(ends, self.end_n_top)
        kept = self.start_n_top * self.end_n_top
        return {
            "start_top_log_probs": start_top,
            "start_top_index": ops.cast(start_index, "int32"),
            "end_top_log_probs": ops.reshape(end_top, (-1, kept)),
            "end_top_index": ops.cast(
                ops.reshape(end_index, (-1, kept)), "int32"
            ),
        }

    def _end_log_probabilities(self, hidden, start_index, allowed):
        """`[batch, starts, sequence]`, for starts `[batch, starts]`."""
        starts = ops.take_along_axis(
            hidden, ops.expand_dims(start_index, -1), axis=1
        )
        batch, sequence, width = ops.shape(hidden)
        shape = (batch, ops.shape(start_index)[1], sequence, width)
        pairs = ops.concatenate(
            [
                ops.broadcast_to(ops.expand_dims(hidden, 1), shape),
                ops.broadcast_to(ops.expand_dims(starts, 2), shape),
            ],
            axis=-1,
        )
        transformed = self.end_layer_norm(self.end_transform(pairs))
        scores = self.end(ops.cast(transformed, self.compute_dtype))
        return _log_probabilities(scores[..., 0], ops.expand_dims(allowed, 1))

    def _no_answer(self, hidden, start_log_probs, training):
        weights = ops.cast(ops.exp(start_log_probs), self.compute_dtype)
        start = ops.sum(hidden * ops.expand_dims(weights, -1), axis=1)
        features = self.answer_transform(
            ops.concatenate([start, hidden[:, 0]], axis=-1)
        )
        features = self.answer_dropout(features, training=training)
        return ops.cast(self.answer(features)[:, 0], "float32")

    def compute_output_spec(
        self, hidden, answer_mask, start_positions=None, training=None
    ):
        batch, sequence, _ = hidden.shape
        kept = self.start_n_top * self.end_n_top
        if start_positions is not None:
            shapes = {
                "start_log_probs": (batch, sequence),
                "end_log_probs": (batch, sequence),
            }
        else:
            shapes = {
                "start_top_log_probs": (batch, self.start_n_top),
                "start_top_index": (batch, self.start_n_top),
                "end_top_log_probs": (batch, kept),
                "end_top_index": (batch, kept),
            }
        return {
            name: keras.KerasTensor(
                shape, "int32" if name.endswith("index") else "float32"
            )
            for name, shape in {**shapes, "cls_logits": (batch,)}.items()
        }

    def get_config(self):
        return {
            **super().get_config(),
            "hidden_dim": self.hidden_dim,
            "dropout": self.dropout,
            "start_n_top": self.start_n_top,
            "end_n_top": self.end_n_top,
            "initializer_range": self.initializer_range,
        }


def _log_probabilities(scores, allowed):
    scores = ops.cast(scores, "float32")
    return ops.log_softmax(scores * allowed - _NEVER * (1.0 - allowed))
