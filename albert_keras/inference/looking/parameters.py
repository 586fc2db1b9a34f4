"""Where a model's parameters are, and what sharing them saves."""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import keras

from albert_keras.checkpoints.temporary_presets import as_own_model
from albert_keras.inference.looking.inside import backbone_of


class Part(NamedTuple):
    """A part of a model.

    Attributes:
        name: What it is.
        size: Its parameters.
        unrolled: What they would be if every layer had its own, as in BERT.
    """

    name: str
    size: int
    unrolled: int


class ParameterCount(NamedTuple):
    """A model's parameters.

    Attributes:
        parts: In the order in which a text goes through them.
        num_blocks: Blocks that the encoder has.
        num_applications: How often they are applied, all together.
        embedding: Parameters of the token table with its projection.
        full_embedding: What a table as wide as the encoder would have.
    """

    parts: list[Part]
    num_blocks: int
    num_applications: int
    embedding: int
    full_embedding: int

    @property
    def total(self) -> int:
        """All parameters."""
        return sum(part.size for part in self.parts)

    @property
    def unrolled(self) -> int:
        """All parameters if every layer had its own."""
        return sum(part.unrolled for part in self.parts)


def count_parameters(model: keras.Model) -> ParameterCount:
    """Counts a model's parameters by part.

    Args:
        model: A backbone or a task of this package.

    Returns:
        A `ParameterCount`, whose `total` is `model.count_params()`.

    Raises:
        TypeError: `model` is no model of this package.

    Example:

    ```python
    counted = count_parameters(ak.AlbertMaskedLM.from_preset("preset"))
    counted.total, counted.unrolled
    ```
    """
    model = as_own_model(model)
    backbone = backbone_of(model)
    embeddings, encoder = backbone.embeddings, backbone.encoder
    parts = [
        _single("token embedding", embeddings.token_embedding.weights),
        _single("segment embedding", embeddings.segment_embedding.weights),
        _single("position embedding", embeddings.position_embedding.weights),
        _single("embedding layer norm", embeddings.layer_norm.weights),
    ]
    projection = 0
    if embeddings.projection is not None:
        parts.append(
            _single("embedding projection", embeddings.projection.weights)
        )
        projection = parts[-1].size
    applied = [
        block
        for layer in range(encoder.num_layers)
        for block in encoder.blocks_of_layer(layer)
    ]
    for name, layers_of in _BLOCK_PARTS.items():
        of_block = {
            id(block): sum(_size(layer.weights) for layer in layers_of(block))
            for block in encoder.blocks
        }
        parts.append(
            Part(
                name,
                sum(of_block.values()),
                sum(of_block[id(block)] for block in applied),
            )
        )
    parts.append(_single("pooler", backbone.pooler.weights))
    parts += _heads(model, backbone)
    return ParameterCount(
        parts,
        num_blocks=len(encoder.blocks),
        num_applications=len(applied),
        embedding=parts[0].size + projection,
        full_embedding=backbone.vocabulary_size * backbone.hidden_dim,
    )


_BLOCK_PARTS: dict[str, Any] = {
    "block: attention": lambda block: [block.attention],
    "block: feed-forward": lambda block: [
        block.intermediate,
        block.feed_forward_output,
    ],
    "block: layer norms": lambda block: [
        block.attention_layer_norm,
        block.feed_forward_layer_norm,
    ],
}


def _heads(model: keras.Model, backbone: keras.Model) -> list[Part]:
    if model is backbone:
        return []
    # The masked-LM head holds the token embedding too, and it is one.
    seen = {id(weight) for weight in backbone.weights}
    parts = []
    for layer in model.layers:
        own = [w for w in layer.weights if id(w) not in seen]
        seen |= {id(weight) for weight in own}
        if own:
            name = layer.name.replace("_", " ")
            parts.append(_single(f"head: {name.removesuffix(' head')}", own))
    return parts


def _single(name: str, weights: Iterable[Any]) -> Part:
    size = _size(weights)
    return Part(name, size, size)


def _size(weights: Iterable[Any]) -> int:
    return sum(math.prod(weight.shape) for weight in weights)
