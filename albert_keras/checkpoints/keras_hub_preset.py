"""Presets of KerasHub's own ALBERT classes.

Keras names what it saves by class and by order (`layers/dense_1/vars/0`), so
the names here are those of the order in which KerasHub's classes make their
layers.

Source: keras-hub, `models/albert/*.py` and `layers/modeling/*.py`.
"""

import re
from pathlib import Path
from typing import Any

from albert_keras.checkpoints.checkpoint import Checkpoint, Layout, Location
from albert_keras.checkpoints.hdf5_file import read_hdf5
from albert_keras.checkpoints.names import CLASSIFIER
from albert_keras.checkpoints.tensors import StoredTensor
from albert_keras.checkpoints.vocabulary import Vocabulary
from albert_keras.config import AlbertConfig
from albert_keras.json_objects import read_json_object

BACKBONE = "keras_hub>AlbertBackbone"
_TASKS = ("keras_hub>AlbertMaskedLM", "keras_hub>AlbertTextClassifier")
# `MaskedLMHead` keeps this, whatever the backbone has.
HEAD_EPSILON = 1e-5

_TABLES = {
    "word_embeddings": "reversible_embedding",
    "position_embeddings": "position_embedding",
    "token_type_embeddings": "embedding",
}
_MODULES = {
    "bert/embeddings/LayerNorm": "layers/layer_normalization",
    "bert/encoder/embedding_hidden_mapping_in": "layers/dense",
    "bert/pooler/dense": "layers/dense_1",
    "cls/predictions/transform/dense": (
        "task/layers/masked_lm_head/_intermediate_dense"
    ),
    "cls/predictions/transform/LayerNorm": (
        "task/layers/masked_lm_head/_intermediate_layer_norm"
    ),
}
_BLOCK = re.compile(r"bert/encoder/transformer/group_(\d+)/inner_group_(\d+)/")
_ATTENTION = "_self_attention_layer"
_BLOCK_MODULES = {
    "attention_1/self/query": (f"{_ATTENTION}/query_dense", Layout.HEADS_OUT),
    "attention_1/self/key": (f"{_ATTENTION}/key_dense", Layout.HEADS_OUT),
    "attention_1/self/value": (f"{_ATTENTION}/value_dense", Layout.HEADS_OUT),
    "attention_1/output/dense": (f"{_ATTENTION}/output_dense", Layout.HEADS_IN),
    "LayerNorm": ("_self_attention_layer_norm", Layout.AS_IS),
    "ffn_1/intermediate/dense": (
        "_feedforward_intermediate_dense",
        Layout.AS_IS,
    ),
    "ffn_1/intermediate/output/dense": (
        "_feedforward_output_dense",
        Layout.AS_IS,
    ),
    "LayerNorm_1": ("_feedforward_layer_norm", Layout.AS_IS),
}
_NUMBERS = {"kernel": 0, "bias": 1, "gamma": 0, "beta": 1}


def open_keras_hub(folder: Path) -> Checkpoint:
    """Opens a preset of KerasHub's `AlbertBackbone` or one of its tasks.

    Args:
        folder: The preset.

    Raises:
        FileNotFoundError: Weights are missing.
        ValueError: A file is damaged, or of another model.
    """
    arguments = read_json_object(folder / "config.json").get("config")
    config = _config(folder / "config.json", arguments)
    task = None
    settings: Any = {}
    if (folder / "task.json").is_file():
        content = read_json_object(folder / "task.json")
        task, settings = content.get("registered_name"), content.get("config")
        if task not in _TASKS or not isinstance(settings, dict):
            raise ValueError(
                f"`{folder / 'task.json'}` must be of one of "
                f"{', '.join(_TASKS)}. Received: {task!r}."
            )
    tensors = _read(folder, "model.weights.h5")
    if task is not None:
        inside = _read(folder, "task.weights.h5")
        tensors |= {f"task/{name}": each for name, each in inside.items()}
    inner = config.inner_group_num

    def locate(name: str) -> Location | None:
        return _locate(name, inner)

    return Checkpoint(
        path=folder,
        form="KerasHub preset",
        config=config,
        tensors=tensors,
        locate=locate,
        is_backbone=lambda name: not name.startswith("task/"),
        is_known_extra=lambda name: "optimizer/" in name,
        vocabulary=_vocabulary(folder),
        head_layer_norm_epsilon=HEAD_EPSILON,
        classifier_dropout=float(settings.get("dropout", 0.1)),
        output_head=CLASSIFIER,
        architecture=task,
        settings={"classifier_activation": settings.get("activation")},
        settings_path=folder / "task.json",
    )


def _read(folder: Path, name: str) -> dict[str, StoredTensor]:
    if not (folder / name).is_file():
        raise FileNotFoundError(
            f"Preset `{folder}` must hold its weights, {name}. Received: a "
            "folder without them."
        )
    return read_hdf5(folder / name)


def _config(path: Path, arguments: Any) -> AlbertConfig:
    if not isinstance(arguments, dict):
        arguments = {}
    keys = {
        "vocab_size": "vocabulary_size",
        "hidden_size": "hidden_dim",
        "num_hidden_layers": "num_layers",
        "num_attention_heads": "num_heads",
        "intermediate_size": "intermediate_dim",
        "embedding_size": "embedding_dim",
        "num_hidden_groups": "num_groups",
        "inner_group_num": "num_inner_repetitions",
        "hidden_dropout_prob": "dropout",
        "attention_probs_dropout_prob": "dropout",
        "max_position_embeddings": "max_sequence_length",
        "type_vocab_size": "num_segments",
    }
    return AlbertConfig.from_dict(
        {
            ours: arguments[key]
            for ours, key in keys.items()
            if key in arguments
        },
        source=path,
    )


def _vocabulary(folder: Path) -> Vocabulary | None:
    path = folder / "assets" / "tokenizer" / "vocabulary.spm"
    # KerasHub hands text to SentencePiece as it is, which is not how ALBERT's
    # vocabulary was meant: the tokenizer made here lower-cases.
    if not path.is_file():
        return None
    length = None
    settings = folder / "preprocessor.json"
    if settings.is_file():
        config = read_json_object(settings).get("config")
        found = (config or {}).get("sequence_length")
        length = found if isinstance(found, int) else None
    return Vocabulary(path, sequence_length=length)


def _locate(name: str, inner_repetitions: int) -> Location | None:
    owner, _, last = name.rpartition("/")
    if owner == "bert/embeddings":
        return Location((f"layers/{_TABLES[last]}/vars/0",))
    if owner in _MODULES:
        return Location((f"{_MODULES[owner]}/vars/{_NUMBERS[last]}",))
    if name == "cls/predictions/output_bias":
        return Location(("task/layers/masked_lm_head/vars/0",))
    if name == "classifier/output_weights":
        return Location(("task/layers/dense/vars/0",), Layout.TRANSPOSED)
    if name == "classifier/output_bias":
        return Location(("task/layers/dense/vars/1",))
    block = _BLOCK.match(name)
    if not block:
        return None
    module, layout = _BLOCK_MODULES[owner[block.end() :]]
    if layout is Layout.HEADS_IN and last == "bias":
        layout = Layout.AS_IS
    number = int(block[1]) * inner_repetitions + int(block[2])
    layer = "transformer_encoder" + (f"_{number}" if number else "")
    return Location((f"layers/{layer}/{module}/vars/{_NUMBERS[last]}",), layout)
