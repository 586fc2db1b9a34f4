"""Hugging Face's folders: `config.json` and weights of PyTorch or TensorFlow.

The weights are found by what they are, not by what they are called:
safetensors (in parts too), an archive of `torch.save`, or the HDF5 file of the
TensorFlow classes that transformers had until version 4.
"""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from albert_keras.checkpoints.checkpoint import (
    Checkpoint,
    Location,
    classifier_dropout,
)
from albert_keras.checkpoints.hdf5_file import read_hdf5
from albert_keras.checkpoints.huggingface_names import (
    BACKBONE,
    keras_location,
    keras_name,
    torch_location,
)
from albert_keras.checkpoints.huggingface_tokenizer import open_vocabulary
from albert_keras.checkpoints.names import architecture_of, output_head
from albert_keras.checkpoints.safetensors_file import read_safetensors
from albert_keras.checkpoints.sniffing import Kind
from albert_keras.checkpoints.tensors import StoredTensor
from albert_keras.checkpoints.torch_file import read_torch
from albert_keras.config import AlbertConfig
from albert_keras.json_objects import is_file_name, read_json_object
from albert_keras.limits import check_epsilon

# Hugging Face calls erf's GELU what google calls the tanh approximation, for
# which it has several names (transformers, `activations.py`).
_ACTIVATIONS = {
    "gelu": "gelu_erf",
    "gelu_python": "gelu_erf",
    "gelu_new": "gelu",
    "gelu_fast": "gelu",
    "gelu_accurate": "gelu",
    "gelu_pytorch_tanh": "gelu",
    "gelu_python_tanh": "gelu",
}
GELU_NOTE = (
    'Hugging Face computes this model (hidden_act "gelu", as all of v1\'s) '
    "with erf's GELU, and so does the model loaded here; google's original "
    'has the tanh approximation, which activation="gelu" chooses.'
)
# Where shards are listed, of safetensors and of PyTorch.
_INDEX_SUFFIX = ".index.json"


def open_huggingface(
    folder: Path,
    weights: Path,
    kind: Kind,
    *,
    config: AlbertConfig | None = None,
    activation_is_known: bool = False,
) -> Checkpoint:
    """Opens a folder of Hugging Face.

    Args:
        folder: With `config.json`, and the tokenizer's files if any.
        weights: The file of weights, or the index of its parts.
        kind: What that file is.
        config: In place of `config.json`.
        activation_is_known: Whether somebody chose the activation, and need
            not be told that there is a choice.

    Raises:
        FileNotFoundError: The configuration or a part is missing.
        ValueError: A file is damaged, or of another model.
    """
    settings = _read_settings(folder, config)
    if config is None:
        config = _config(folder / "config.json", settings)
    epsilon = settings.get("layer_norm_eps", 1e-12)
    check_epsilon(f"{folder / 'config.json'}: layer_norm_eps", epsilon)
    tensors = _read(weights, kind)
    is_keras = kind is Kind.HDF5
    start = BACKBONE if any(n.startswith(BACKBONE) for n in tensors) else ""

    def locate(name: str) -> Location | None:
        found = keras_location(name) if is_keras else torch_location(name)
        if found is None or start:
            return found
        names = tuple(n.removeprefix(BACKBONE) for n in found.names)
        return Location(names, found.layout)

    def is_backbone(name: str) -> bool:
        starts = (BACKBONE,) if start else ("embeddings.", "encoder.")
        return name.startswith(starts)

    architecture = architecture_of(settings)
    told = activation_is_known or config.hidden_act != "gelu_erf"
    return Checkpoint(
        path=weights,
        form=f"Hugging Face ({kind.value})",
        config=config,
        tensors=tensors,
        locate=locate,
        is_backbone=is_backbone,
        is_known_extra=_is_known_extra,
        vocabulary=open_vocabulary(folder),
        layer_norm_epsilon=epsilon,
        head_layer_norm_epsilon=epsilon,
        classifier_dropout=classifier_dropout(settings, folder / "config.json"),
        output_head=output_head(architecture),
        architecture=architecture,
        notes=(*(() if told else (GELU_NOTE,)), *_untied(tensors)),
        settings=settings,
        settings_path=folder / "config.json",
    )


def _is_known_extra(name: str) -> bool:
    # The decoder is tied to the embedding and to `predictions.bias`.
    return name.endswith(
        ("embeddings.position_ids", "embeddings.token_type_ids")
    ) or name.startswith("predictions.decoder.")


def _untied(tensors: dict[str, StoredTensor]) -> Iterator[str]:
    """Yield a note where the output table isn't the embedding's."""
    decoder = tensors.get("predictions.decoder.weight")
    table = tensors.get("albert.embeddings.word_embeddings.weight")
    if decoder is None or table is None:
        return
    if decoder.shape != table.shape or not np.array_equal(
        decoder.read(), table.read()
    ):
        yield (
            "The file has another table for the outputs of its masked-LM head "
            "(predictions.decoder.weight) than for its embeddings. ALBERT has "
            "one table for both, and the model loaded here uses that of the "
            "embeddings, as transformers does with tie_word_embeddings=True."
        )


def _read_settings(folder: Path, config: AlbertConfig | None) -> dict[str, Any]:
    path = folder / "config.json"
    if not path.is_file():
        if config is not None:
            return {}
        raise FileNotFoundError(
            f"`{folder}` must hold config.json, unless `config` says what it "
            "would. Received: weights without a configuration."
        )
    settings = read_json_object(path)
    model_type = settings.get("model_type", "albert")
    if model_type != "albert":
        raise ValueError(
            f"`{path}` must be of an ALBERT model. Received: "
            f"model_type={model_type!r}."
        )
    return settings


def _config(path: Path, settings: dict[str, Any]) -> AlbertConfig:
    known = {f.name for f in dataclasses.fields(AlbertConfig)} - {"extra"}
    content = {name: settings[name] for name in known if name in settings}
    activation = content.get("hidden_act")
    if isinstance(activation, str):
        content["hidden_act"] = _ACTIVATIONS.get(activation, activation)
    return AlbertConfig.from_dict(content, source=path)


def _read(weights: Path, kind: Kind) -> dict[str, StoredTensor]:
    if weights.name.endswith(_INDEX_SUFFIX):
        return _read_parts(weights)
    if kind is Kind.SAFETENSORS:
        return read_safetensors(weights)
    if kind is Kind.TORCH:
        return read_torch(weights)
    found: dict[str, StoredTensor] = {}
    for path, tensor in read_hdf5(weights).items():
        # Embeddings stand in it a second time, as part of the head.
        found.setdefault(keras_name(path) or path, tensor)
    return found


def _read_parts(index: Path) -> dict[str, StoredTensor]:
    parts = read_json_object(index).get("weight_map")
    if not isinstance(parts, dict) or not all(
        is_file_name(name) for name in parts.values()
    ):
        raise ValueError(
            f"`{index}` must map names to files beside it (`weight_map`). "
            f"Received: {json.dumps(parts)[:80]}."
        )
    read = read_safetensors if ".safetensors" in index.name else read_torch
    tensors = {}
    for part in sorted(set(parts.values())):
        if not (index.parent / part).is_file():
            raise FileNotFoundError(
                f"`{index.parent}` must hold every part that {index.name} "
                f"names. Missing: {part}."
            )
        inside = read(index.parent / part)
        for name, owner in parts.items():
            if owner == part:
                if name not in inside:
                    raise ValueError(
                        f"`{index.parent / part}` must hold {name!r}, as "
                        f"{index.name} says. Received: a part without it."
                    )
                tensors[name] = inside[name]
    return tensors
