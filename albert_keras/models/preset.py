"""Presets, checked before KerasHub loads them."""

import json
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

from albert_keras.artefact_names import RUN_CHECKPOINTS, RUN_RECORD
from albert_keras.config import RELEASED_NAME
from albert_keras.json_objects import read_json_object
from albert_keras.models.arguments import (
    KnowsArguments,
    arguments_of,
    refuse_other_sizes,
    sort_arguments,
    with_arguments,
)
from albert_keras.models.card.facts import FACTS_FILE, facts_of
from albert_keras.models.card.writing import write_card
from albert_keras.models.lora import HasAdapter
from albert_keras.models_nearby import models_nearby

# By name, as they are on a floor above, and only reading weights needs them.
_CHECKPOINTS = "albert_keras.checkpoints"
_NOTES = "albert_keras.checkpoints.notes"
_OWN_WEIGHTS = "albert_keras.checkpoints.own_weights"
LABELS_FILE = "labels.json"  # of older releases
# Endings of files that `ak.checkpoints.load` reads.
_FOREIGN_SUFFIXES = (
    *(".safetensors", ".bin", ".pt", ".pth", ".h5", ".index", ".json"),
    *(".tar", ".gz", ".tgz", ".zip"),
)
# Presets made of something else: their paths, and those that were given.
_given: dict[str, str] = {}
_RUN_MODELS = "albert_keras.checkpoints.run_models"
_TEMPORARY = "albert_keras.checkpoints.temporary_presets"


class StrictPreset(KnowsArguments, HasAdapter):
    """Mixed into the models: presets are complete, arguments are known.

    KerasHub reports a folder without weights as an error of its cache, starts
    a random head where a preset has none without saying so, cannot load what
    was saved in mixed precision, and ignores arguments it doesn't know.
    `save_to_preset` adds a model card, which KerasHub doesn't write.
    """

    def save_to_preset(self, preset_dir, *args, **kwargs):
        """Save a preset, which `from_preset` loads, and a model card.

        A model computed in mixed precision is saved as its weights are, in
        float32: KerasHub cannot load a preset that names another policy.

        Args:
            preset_dir: Folder to write. A README.md that a person wrote or
                changed is kept as it is.
            *args: Arguments of KerasHub's method.
            **kwargs: Keyword arguments of KerasHub's method.
        """
        super().save_to_preset(  # type: ignore[misc]
            preset_dir, *args, **kwargs
        )
        # The labels are in the configuration of the task.
        (Path(preset_dir) / LABELS_FILE).unlink(missing_ok=True)
        _make_loadable(self, Path(preset_dir))
        write_card(preset_dir, facts_of(self))

    @classmethod
    def from_preset(
        cls, preset, load_weights=True, init_missing_heads=False, **kwargs
    ):
        """Load a preset.

        Without `num_classes`, a classifier gets the head that was saved. With
        another number of classes, or from a preset without such a head, it
        gets a new head with random weights, and a note on standard error says
        so.

        Args:
            preset: Folder that `save_to_preset` wrote, the folder of a
                training run or one of its checkpoints (`as_preset`), a handle
                (`hf://…`, `kaggle://…`) of whatever form
                `ak.checkpoints.load` knows, or the name of a released model
                such as `albert_base_v2`.
            load_weights: Whether to load weights, or keep random ones.
            init_missing_heads: Whether a handle or a released model may lack
                the head, which then starts with random weights.
            **kwargs: Arguments of the constructor that override the
                preset's. A task also takes those of its encoder
                (`attention_dropout` for instance) and of its preprocessor
                (`sequence_length`). Where both the task and the encoder have
                an argument, `dropout` for instance, it is the task's.
                `dtype` is the encoder's; by default it is
                `keras.config.dtype_policy()`, whatever the model was saved
                in.

        Raises:
            FileNotFoundError: The folder, its configuration or its weights
                are missing.
            ValueError: An argument is unknown, or a file is damaged or does
                not fit the others.
        """
        if is_elsewhere(preset):
            checkpoints = import_module(_CHECKPOINTS)
            return checkpoints.load(
                preset,
                cls,
                load_weights=load_weights,
                init_missing_heads=init_missing_heads,
                **kwargs,
            )
        preset = as_preset(preset)
        check_preset(cls, preset, load_weights)
        # KerasHub's, with what it makes a model of.
        load = partial(
            super().from_preset,  # type: ignore[misc]
            os.fspath(preset),
        )
        if "://" in os.fspath(preset):
            return load(load_weights=load_weights, **kwargs)
        saved = saved_task_class(preset)
        is_saved = saved is not None and issubclass(saved, cls)
        made: Any = saved if is_saved else cls
        folder = Path(preset)
        model, backbone, preprocessor = sort_arguments(made, kwargs)
        if load_weights:
            config = _config(folder / preset_utils.CONFIG_FILE)
            refuse_other_sizes(
                {**model, **backbone}, config, given_path(preset)
            )
        try:
            loaded = _load_local(
                made, folder, load, load_weights, model, backbone
            )
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            raise ValueError(
                f"Preset `{given_path(preset)}` cannot be loaded as "
                f"{cls.__name__}: "
                f"{_reason(error)}"
            ) from error
        facts = folder / FACTS_FILE
        if facts.is_file():
            known = read_json_object(facts).get("model")
            origin = known.get("origin") if isinstance(known, dict) else None
            if isinstance(origin, str):
                getattr(loaded, "backbone", loaded).origin = origin
        if preprocessor:
            loaded.preprocessor = with_arguments(
                loaded.preprocessor,
                preprocessor,
                loaded.backbone.max_sequence_length,
            )
        return loaded


