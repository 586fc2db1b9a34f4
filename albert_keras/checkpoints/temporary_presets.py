"""Presets that last as long as the process, of models in any other form."""

import functools
import json
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import keras_hub

from albert_keras.checkpoints.loading import load, tokenizer_in
from albert_keras.checkpoints.model_parts import MODEL_HEADS
from albert_keras.models.albert_backbone import AlbertBackbone


def preset_of_keras_file(path: Path) -> Path:
    """Return a preset of the model in a `.keras` file.

    Args:
        path: What `model.save` wrote.

    Raises:
        ValueError: The file is damaged, or holds no model of this package.
    """
    return _preset(path, _load_keras_file)


def preset_of_checkpoint(path: Path) -> Path:
    """Return a preset of a checkpoint of another system.

    Args:
        path: A file or folder that `ak.checkpoints.load` reads.

    Raises:
        FileNotFoundError: A part is missing.
        ValueError: The checkpoint is damaged, or isn't an ALBERT.
    """
    return _preset(path, load)


def as_own_model(model: Any) -> Any:
    """Return a model of keras_hub as a model of this package.

    Args:
        model: A model. Those of keras_hub's `AlbertBackbone`,
            `AlbertMaskedLM` and `AlbertTextClassifier` are converted as
            their presets are, with their weights, tokenizer and dtype
            policy; any other object is returned unchanged.

    Raises:
        ValueError: It's a model of keras_hub that cannot be converted.
    """
    theirs = keras_hub.models
    kinds = (
        theirs.AlbertBackbone,
        theirs.AlbertMaskedLM,
        theirs.AlbertTextClassifier,
    )
    if not isinstance(model, kinds):
        return model
    is_backbone = isinstance(model, theirs.AlbertBackbone)
    backbone = model if is_backbone else model.backbone
    with tempfile.TemporaryDirectory(prefix="albert-keras-") as folder:
        model.save_to_preset(folder)
        return load(folder, dtype=backbone.dtype_policy)


def _preset(path: Path, load_model: Callable[[Path], Any]) -> Path:
    parts = [path, *path.iterdir()] if path.is_dir() else [path]
    # A file that was written again is read again.
    written = tuple((part.name, part.stat().st_mtime_ns) for part in parts)
    return _write(path, path.resolve(), load_model, written)


@functools.cache
def _write(
    path: Path, place: Path, load_model: Callable[[Path], Any], written: Any
) -> Path:
    model = load_model(path)
    folder = Path(tempfile.mkdtemp(dir=_temporary().name)) / place.stem
    model.save_to_preset(str(folder))
    if isinstance(model, AlbertBackbone) and path.suffix != ".keras":
        tokenizer = tokenizer_in(path)
        if tokenizer is not None:
            tokenizer.save_to_preset(str(folder))
    return folder


@functools.cache
def _temporary() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="albert-keras-")


def _load_keras_file(path: Path) -> Any:
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
        name = str(config["registered_name"])
    except (KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"`{path}` must be a model that Keras saved. Received: {error}."
        ) from None
    names = [known.__name__ for known in MODEL_HEADS]
    if name not in [f"albert_keras>{each}" for each in names]:
        # Checked first: Keras would run what the file's configuration names.
        raise ValueError(
            f"`{path}` must hold a model of this package: {', '.join(names)}. "
            f"Received: {name}."
        )
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except (KeyError, OSError, TypeError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise ValueError(
            f"`{path}` must be a model that Keras can load. Received: {reason}"
        ) from error
