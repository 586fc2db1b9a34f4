"""TF-Hub's ALBERT of TensorFlow 2, as the Model Garden exports it.

The SavedModels `tensorflow/albert_en_*` hold an encoder under names of their
own, with the heads as a dimension. They say neither how many layers there are
nor where to look it up: the sizes that were released tell, or `config`.

Source: tensorflow/models, `official/nlp/modeling/networks/albert_encoder.py`
and `official/nlp/tools/tf2_albert_encoder_checkpoint_converter.py`.
"""

import re
from pathlib import Path

from albert_keras.checkpoints.checkpoint import Checkpoint, Layout, Location
from albert_keras.checkpoints.google import xlarge_note
from albert_keras.checkpoints.tensors import Tensors
from albert_keras.checkpoints.vocabulary import find_vocabulary
from albert_keras.config import AlbertConfig

_TABLES = {
    "word_embeddings": "word_embeddings/embeddings",
    "position_embeddings": "position_embedding/embeddings",
    "token_type_embeddings": "type_embeddings/embeddings",
}
_MODULES = {
    "bert/embeddings/LayerNorm": "embeddings/layer_norm",
    "bert/encoder/embedding_hidden_mapping_in": "embedding_projection",
    "bert/pooler/dense": "pooler_transform",
}
_BLOCK = "bert/encoder/transformer/group_0/inner_group_0/"
_BLOCK_MODULES = {
    "attention_1/self/query": ("self_attention/query", Layout.HEADS_OUT),
    "attention_1/self/key": ("self_attention/key", Layout.HEADS_OUT),
    "attention_1/self/value": ("self_attention/value", Layout.HEADS_OUT),
    "attention_1/output/dense": (
        "self_attention/attention_output",
        Layout.HEADS_IN,
    ),
    "LayerNorm": ("self_attention_layer_norm", Layout.AS_IS),
    "ffn_1/intermediate/dense": ("intermediate", Layout.AS_IS),
    "ffn_1/intermediate/output/dense": ("output", Layout.AS_IS),
    "LayerNorm_1": ("output_layer_norm", Layout.AS_IS),
}
_QUERY = "transformer/self_attention/query/kernel"
SIGN = _QUERY  # a checkpoint that has it is the Garden's

_LAYERS_NOTE = (
    "The SavedModel does not say how many layers it has; {layers} are taken, "
    "as the released model of this width has. `config` chooses otherwise."
)


def open_garden(
    prefix: Path,
    tensors: Tensors,
    *,
    folder: Path,
    config: AlbertConfig | None = None,
) -> Checkpoint:
    """Opens the variables of such a SavedModel.

    Args:
        prefix: Path of the checkpoint in its `variables/`.
        tensors: What `read_tensorflow` found there.
        folder: The SavedModel.
        config: What the SavedModel leaves out.

    Raises:
        ValueError: The sizes are none that was released, and `config` does
            not say them.
    """
    notes: tuple[str, ...] = ()
    if config is None:
        config = _released_config(folder, tensors)
        notes = (_LAYERS_NOTE.format(layers=config.num_hidden_layers),)
        if config.hidden_size == 2048:
            heads = config.num_attention_heads
            notes += (xlarge_note(heads),)
    return Checkpoint(
        path=prefix,
        form="TF-Hub SavedModel of the Model Garden",
        config=config,
        tensors=tensors,
        locate=_locate,
        is_backbone=lambda name: name.startswith(
            ("word_emb", "position_emb", "type_emb", "embedding", "transformer")
        ),
        is_known_extra=lambda name: (
            name.startswith(("_CHECKPOINTABLE", "save_counter"))
            or name.endswith(".ATTRIBUTES/VARIABLE_VALUE")
        ),
        vocabulary=find_vocabulary(folder),
        notes=notes,
    )


def _locate(name: str) -> Location | None:
    owner, _, last = name.rpartition("/")
    if owner == "bert/embeddings":
        return Location((_TABLES[last],))
    if owner in _MODULES:
        return Location((f"{_MODULES[owner]}/{last}",))
    if name.startswith(_BLOCK):
        module, layout = _BLOCK_MODULES[owner.removeprefix(_BLOCK)]
        if layout is Layout.HEADS_IN and last == "bias":
            layout = Layout.AS_IS
        return Location((f"transformer/{module}/{last}",), layout)
    if name.startswith("cls/predictions/"):
        names: tuple[str, ...] = (name, f"bert/{name}")
        if last == "output_bias":
            names += tuple(f"{each}/bias" for each in names)
        return Location(names)
    if re.match(r"bert/encoder/transformer/", name):
        # Only one group of one block exists there.
        return Location(())
    return None


def _released_config(folder: Path, tensors: Tensors) -> AlbertConfig:
    try:
        vocabulary, narrow = tensors["word_embeddings/embeddings"].shape
        wide, heads, _ = tensors[_QUERY].shape
        inside = tensors["transformer/intermediate/kernel"].shape[1]
        longest = tensors["position_embedding/embeddings"].shape[0]
        segments = tensors["type_embeddings/embeddings"].shape[0]
    except (KeyError, ValueError):
        raise ValueError(
            f"`{folder}` must hold an ALBERT encoder of the Model Garden. "
            "Received: other variables."
        ) from None
    for size in ("base", "large", "xlarge", "xxlarge"):
        config = AlbertConfig.named(f"albert_{size}_v2")
        if (wide, inside, narrow) == (
            config.hidden_size,
            config.intermediate_size,
            config.embedding_size,
        ):
            return AlbertConfig(
                vocab_size=vocabulary,
                hidden_size=wide,
                num_hidden_layers=config.num_hidden_layers,
                num_attention_heads=heads,
                intermediate_size=inside,
                embedding_size=narrow,
                max_position_embeddings=longest,
                type_vocab_size=segments,
            )
    raise ValueError(
        f"`{folder}` does not say how many layers it has, and its width is "
        "none that was released: `config` must give its configuration. "
        f"Received: a hidden size of {wide}."
    )