def _load_local(
    made: Any,
    folder: Path,
    load: Callable[..., Any],
    load_weights: bool,
    arguments: dict[str, Any],
    for_backbone: dict[str, Any],
) -> Any:
    """Load a model of a folder.

    Args:
        made: Its class.
        folder: The preset.
        load: KerasHub's `from_preset`, of this folder.
        load_weights: Whether to load weights.
        arguments: For the constructor of the model.
        for_backbone: For the constructor of a task's backbone.
    """
    arguments = {**_default_dtype(folder), **arguments}
    if not issubclass(made, keras_hub.models.Task):
        return _load_saved(made, folder, load, load_weights, arguments)
    if "compile" in arguments_of(made):
        arguments.setdefault("compile", True)
    has_head = _has_head(made, folder, arguments, load_weights)
    if has_head and (folder / LABELS_FILE).is_file():
        arguments.setdefault("labels", saved_labels(folder))
    if "backbone" not in arguments and (
        for_backbone or (load_weights and not has_head)
    ):
        arguments["backbone"] = made.backbone_cls.from_preset(
            folder,
            load_weights=load_weights,
            dtype=arguments.pop("dtype", None),
            **for_backbone,
        )
    load_weights = load_weights and has_head
    return _load_saved(made, folder, load, load_weights, arguments)


def _load_saved(
    made: Any,
    folder: Path,
    load: Callable[..., Any],
    load_weights: bool,
    arguments: dict[str, Any],
) -> Any:
    """A model of a folder, with the values of its files from the beginning."""
    own_weights = import_module(_OWN_WEIGHTS)
    is_task = issubclass(made, keras_hub.models.Task)
    weights = None
    config = read_json_object(folder / preset_utils.CONFIG_FILE)
    is_own = config.get("registered_name") == "albert_keras>AlbertBackbone"
    if load_weights and is_own and "backbone" not in arguments:
        weights = own_weights.open_weights(folder, made, is_task)
    if weights is None:
        return load(load_weights=load_weights, **arguments)
    later = {"compile": False} if is_task else {}
    model = own_weights.build_with(
        weights, lambda: load(load_weights=False, **{**arguments, **later})
    )
    if is_task and arguments["compile"]:
        model.compile()  # as the constructor would have
    return model


def _default_dtype(folder: Path) -> dict[str, Any]:
    """The dtype of a model for which none was asked for.

    That is the user's setting, as in KerasHub, which does not know the mixed
    policies. Quantized weights keep what they are.
    """
    saved = _config(folder / preset_utils.CONFIG_FILE).get("dtype")
    name = saved["config"].get("name", "") if isinstance(saved, dict) else ""
    if name.removeprefix("mixed_") in ("float32", "float16", "bfloat16"):
        return {"dtype": keras.config.dtype_policy()}
    return {"dtype": saved}


def _has_head(
    made: Any, folder: Path, arguments: dict[str, Any], load_weights: bool
) -> bool:
    """Whether a preset has the head of a model; if not, a note says so.

    Args:
        made: Class of the model.
        folder: The preset.
        arguments: For its constructor. Where they are those of a new head,
            the meaning of the old one's outputs is not kept.
        load_weights: Whether weights are loaded, so that a note is needed.
    """
    note = None
    source = given_path(folder)
    saved = saved_task_class(folder)
    if saved is None or not issubclass(saved, made):
        note = (
            f"`{source}` has no head for {made.__name__}, which starts with a "
            "head of random weights."
        )
    else:
        config = _config(folder / preset_utils.TASK_CONFIG_FILE)
        for name in ("num_classes", "head"):
            if arguments.get(name, config.get(name)) != config.get(name):
                note = (
                    f"`{source}` has a head with {name}={config.get(name)}; "
                    f"the model starts a new head with {name}="
                    f"{arguments[name]} and random weights. Leave out "
                    f"`{name}` to load the head of the preset."
                )
                for meaning in ("labels", "problem_type"):
                    if meaning in arguments_of(made):
                        arguments.setdefault(meaning, None)
    if note is None:
        # Of the number that was saved; KerasHub would start a new head.
        arguments.pop("num_classes", None)
    elif load_weights:
        import_module(_NOTES).say(note)
    return note is None


