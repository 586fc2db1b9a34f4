"""Presets, checked before KerasHub loads them."""

import os
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import h5py
import keras
import keras_hub
from keras_hub.src.utils import preset_utils

from albert_keras.config import RELEASED_NAME
from albert_keras.json_objects import read_json_object
from albert_keras.models.card.facts import facts_of
from albert_keras.models.card.writing import write_card
from albert_keras.models.labels import HasLabels
from albert_keras.models_nearby import models_nearby

# By name, as it stands on a floor above: only reading weights needs it, and
# nothing else here does.
_CHECKPOINTS = "albert_keras.checkpoints"
_OWN_WEIGHTS = "albert_keras.checkpoints.own_weights"
LABELS_FILE = "labels.json"  # of older releases


class StrictPreset:
    """Mixed into the models: `from_preset` names what a preset lacks.

    KerasHub answers a folder without weights with an error of its cache, and
    loads a preset without task weights with a random head and no word.
    `save_to_preset` adds a model card, of which KerasHub writes none.
    """

    def save_to_preset(self, preset_dir, *args, **kwargs):
        """Saves a preset: what `from_preset` loads, and a model card.

        Args:
            preset_dir: Folder to write. A README.md that a person wrote or
                changed stays in it as it is.
            *args: As KerasHub's method.
            **kwargs: Likewise.
        """
        super().save_to_preset(  # type: ignore[misc]
            preset_dir, *args, **kwargs
        )
        # The labels are in the configuration of the task.
        (Path(preset_dir) / LABELS_FILE).unlink(missing_ok=True)
        write_card(preset_dir, facts_of(self))

    @classmethod
    def from_preset(cls, preset, load_weights=True, **kwargs):
        """Loads a preset.

        Args:
            preset: Folder that `save_to_preset` wrote, a handle
                (`hf://…`, `kaggle://…`) of whatever form
                `ak.checkpoints.load` knows, or the name of a released model
                such as `albert_base_v2`.
            load_weights: Whether to load weights, or keep random ones.
            **kwargs: Arguments of the constructor that override the
                preset's; `dtype` is passed to the backbone.

        Raises:
            FileNotFoundError: There is no such folder, or it lacks its
                configuration or its weights.
            ValueError: A file is damaged, or does not fit the others.
        """
        if load_weights and is_elsewhere(preset):
            checkpoints = import_module(_CHECKPOINTS)
            return checkpoints.load(preset, cls, **kwargs)
        check_preset(cls, preset, load_weights)
        folder = Path(preset)
        if issubclass(cls, HasLabels):
            if "num_classes" in kwargs:  # a new head, for a new task
                kwargs = {**dict.fromkeys(cls._OF_THE_HEAD), **kwargs}
            elif (folder / LABELS_FILE).is_file():
                kwargs = {"labels": saved_labels(folder), **kwargs}
        try:
            # KerasHub's, with what it makes a model of.
            load = partial(
                super().from_preset,  # type: ignore[misc]
                os.fspath(preset),
            )
            if not load_weights or "://" in os.fspath(preset):
                return load(load_weights=load_weights, **kwargs)
            return _load_local(cls, Path(preset), load, kwargs)
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            raise ValueError(
                f"Preset `{preset}` cannot be loaded as {cls.__name__}: "
                f"{_reason(error)}"
            ) from error


def _load_local(
    model_class: Any,
    folder: Path,
    load: Callable[..., Any],
    arguments: dict[str, Any],
) -> Any:
    """A model of a folder, with the values of its files from the beginning."""
    saved = saved_task_class(folder)
    # Which head KerasHub would load: of this class, with as many classes.
    is_saved = saved is not None and issubclass(saved, model_class)
    with_head = is_saved and "num_classes" not in arguments
    made: Any = saved if is_saved else model_class
    own_weights = import_module(_OWN_WEIGHTS)
    weights = None
    config = read_json_object(folder / preset_utils.CONFIG_FILE)
    is_own = config.get("registered_name") == "albert_keras>AlbertBackbone"
    if is_own and "backbone" not in arguments:
        weights = own_weights.open_weights(folder, made, with_head)
    if weights is None:
        return load(load_weights=True, **arguments)
    is_task = issubclass(made, keras_hub.models.Task)
    later = {"compile": False} if is_task else {}
    model = own_weights.build_with(
        weights, lambda: load(load_weights=False, **{**arguments, **later})
    )
    if is_task and arguments.get("compile", True):
        model.compile()  # as the constructor would have
    return model


