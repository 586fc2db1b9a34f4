"""Finds out what a path holds, and opens it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from albert_keras.checkpoints import garden
from albert_keras.checkpoints.checkpoint import Checkpoint
from albert_keras.checkpoints.google import open_google
from albert_keras.checkpoints.huggingface import open_huggingface
from albert_keras.checkpoints.keras_hub_preset import BACKBONE, open_keras_hub
from albert_keras.checkpoints.matching import with_projection
from albert_keras.checkpoints.sniffing import Kind, sniff
from albert_keras.checkpoints.tensorflow_file import read_tensorflow
from albert_keras.config import AlbertConfig
from albert_keras.json_objects import read_json_object
from albert_keras.models_nearby import models_nearby

# The better first, where a folder has several.
_PREFERENCE = (Kind.SAFETENSORS, Kind.TORCH, Kind.HDF5)
_SUFFIXES = (".safetensors", ".bin", ".pt", ".pth", ".h5", ".index")


def is_own_preset(folder: Path) -> bool:
    """Whether a folder is a preset of this package's classes."""
    return _registered_name(folder).startswith("albert_keras>")


def _registered_name(folder: Path) -> str:
    if not (folder / "config.json").is_file():
        return ""
    return str(
        read_json_object(folder / "config.json").get("registered_name", "")
    )


def open_checkpoint(
    path: Path,
    *,
    config: AlbertConfig | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Checkpoint:
    """Opens a checkpoint of any form but this package's own preset.

    Args:
        path: A folder, a file of weights in one, or the path of a
            TensorFlow checkpoint without the endings of its files. Archives
            are to be unpacked first.
        config: In place of what the folder says.
        overrides: Arguments of the backbone that somebody chose.

    Raises:
        FileNotFoundError: There is nothing at `path`, or a part is missing.
        ValueError: A file is damaged, or no ALBERT.
    """
    chosen = overrides or {}
    if path.is_dir():
        registered = _registered_name(path)
        if registered == BACKBONE:
            return with_projection(open_keras_hub(path))
        if registered:
            raise ValueError(
                f"`{path}` must be a preset of an ALBERT. "
                f"Received: {registered}."
            )
        if (path / "saved_model.pb").is_file():
            return _open_saved_model(path, config, chosen)
        weights, kind = _find_weights(path)
    else:
        weights, kind = _named_weights(path)
    folder = weights.parent
    if kind is Kind.TENSORFLOW:
        return open_google(
            weights.with_suffix("") if weights.suffix == ".index" else weights,
            folder=folder,
            form="google's TensorFlow checkpoint",
            config=config,
            heads_are_known="num_heads" in chosen,
        )
    return with_projection(
        open_huggingface(
            folder,
            weights,
            kind,
            config=config,
            activation_is_known="activation" in chosen,
        )
    )


def _open_saved_model(
    folder: Path, config: AlbertConfig | None, chosen: Mapping[str, Any]
) -> Checkpoint:
    prefix = folder / "variables" / "variables"
    if not prefix.with_suffix(".index").is_file():
        raise FileNotFoundError(
            f"SavedModel `{folder}` must have variables/variables.index. "
            "Received: a folder without it."
        )
    sniff(prefix.with_suffix(".index"))
    tensors = read_tensorflow(prefix)
    if garden.SIGN in tensors:
        return garden.open_garden(prefix, tensors, folder=folder, config=config)
    return open_google(
        prefix,
        folder=folder,
        form="TF-Hub module",
        config=config,
        heads_are_known="num_heads" in chosen,
    )


def _named_weights(path: Path) -> tuple[Path, Kind]:
    index = path.with_name(path.name + ".index")
    if index.is_file():
        path = index
    if not path.is_file():
        raise FileNotFoundError(
            "A checkpoint must be a folder, a file of weights, or the name of "
            "a TensorFlow checkpoint without its endings. "
            f"Received: {str(path)!r}, where there is nothing. "
            f"{models_nearby(path)}"
        )
    if ".data-" in path.name and path.name.count("-of-") == 1:
        return _named_weights(path.with_name(path.name.partition(".data-")[0]))
    if path.name.endswith(".index.json"):
        kind = Kind.SAFETENSORS if "safetensors" in path.name else Kind.TORCH
        return path, kind
    found = sniff(path)
    if found is None or found is Kind.TAR:
        raise ValueError(
            f"`{path}` must be a file of weights. Received: another file."
        )
    return path, found


def _find_weights(folder: Path) -> tuple[Path, Kind]:
    indices = sorted(folder.glob("*.index.json"))
    for index in sorted(indices, key=lambda i: "safetensors" not in i.name):
        return _named_weights(index)
    found: dict[Kind, list[Path]] = {}
    no_weights = []
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix in _SUFFIXES:
            try:
                kind = sniff(path)
            except ValueError as error:  # of no matter if another file does
                no_weights.append(error)
                continue
            if kind is not None:
                found.setdefault(kind, []).append(path)
    for kind in _PREFERENCE:
        if kind in found:
            # `with-prefix-tf_model.h5` stands beside `tf_model.h5`.
            usual = [p for p in found[kind] if "with-prefix" not in p.name]
            return _only(folder, usual or found[kind]), kind
    if Kind.TENSORFLOW in found:
        return _latest(folder, found[Kind.TENSORFLOW]), Kind.TENSORFLOW
    if no_weights:
        raise ValueError(str(no_weights[0]))
    names = ", ".join(sorted(p.name for p in folder.iterdir())) or "no files"
    raise FileNotFoundError(
        f"`{folder}` must hold the weights of an ALBERT: a KerasHub preset, "
        "Hugging Face's files, a TensorFlow checkpoint or a SavedModel. "
        f"Received: {names[:200]}."
    )


def _only(folder: Path, paths: list[Path]) -> Path:
    if len(paths) > 1:
        names = ", ".join(path.name for path in paths)
        raise ValueError(
            f"`{folder}` must hold one file of weights, or the one that is "
            f"meant must be named. Received: {names}."
        )
    return paths[0]


def _latest(folder: Path, paths: list[Path]) -> Path:
    """The checkpoint that training calls its latest, or the best one."""
    state = folder / "checkpoint"
    if state.is_file():
        first = state.read_text("utf-8", errors="replace").partition("\n")[0]
        name = first.partition(":")[2].strip().strip('"').rpartition("/")[2]
        for path in paths:
            if path.name == f"{name}.index":
                return path
    best = [path for path in paths if path.name == "model.ckpt-best.index"]
    return _only(folder, best or paths)