def _config(path: Path) -> dict[str, Any]:
    """The arguments of the object that a file of a preset holds."""
    config = read_json_object(path).get("config")
    return config if isinstance(config, dict) else {}


def _make_loadable(model: Any, folder: Path) -> None:
    """Writes into a preset what KerasHub's loaders have to be told.

    They know no mixed policy, and whether a task is compiled.
    """
    for name in (preset_utils.CONFIG_FILE, preset_utils.TASK_CONFIG_FILE):
        path = folder / name
        if not path.is_file():
            continue
        content = read_json_object(path)
        backbone = content["config"]
        if name == preset_utils.TASK_CONFIG_FILE:
            if "compile" in arguments_of(type(model)):
                content["config"]["compile"] = True
            backbone = content["config"]["backbone"]["config"]
        dtype = backbone.get("dtype")
        policy = dtype.get("config", {}) if isinstance(dtype, dict) else {}
        if str(policy.get("name")).startswith("mixed_"):
            policy["name"] = "float32"
        path.write_text(json.dumps(content, indent=4), encoding="utf-8")


def is_elsewhere(preset: str | os.PathLike) -> bool:
    """Whether a preset is to be fetched, or is a released model's name."""
    name = os.fspath(preset)
    if name.startswith(("hf://", "kaggle://")):
        return True
    return RELEASED_NAME.fullmatch(name) is not None and not os.path.exists(
        name
    )


def as_preset(path: str | os.PathLike) -> str:
    """Return a preset of the model at a path, whatever form it has.

    Args:
        path: A preset, what `own_preset` takes, or a checkpoint of another
            system that `ak.checkpoints.load` reads.

    Returns:
        The path itself if it is a preset, a handle or nothing that exists;
        otherwise a preset that is removed when the process ends.

    Raises:
        FileNotFoundError: A part of what is there is missing.
        ValueError: What is there is damaged, or isn't an ALBERT.
    """
    name = own_preset(path)
    if "://" not in name and _is_foreign(Path(name)):
        presets = import_module(_TEMPORARY)
        return _standing_for(name, presets.preset_of_checkpoint(Path(name)))
    return name


def own_preset(path: str | os.PathLike) -> str:
    """Return a preset of the model that a run or a `.keras` file holds.

    Args:
        path: The folder of a run, finished or stopped, a checkpoint of one
            (`best.npz`, `step_*.npz`), a `.keras` file, or anything else.

    Returns:
        The preset of a finished run. For a stopped run, a checkpoint or a
        `.keras` file, a preset that is removed when the process ends. Any
        other path unchanged.

    Raises:
        FileNotFoundError: There is no such checkpoint, the run has none yet,
            or the run's record is missing.
        ValueError: The checkpoint or the file is damaged.
    """
    name = os.fspath(path)
    if "://" in name:
        return name
    found = Path(name)
    if found.name == RUN_CHECKPOINTS and (found.parent / RUN_RECORD).is_file():
        found = found.parent
    if found.suffix == ".npz" or (found / RUN_RECORD).is_file():
        runs = import_module(_RUN_MODELS)
        return _standing_for(name, runs.preset_of_run(found))
    if found.suffix == ".keras" and found.is_file():
        presets = import_module(_TEMPORARY)
        return _standing_for(name, presets.preset_of_keras_file(found))
    return name


def given_path(preset: str | os.PathLike) -> str:
    """Return the path that a user gave for a preset, for messages."""
    name = os.fspath(preset)
    return _given.get(name, name)


def _standing_for(name: str, preset: Path) -> str:
    _given[str(preset)] = name
    return str(preset)


def _is_foreign(path: Path) -> bool:
    """Whether a path holds another system's checkpoint."""
    if not path.is_dir():
        has_weights = path.is_file() and path.suffix in _FOREIGN_SUFFIXES
        return has_weights or Path(f"{path}.index").is_file()
    config = path / preset_utils.CONFIG_FILE
    if config.is_file():
        name = str(read_json_object(config).get("registered_name", ""))
        if not name and (path / preset_utils.MODEL_WEIGHTS_FILE).is_file():
            return False  # a damaged preset
        return not name.startswith("albert_keras>")
    # google's folders; one of ours that lacks its configuration is damaged.
    return any(path.glob("*.index"))


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