def is_elsewhere(preset: str | os.PathLike) -> bool:
    """Whether a preset is to be fetched, or is a released model's name."""
    name = os.fspath(preset)
    if name.startswith(("hf://", "kaggle://")):
        return True
    return RELEASED_NAME.fullmatch(name) is not None and not os.path.exists(
        name
    )


def _reason(error: Exception) -> str:
    """What an error says at first: KerasHub's and Keras' go on for pages."""
    line = str(error).strip().partition("\n")[0]
    if isinstance(error, KeyError):
        return f"{line} is missing."
    if line.endswith(":"):  # and what follows was cut off
        return f"{line.rpartition('. ')[0]}."
    return line


def saved_task_class(preset: str | os.PathLike) -> type | None:
    """The class of the task that a preset holds; None for a backbone alone.

    Raises:
        ValueError: Its class is not registered with Keras.
    """
    preset = os.fspath(preset)
    if not preset_utils.check_file_exists(
        preset, preset_utils.TASK_CONFIG_FILE
    ):
        return None
    name = read_json_object(
        Path(preset_utils.get_file(preset, preset_utils.TASK_CONFIG_FILE))
    ).get("registered_name")
    package, _, class_name = str(name).partition(">")
    if package == "albert_keras":
        # It is registered by its module, which nobody may have asked for yet.
        getattr(import_module(package), class_name, None)
    task_class = keras.saving.get_registered_object(name)
    if task_class is None:
        raise ValueError(
            f"The task of preset `{preset}` must be a class registered with "
            f"Keras. Received: {name}."
        )
    return task_class


def saved_labels(folder: Path) -> tuple[str, ...] | None:
    """Return the names of a preset's classes; None if it has none.

    They are in the configuration of its task. Presets of older releases have
    them in a file of their own.

    Raises:
        ValueError: One of these files is damaged.
    """
    path = folder / preset_utils.TASK_CONFIG_FILE
    config = read_json_object(path).get("config") if path.is_file() else None
    labels = config.get("labels") if isinstance(config, dict) else None
    if labels is None:
        path = folder / LABELS_FILE
        if not path.is_file():
            return None
        labels = read_json_object(path).get("labels")
    if not isinstance(labels, list) or not all(
        isinstance(label, str) for label in labels
    ):
        raise ValueError(
            f"`{path}` must hold a list of names as `labels`. Received: "
            f"{labels!r:.60}."
        )
    return tuple(labels)


def check_preset(
    model_class: type, preset: str | os.PathLike, load_weights: bool = True
) -> None:
    """Looks whether a preset, if it is a folder, has what a model needs.

    Args:
        model_class: What is to be loaded, a backbone or a task.
        preset: Folder or handle.
        load_weights: Whether its weights are needed.

    Raises:
        FileNotFoundError: There is no such folder, or it lacks its
            configuration or its weights.
        ValueError: One of these files is damaged.
    """
    if "://" in str(preset):
        return
    folder = Path(preset)
    if not folder.is_dir():
        raise FileNotFoundError(
            "A preset must be a folder written by `save_to_preset`, or a "
            f"handle such as hf://user/model. Received: {str(folder)!r}. "
            f"{models_nearby(folder)}"
        )
    if not (folder / preset_utils.CONFIG_FILE).exists():
        raise _lacks(folder, f"a {preset_utils.CONFIG_FILE}")
    read_json_object(folder / preset_utils.CONFIG_FILE)
    if not load_weights:
        return
    if (folder / preset_utils.SHARDED_MODEL_WEIGHTS_CONFIG_FILE).exists():
        needed = []
    else:
        needed = [preset_utils.MODEL_WEIGHTS_FILE]
    task_class = saved_task_class(folder)
    if task_class is not None and issubclass(task_class, model_class):
        # Without the heads' weights KerasHub would make random ones.
        needed.append(preset_utils.TASK_WEIGHTS_FILE)
    for name in needed:
        _check_weights(folder, name)


def _lacks(folder: Path, what: str) -> FileNotFoundError:
    found = ", ".join(sorted(os.listdir(folder))) or "no files"
    return FileNotFoundError(
        f"Preset `{folder}` must hold {what}. Received: {found}."
    )


def _check_weights(folder: Path, name: str) -> None:
    if not (folder / name).is_file():
        raise _lacks(folder, f"its weights, {name}")
    try:
        h5py.File(folder / name).close()
    except OSError as error:
        raise ValueError(
            f"`{folder / name}` must be an HDF5 file of weights. Received one "
            f"that cannot be opened: {error}."
        ) from None
