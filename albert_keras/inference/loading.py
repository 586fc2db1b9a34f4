"""`ak.inference.load`: a model of any form, and the task that it is for."""

import os
from importlib import import_module
from pathlib import Path
from typing import Any

from albert_keras.config import RELEASED_NAME
from albert_keras.inference.loaded_model import LoadedModel, require_task
from albert_keras.inference.saved_model_form import (
    load_saved_model,
    newest_version,
)
from albert_keras.models_nearby import models_nearby

PRESET, SAVED_MODEL, TFLITE = "preset", "SavedModel", ".tflite file"


def form_of(path: str | os.PathLike[str]) -> str:
    """Which form a model is in: `PRESET`, `SAVED_MODEL` or `TFLITE`.

    Args:
        path: A path, a handle, or the name of a released model.
    """
    name = os.fspath(path)
    if name.endswith(".tflite"):
        return TFLITE
    if "://" not in name and newest_version(Path(name)) is not None:
        return SAVED_MODEL
    return PRESET


def check_exists(path: str | os.PathLike[str]) -> None:
    """Refuses a path at which there is nothing, before anything is loaded.

    Raises:
        FileNotFoundError: There is nothing, and it is no handle nor the name
            of a released model.
    """
    name = os.fspath(path)
    if "://" in name or RELEASED_NAME.fullmatch(name) or Path(name).exists():
        return
    raise FileNotFoundError(
        "A model must be a preset, a SavedModel or a .tflite file, a handle "
        "such as hf://user/model, or a name such as albert_base_v2. Received: "
        f"{name!r}, where there is nothing. {models_nearby(Path(name))}"
    )


def load_model(
    path: str | os.PathLike[str],
    task: str | None = None,
    tokenizer: Any = None,
) -> LoadedModel:
    """Loads a preset, a SavedModel or a .tflite file.

    Args:
        path: The folder or file; a handle or the name of a released model as
            `from_preset` takes it.
        task: What the model shall do; None for what it is for.
        tokenizer: In place of its own.

    Raises:
        FileNotFoundError: There is nothing at the path.
        TypeError: The model is for another task.
        ValueError: It is damaged.
    """
    check_exists(path)
    form = form_of(path)
    if form == SAVED_MODEL:
        folder = newest_version(Path(path))
        assert folder is not None  # or it were another form
        model = load_saved_model(folder, tokenizer)
    elif form == TFLITE:
        model = _form("lite_form").load_lite(Path(path), tokenizer)
    else:
        model = _form("keras_form").load_preset(path, task, tokenizer)
    if task is not None:
        require_task(model, task)
    return model


def of_keras(model: Any, tokenizer: Any, task: str) -> LoadedModel:
    """A Keras model that can be asked for a task."""
    return _form("keras_form").of_keras(model, tokenizer, task=task)


def _form(module: str) -> Any:
    # Loaded when it is needed: Keras takes seconds, and a .tflite file and a
    # SavedModel do without.
    return import_module(f"albert_keras.inference.{module}")
