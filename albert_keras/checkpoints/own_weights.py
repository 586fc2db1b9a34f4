"""Reads the weights of this package's presets into models that begin so.

KerasHub's loader makes a model with random values, and then reads the file
into it. Here the model is still made by that loader, without values, and its
variables begin with those of the files.

Keras names what it saves by the attributes that hold it, and what a functional
model consists of by class (`layers/dense/vars/0`). What is here are these
names of this package's classes.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from albert_keras.checkpoints.deferred import Piece, Value, build
from albert_keras.checkpoints.hdf5_file import read_hdf5
from albert_keras.checkpoints.model_parts import MODEL_HEADS, parts_of
from albert_keras.checkpoints.names import block_name
from albert_keras.checkpoints.tensors import StoredTensor, Tensors
from albert_keras.models.albert_backbone import AlbertBackbone

_PIECE = 4 << 20  # bytes
_DTYPES = ("float32", "float16")
_HEAD = "head:"  # before names of task.weights.h5

_EMBEDDING = "layers/albert_embedding"
_BLOCKS = "layers/albert_encoder/blocks/albert_block"
_MASKED_LM = f"{_HEAD}layers/albert_masked_lm_head"
_SPANS = f"{_HEAD}layers/conditional_span_head"
_VARIABLES = {
    "bert/embeddings/word_embeddings": f"{_EMBEDDING}/token_embedding",
    "bert/embeddings/token_type_embeddings": f"{_EMBEDDING}/segment_embedding",
    "bert/embeddings/position_embeddings": f"{_EMBEDDING}/position_embedding",
    "cls/predictions/output_bias": _MASKED_LM,
}
_LAYERS = {
    "bert/embeddings/LayerNorm": f"{_EMBEDDING}/layer_norm",
    "bert/encoder/embedding_hidden_mapping_in": f"{_EMBEDDING}/projection",
    "bert/pooler/dense": "layers/dense",
    "cls/predictions/transform/dense": f"{_MASKED_LM}/transform",
    "cls/predictions/transform/LayerNorm": f"{_MASKED_LM}/layer_norm",
    "start_logits/dense": f"{_SPANS}/start",
    "end_logits/dense_0": f"{_SPANS}/end_transform",
    "end_logits/LayerNorm": f"{_SPANS}/end_layer_norm",
    "end_logits/dense_1": f"{_SPANS}/end",
    "answer_class/dense_0": f"{_SPANS}/answer_transform",
    "answer_class/dense_1": f"{_SPANS}/answer",
    **dict.fromkeys(
        (
            "cls/seq_relationship",
            "cls/squad",
            "classifier",
            "tokens",
            "choices",
        ),
        f"{_HEAD}layers/dense",
    ),
}
_BLOCK_LAYERS = {
    # With key and value beside it.
    "attention_1/self/query": "attention/query_key_value",
    "attention_1/output/dense": "attention/output_projection",
    "LayerNorm": "attention_layer_norm",
    "ffn_1/intermediate/dense": "intermediate",
    "ffn_1/intermediate/output/dense": "feed_forward_output",
    "LayerNorm_1": "feed_forward_layer_norm",
}
_BLOCK = re.compile(block_name(0, 0).replace("0", r"(\d+)") + "/")
_NUMBERS = {
    "kernel": 0,
    "bias": 1,
    "gamma": 0,
    "beta": 1,
    "output_weights": 0,
    "output_bias": 1,
}


class Weights(NamedTuple):
    """The files of a preset, opened.

    Args:
        folder: The preset.
        tensors: By name; those of a head behind `head:`.
        with_head: Whether the head's file is among them.
    """

    folder: Path
    tensors: Tensors
    with_head: bool


def open_weights(folder: Path, made: type, with_head: bool) -> Weights | None:
    """Opens a preset's weights, if they are of a kind that is read here.

    Args:
        folder: The preset.
        made: Class of the model that is to be made.
        with_head: Whether its head comes from the preset too.

    Returns:
        None where only KerasHub's loader knows what to do: with weights in
        several files, quantised ones, bfloat16, or classes of others.

    Raises:
        ValueError: A file is damaged.
    """
    body = folder / "model.weights.h5"
    if made not in MODEL_HEADS or not body.is_file():
        return None
    tensors = read_hdf5(body)
    if with_head:
        tensors |= {
            f"{_HEAD}{name}": tensor
            for name, tensor in read_hdf5(folder / "task.weights.h5").items()
            if not name.startswith("optimizer/")
        }
    if any(tensor.dtype not in _DTYPES for tensor in tensors.values()):
        return None
    return Weights(folder, tensors, with_head)


def build_with(weights: Weights, make: Callable[[], Any]) -> Any:
    """A model with the values of a preset's files.

    Args:
        weights: From `open_weights`.
        make: Makes the model, uncompiled.

    Raises:
        ValueError: A variable is missing, left over, or of another shape.
            There is no model then.
    """
    return build(make, lambda model: _values(weights, model))


def _values(weights: Weights, model: Any) -> Mapping[Any, Value]:
    wanted = {}
    backbone = getattr(model, "backbone", model)
    for part in parts_of(model):
        name = _locate(part.names[0], backbone)
        if weights.with_head or not name.startswith(_HEAD):
            wanted[name] = part.variable
    absent = [name for name in wanted if name not in weights.tensors]
    beyond = [name for name in weights.tensors if name not in wanted]
    for names, what in ((absent, "Missing"), (beyond, "Left over")):
        if names:
            raise ValueError(
                "its weights must be those that its configuration calls for. "
                f"{what}: {_listed(names)}."
            )
    for name, variable in wanted.items():
        found = weights.tensors[name].shape
        if found != tuple(variable.shape):
            raise ValueError(
                f"`{name.removeprefix(_HEAD)}` must have the shape "
                f"{tuple(variable.shape)} that the configuration calls for. "
                f"Received: {found}."
            )
    return {
        id(variable): _Stored(weights.tensors[name])
        for name, variable in wanted.items()
    }


def _locate(name: str, backbone: AlbertBackbone) -> str:
    if name in _VARIABLES:
        return f"{_VARIABLES[name]}/vars/0"
    owner, _, last = name.rpartition("/")
    number = _NUMBERS[last]
    block = _BLOCK.match(name)
    if block is None:
        return f"{_LAYERS[owner]}/vars/{number}"
    index = int(block[1]) * backbone.num_inner_repetitions + int(block[2])
    layer = _BLOCK_LAYERS[owner[block.end() :]]
    which = f"{_BLOCKS}_{index}" if index else _BLOCKS
    return f"{which}/{layer}/vars/{number}"


def _listed(names: list[str]) -> str:
    shown = ", ".join(name.removeprefix(_HEAD) for name in names[:3])
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")


class _Stored:
    """What a variable begins with, as it stands in a file."""

    def __init__(self, tensor: StoredTensor) -> None:
        self._tensor = tensor

    def whole(self) -> np.ndarray:
        return self._tensor.read()

    def pieces(self) -> Iterator[Piece] | None:
        tensor = self._tensor
        if (
            len(tensor.shape) != 2
            or tensor.dtype != "float32"
            or tensor.read_rows is None
        ):
            return None
        return self._pieces(*tensor.shape, tensor.read_rows)

    def _pieces(
        self, height: int, width: int, read_rows: Callable[..., np.ndarray]
    ) -> Iterator[Piece]:
        step = max(1, _PIECE // (4 * width))
        for first in range(0, height, step):
            last = min(first + step, height)
            yield slice(first, last), slice(None), read_rows(first, last)
