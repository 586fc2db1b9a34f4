"""The factorised embedding."""

import keras
from keras import ops

from albert_keras.layers.dense import Dense
from albert_keras.layers.layer_norm import (
    LAYER_NORM_EPSILON,
    albert_layer_norm,
)


@keras.saving.register_keras_serializable(package="albert_keras")
class AlbertEmbedding(keras.layers.Layer):
    """Token, segment and position embeddings, normalised and projected.

    All three tables have the small width E; their sum is normalised and
    only then projected to the hidden width H. Where E equals H there is no
    projection, as in the original (KerasHub always projects).

    Args:
        vocabulary_size: Rows of the token table.
        embedding_dim: Width E of the tables.
        hidden_dim: Width H of the encoder.
        max_sequence_length: Rows of the position table.
        num_segments: Rows of the segment table.
        dropout: Dropout after the layer norm.
        initializer_range: Standard deviation of the initialiser.
        layer_norm_epsilon: What layer norms add to the variance.

    Call arguments:
        token_ids: int32 `[batch, sequence]`.
        segment_ids: int32 `[batch, sequence]`.

    Returns:
        Tensor `[batch, sequence, hidden_dim]`.

    Raises:
        ValueError: The sequence is longer than `max_sequence_length`.

    Source: Lan et al. 2019, section 3.1; google-research/albert,
    `modeling.py`, `embedding_lookup`, `embedding_postprocessor`.
    """

    def __init__(
        self,
        vocabulary_size,
        embedding_dim,
        hidden_dim,
        max_sequence_length=512,
        num_segments=2,
        dropout=0.0,
        initializer_range=0.02,
        layer_norm_epsilon=LAYER_NORM_EPSILON,
        embedding_projection=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.vocabulary_size = vocabulary_size
        self.embedding_dim = embedding_dim
        self.hidden_dim = hidden_dim
        self.max_sequence_length = max_sequence_length
        self.num_segments = num_segments
        self.dropout = dropout
        self.initializer_range = initializer_range
        self.layer_norm_epsilon = layer_norm_epsilon
        self.embedding_projection = embedding_projection
        initializer = keras.initializers.TruncatedNormal
        self.token_embedding = keras.layers.ReversibleEmbedding(
            vocabulary_size,
            embedding_dim,
            embeddings_initializer=initializer(stddev=initializer_range),
            dtype=self.dtype_policy,
            name="token_embedding",
        )
        self.segment_embedding = keras.layers.Embedding(
            num_segments,
            embedding_dim,
            embeddings_initializer=initializer(stddev=initializer_range),
            dtype=self.dtype_policy,
            name="segment_embedding",
        )
        self.position_embedding = keras.layers.Embedding(
            max_sequence_length,
            embedding_dim,
            embeddings_initializer=initializer(stddev=initializer_range),
            dtype=self.dtype_policy,
            name="position_embedding",
        )
        self.layer_norm = albert_layer_norm("layer_norm", layer_norm_epsilon)
        self.embedding_dropout = keras.layers.Dropout(
            dropout, dtype=self.dtype_policy, name="embedding_dropout"
        )
        self.projection = None
        if embedding_projection or embedding_dim != hidden_dim:
            self.projection = Dense(
                hidden_dim,
                kernel_initializer=initializer(stddev=initializer_range),
                dtype=self.dtype_policy,
                name="projection",
            )

    def build(self, token_ids_shape=None, segment_ids_shape=None):
        self.token_embedding.build()
        self.segment_embedding.build()
        self.position_embedding.build()
        self.layer_norm.build((None, None, self.embedding_dim))
        if self.projection is not None:
            self.projection.build((None, self.embedding_dim))

    def call(self, token_ids, segment_ids, training=None):
        length = token_ids.shape[1]
        if length is not None and length > self.max_sequence_length:
            raise ValueError(
                f"The model takes at most {self.max_sequence_length} tokens "
                "(`max_sequence_length`). Received: token_ids of shape "
                f"{tuple(token_ids.shape)}."
            )
        batch, sequence = ops.shape(token_ids)
        embedded = (
            self.token_embedding(token_ids)
            + self.segment_embedding(segment_ids)
            + self.position_embedding(ops.arange(sequence, dtype="int32"))
        )
        embedded = ops.cast(self.layer_norm(embedded), self.compute_dtype)
        embedded = self.embedding_dropout(embedded, training=training)
        if self.projection is None:
            return embedded
        projected = self.projection(
            ops.reshape(embedded, (-1, self.embedding_dim))
        )
        return ops.reshape(projected, (batch, sequence, self.hidden_dim))

    def compute_output_shape(self, token_ids_shape, segment_ids_shape=None):
        return (*token_ids_shape, self.hidden_dim)

    def get_config(self):
        return {
            **super().get_config(),
            "vocabulary_size": self.vocabulary_size,
            "embedding_dim": self.embedding_dim,
            "hidden_dim": self.hidden_dim,
            "max_sequence_length": self.max_sequence_length,
            "num_segments": self.num_segments,
            "dropout": self.dropout,
            "initializer_range": self.initializer_range,
            "layer_norm_epsilon": self.layer_norm_epsilon,
            "embedding_projection": self.embedding_projection,
        }
