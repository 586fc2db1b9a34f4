"""The encoder with its embeddings and pooler."""

from typing import Any

import keras
import keras_hub

from albert_keras.config import AlbertConfig
from albert_keras.layers.dense import Dense
from albert_keras.layers.embedding import AlbertEmbedding
from albert_keras.layers.encoder import AlbertEncoder
from albert_keras.layers.layer_norm import LAYER_NORM_EPSILON
from albert_keras.limits import check_epsilon, check_limit
from albert_keras.models.preset import StrictPreset


@keras.saving.register_keras_serializable(package="albert_keras")
class AlbertBackbone(StrictPreset, keras_hub.models.Backbone):
    """ALBERT without heads.

    A KerasHub backbone: `from_preset`, `save_to_preset`, `enable_lora` and
    `summary` work as there. Where KerasHub's `AlbertBackbone` departs from
    the original this one does not: attention has a dropout of its own, the
    activation is the configuration's, padded keys get -10000 and not -1e9,
    and there is no projection where `embedding_dim` equals `hidden_dim`,
    unless `embedding_projection` asks for it.

    Args:
        vocabulary_size: Pieces in the vocabulary.
        num_layers: Times the block is applied.
        num_heads: Attention heads; must divide `hidden_dim`.
        embedding_dim: Width E of the factorised embedding.
        hidden_dim: Width H of the encoder.
        intermediate_dim: Width of the feed-forward layer.
        num_groups: Groups of layers with blocks of their own.
        num_inner_repetitions: Blocks in each layer.
        dropout: Dropout of the hidden states.
        max_sequence_length: Longest sequence, in tokens.
        num_segments: Number of segment ids.
        attention_dropout: Dropout of the attention probabilities; None
            takes `dropout`, which is what KerasHub does.
        activation: A `hidden_act` of `albert_config.json`; `"gelu"` is the
            tanh approximation.
        initializer_range: Standard deviation of the truncated normal that
            initialises kernels and embeddings.
        embedding_projection: Whether to project embeddings also where
            `embedding_dim` equals `hidden_dim`, as Hugging Face and KerasHub
            do.
        layer_norm_epsilon: What layer norms add to the variance: 1e-12 in
            google's models; configurations of Hugging Face may say another.
        dtype: A dtype or dtype policy, `"mixed_bfloat16"` for instance.

    Call arguments:
        inputs: Dictionary of int32 `[batch, sequence]` tensors `token_ids`,
            `segment_ids` (0 or 1) and `padding_mask` (1 for tokens).
        return_all_layers: Adds `all_layers` to the result.

    Returns:
        Dictionary: `sequence_output` `[batch, sequence, hidden_dim]`;
        `pooled_output` `[batch, hidden_dim]`, a tanh layer on the first
        token; with `return_all_layers` also `all_layers`, a list of
        `num_layers * num_inner_repetitions` tensors shaped as
        `sequence_output`, without the embedding's.

    Raises:
        ValueError: Sizes contradict each other, or the input is longer than
            `max_sequence_length`.

    Example:

    ```python
    config = ak.AlbertConfig.named("albert_base_v2")
    backbone = ak.AlbertBackbone.from_albert_config(config)
    outputs = backbone(
        {
            "token_ids": np.array([[2, 13, 1, 3]]),
            "segment_ids": np.zeros((1, 4), "int32"),
            "padding_mask": np.ones((1, 4), "int32"),
        }
    )
    ```

    Source: google-research/albert, `modeling.py`, `AlbertModel`.
    """

    def __init__(
        self,
        vocabulary_size,
        num_layers,
        num_heads,
        embedding_dim,
        hidden_dim,
        intermediate_dim,
        num_groups=1,
        num_inner_repetitions=1,
        dropout=0.0,
        max_sequence_length=512,
        num_segments=2,
        attention_dropout=None,
        activation="gelu",
        initializer_range=0.02,
        layer_norm_epsilon=LAYER_NORM_EPSILON,
        embedding_projection=False,
        dtype=None,
        **kwargs,
    ):
        if attention_dropout is None:
            attention_dropout = dropout
        for name, size in (
            ("vocabulary_size", vocabulary_size),
            ("num_layers", num_layers),
            ("num_heads", num_heads),
            ("embedding_dim", embedding_dim),
            ("hidden_dim", hidden_dim),
            ("intermediate_dim", intermediate_dim),
            ("num_groups", num_groups),
            ("num_inner_repetitions", num_inner_repetitions),
            ("max_sequence_length", max_sequence_length),
            ("num_segments", num_segments),
        ):
            check_limit(CONFIG_KEYS[name], size, name)
        check_epsilon("layer_norm_epsilon", layer_norm_epsilon)

        # === Layers ===
        self.embeddings = AlbertEmbedding(
            vocabulary_size,
            embedding_dim,
            hidden_dim,
            max_sequence_length=max_sequence_length,
            num_segments=num_segments,
            dropout=dropout,
            initializer_range=initializer_range,
            layer_norm_epsilon=layer_norm_epsilon,
            embedding_projection=embedding_projection,
            dtype=dtype,
            name="embeddings",
        )
        self.token_embedding = self.embeddings.token_embedding
        self.encoder = AlbertEncoder(
            num_layers,
            hidden_dim,
            num_heads,
            intermediate_dim,
            num_groups=num_groups,
            num_inner_repetitions=num_inner_repetitions,
            activation=activation,
            dropout=dropout,
            attention_dropout=attention_dropout,
            initializer_range=initializer_range,
            layer_norm_epsilon=layer_norm_epsilon,
            dtype=dtype,
            name="encoder",
        )
        self.pooler = Dense(
            hidden_dim,
            activation="tanh",
            kernel_initializer=keras.initializers.TruncatedNormal(
                stddev=initializer_range
            ),
            dtype=dtype,
            name="pooler",
        )

        # === Functional model ===
        inputs = {
            name: keras.Input((None,), dtype="int32", name=name)
            for name in ("token_ids", "segment_ids", "padding_mask")
        }
        sequence_output = self.encoder(
            self.embeddings(inputs["token_ids"], inputs["segment_ids"]),
            inputs["padding_mask"],
        )
        super().__init__(
            inputs=inputs,
            outputs=self._with_pooled_output(sequence_output),
            dtype=dtype,
            **kwargs,
        )

        # === Config ===
        self.vocabulary_size = vocabulary_size
        self.num_layers = num_layers
        self.num_heads = num_heads
        self.embedding_dim = embedding_dim
        self.hidden_dim = hidden_dim
        self.intermediate_dim = intermediate_dim
        self.num_groups = num_groups
        self.num_inner_repetitions = num_inner_repetitions
        self.dropout = dropout
        self.max_sequence_length = max_sequence_length
        self.num_segments = num_segments
        self.attention_dropout = attention_dropout
        self.activation = activation
        self.initializer_range = initializer_range
        self.layer_norm_epsilon = layer_norm_epsilon
        self.embedding_projection = embedding_projection
        self.cls_token_index = 0
        # The handle and commit that the weights were fetched from.
        self.origin: str | None = None

    def _with_pooled_output(self, sequence_output):
        return {
            "sequence_output": sequence_output,
            "pooled_output": self.pooler(sequence_output[:, 0, :]),
        }

    def __call__(self, inputs, return_all_layers=False, **kwargs):
        if not return_all_layers:
            return super().__call__(inputs, **kwargs)
        if any(
            isinstance(each, keras.KerasTensor)
            for each in keras.tree.flatten(inputs)
        ):
            # Keras takes it that a functional model in another one has as
            # many outputs as it was made with.
            return AlbertAllLayers(self)(inputs, **kwargs)
        return super().__call__(inputs, return_all_layers=True, **kwargs)

    def call(self, inputs, return_all_layers=False, training=None, mask=None):
        if not return_all_layers:
            return super().call(inputs, training=training, mask=mask)
        all_layers = self.encoder(
            self.embeddings(
                inputs["token_ids"], inputs["segment_ids"], training=training
            ),
            inputs["padding_mask"],
            return_all_layers=True,
            training=training,
        )
        return {
            **self._with_pooled_output(all_layers[-1]),
            "all_layers": all_layers,
        }

    @classmethod
    def from_albert_config(
        cls, config: AlbertConfig, **kwargs: Any
    ) -> "AlbertBackbone":
        """A backbone with random weights and the sizes of `config`.

        Args:
            config: An `AlbertConfig`.
            **kwargs: Further arguments of the constructor, `dtype` and
                `name` for instance; they override the configuration.
        """
        arguments = {
            ours: getattr(config, theirs)
            for ours, theirs in CONFIG_KEYS.items()
        }
        return cls(**{**arguments, **kwargs})

    def albert_config(self) -> AlbertConfig:
        """This backbone's sizes under google's names."""
        return AlbertConfig(
            **{
                theirs: getattr(self, ours)
                for ours, theirs in CONFIG_KEYS.items()
            }
        )

    def default_lora_layer_names(self):
        """The projection that holds query, key and value."""
        return ["query_key_value"]

    def get_config(self):
        arguments = {ours: getattr(self, ours) for ours in CONFIG_KEYS}
        return {
            **super().get_config(),
            **arguments,
            "layer_norm_epsilon": self.layer_norm_epsilon,
        }


