"""Presets, checked before KerasHub loads them."""

import json
import os
from pathlib import Path
from typing import Any

import keras
from keras_hub.src.utils import preset_utils


class StrictPreset:
    """Mixed into the models: `from_preset` names what a preset lacks.

    KerasHub answers a folder without weights with an error of its cache, and
    loads a preset without task weights with a random head and no word.
    """

    @classmethod
    def from_preset(cls, preset, load_weights=True, **kwargs):
        """Loads a preset.

        Args:
            preset: Folder that `save_to_preset` wrote, or a handle
                (`hf://…`, `kaggle://…`).
            load_weights: Whether to load weights, or keep random ones.
            **kwargs: Arguments of the constructor that override the
                preset's; `dtype` is passed to the backbone.

        Raises:
            FileNotFoundError: There is no such folder, or it lacks its
                configuration or its weights.
            ValueError: The configuration is not JSON.
        """
        if "://" not in str(preset):
            _check_folder(Path(preset), load_weights)
        return super().from_preset(  # type: ignore[misc]
            os.fspath(preset), load_weights=load_weights, **kwargs
        )


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
    config = preset_utils.load_json(preset, preset_utils.TASK_CONFIG_FILE)
    name = config["registered_name"]
    task_class = keras.saving.get_registered_object(name)
    if task_class is None:
        raise ValueError(
            f"The task of preset `{preset}` must be a class registered with "
            f"Keras. Received: {name}."
        )
    return task_class


def _check_folder(folder: Path, load_weights: bool) -> None:
    if not folder.is_dir():
        raise FileNotFoundError(
            "A preset must be a folder written by `save_to_preset`, or a "
            f"handle such as hf://user/model. Received: {str(folder)!r}."
        )
    _read_json(folder / preset_utils.CONFIG_FILE)
    weights = (
        preset_utils.MODEL_WEIGHTS_FILE,
        preset_utils.SHARDED_MODEL_WEIGHTS_CONFIG_FILE,
    )
    if load_weights and not any((folder / name).exists() for name in weights):
        raise FileNotFoundError(
            f"Preset `{folder}` must hold its weights, {weights[0]}. "
            f"Received: {', '.join(sorted(os.listdir(folder)))}."
        )


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileNotFoundError(
            f"Preset `{path.parent}` must hold a {path.name}. Received: "
            f"{', '.join(sorted(os.listdir(path.parent))) or 'no files'}."
        ) from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(
            f"`{path}` must be a JSON file. Received: {error}."
        ) from None