@keras.saving.register_keras_serializable(package="albert_keras")
class AlbertAllLayers(keras.layers.Layer):
    """The backbone with `return_all_layers` as a layer of another model.

    Args:
        backbone: An `ak.AlbertBackbone`.

    Call arguments:
        inputs: Those of the backbone.

    Returns:
        What the backbone returns with `return_all_layers=True`.
    """

    def __init__(self, backbone, **kwargs):
        super().__init__(**{"dtype": backbone.dtype_policy, **kwargs})
        self.backbone = backbone

    def build(self, inputs_shape):
        pass  # the backbone is built

    def call(self, inputs, training=None):
        return self.backbone(inputs, return_all_layers=True, training=training)

    def compute_output_spec(self, inputs, training=None):
        spec = self.backbone.compute_output_spec(inputs)
        output = spec["sequence_output"]
        number = self.backbone.num_layers * self.backbone.num_inner_repetitions
        all_layers = [
            keras.KerasTensor(output.shape, dtype=output.dtype)
            for _ in range(number)
        ]
        return {**spec, "all_layers": all_layers}

    def get_config(self):
        # Not serialized: Keras does that, and finds it in the rest of a model.
        return {**super().get_config(), "backbone": self.backbone}

    @classmethod
    def from_config(cls, config):
        backbone = config["backbone"]
        if not isinstance(backbone, dict):  # a copy has its own
            backbone = keras.saving.serialize_keras_object(backbone)
        backbone = keras.saving.deserialize_keras_object(backbone)
        return cls(**{**config, "backbone": backbone})


# Constructor argument -> key of albert_config.json.
CONFIG_KEYS = {
    "vocabulary_size": "vocab_size",
    "num_layers": "num_hidden_layers",
    "num_heads": "num_attention_heads",
    "embedding_dim": "embedding_size",
    "hidden_dim": "hidden_size",
    "intermediate_dim": "intermediate_size",
    "num_groups": "num_hidden_groups",
    "num_inner_repetitions": "inner_group_num",
    "dropout": "hidden_dropout_prob",
    "max_sequence_length": "max_position_embeddings",
    "num_segments": "type_vocab_size",
    "attention_dropout": "attention_probs_dropout_prob",
    "activation": "hidden_act",
    "initializer_range": "initializer_range",
    "embedding_projection": "embedding_projection",
}
