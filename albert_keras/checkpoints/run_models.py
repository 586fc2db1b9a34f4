"""Models of training runs: finished, stopped, or at a single checkpoint."""

import functools
import json
import re
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from albert_keras.artefact_names import (
    RUN_CHECKPOINTS,
    RUN_PRESET,
    RUN_RECORD,
)
from albert_keras.checkpoints.model_parts import MODEL_HEADS
from albert_keras.checkpoints.notes import say
from albert_keras.checkpoints.vocabulary import (
    find_vocabulary,
    tokenizer_of_file,
)
from albert_keras.config import AlbertConfig
from albert_keras.json_objects import read_json_object
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_pretrainer import AlbertPretrainer
from albert_keras.models_nearby import models_nearby

STEP_CHECKPOINT = re.compile(r"step_(\d{8})\.npz")
_KEY = re.compile(r"model/\d{4}/(.+)")
_SEED = "seed_generator_state"


def variables_by_name(model: Any) -> dict[str, Any]:
    """Return the variables of a model, each under a unique name.

    Keras numbers the paths of seed generators by how many layers the process
    made before, so of those only the place in the model counts.

    Args:
        model: Any Keras model.
    """
    named = {}
    for index, variable in enumerate(model.variables):
        is_generator = variable.name == _SEED
        label = variable.name if is_generator else variable.path
        named[f"model/{index:04d}/{label}"] = variable
    return named


def describe_model(
    model: Any, tokenizer: Any, sequence_length: int
) -> dict[str, Any]:
    """Return what a run's record keeps of its model, as JSON holds it.

    Args:
        model: A task of this package.
        tokenizer: The tokenizer of the run.
        sequence_length: Tokens of an example.
    """
    config = {
        name: value
        for name, value in model.get_config().items()
        if name not in ("preprocessor", "name")
    }
    described = {
        "class": type(model).__name__,
        "config": config,
        "sequence_length": sequence_length,
        "tokenizer": keras.layers.serialize(tokenizer),
    }
    return json.loads(json.dumps(described))


def preset_of_run(path: Path) -> Path:
    """Return the preset of a run or of a checkpoint.

    Args:
        path: The folder of a run, or a checkpoint in one.

    Returns:
        The preset of a finished run; else a temporary one.

    Raises:
        FileNotFoundError: There is no such checkpoint, the run has none yet,
            or the run's record is missing.
        ValueError: The checkpoint or the record is damaged.
    """
    if path.is_dir():
        if (path / RUN_PRESET).is_dir():
            return path / RUN_PRESET
        path = _latest(path)
        say(
            f"The run '{path.parent.parent}' isn't finished; its latest "
            f"checkpoint, {path.name}, is used."
        )
    if not path.is_file():
        raise FileNotFoundError(
            f"A checkpoint must be a file. Received: {str(path)!r}, which was "
            f"not found. {models_nearby(path)}"
        )
    return _written(path.resolve(), path.stat().st_mtime_ns)


def _latest(run: Path) -> Path:
    folder = run / RUN_CHECKPOINTS
    found = [
        path
        for path in (sorted(folder.iterdir()) if folder.is_dir() else [])
        if STEP_CHECKPOINT.fullmatch(path.name) and zipfile.is_zipfile(path)
    ]
    if not found:
        raise FileNotFoundError(
            f"The run '{run}' must have a preset or a checkpoint to be used as "
            "a model. Received: a run without either; resume it with --resume."
        )
    return found[-1]


@functools.cache
def _temporary() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="albert-keras-")


@functools.cache
def _written(checkpoint: Path, modified: int) -> Path:
    """Write a checkpoint as a preset that lasts as long as the process.

    Args:
        checkpoint: The file.
        modified: When it was written, so that a later one is read again.
    """
    model = _model_of(checkpoint)
    run = checkpoint.parent.parent
    name = f"{run.name}-{checkpoint.stem}"
    folder = Path(tempfile.mkdtemp(dir=_temporary().name)) / name
    model.save_to_preset(str(folder))
    return folder


def _model_of(checkpoint: Path) -> Any:
    run = checkpoint.parent.parent
    if not (run / RUN_RECORD).is_file():
        raise FileNotFoundError(
            f"The checkpoint '{checkpoint}' must be in the folder of its run, "
            f"RUN/{RUN_CHECKPOINTS}, as RUN/{RUN_RECORD} holds the sizes of "
            f"the model. Received: no '{run / RUN_RECORD}'."
        )
    arrays = _read(checkpoint)
    try:
        model = described_model(run)
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"'{run / RUN_RECORD}' must be the record of a training run that "
            f"describes its model. Received: one that lacks {error}."
        ) from None
    _assign(model, arrays, checkpoint)
    return model


def described_model(run: Path) -> Any:
    """Return the model that a run's record describes, with random weights.

    Args:
        run: The folder of the run.

    Raises:
        KeyError: The record lacks something.
    """
    record = read_json_object(run / RUN_RECORD)
    vocabulary = find_vocabulary(run)
    tokenizer = None
    if "model" not in record:
        # Runs of earlier versions, which only pretrained.
        config = AlbertConfig.from_dict(
            record["inputs"]["config"], source=run / RUN_RECORD
        )
        if vocabulary is not None:
            tokenizer = tokenizer_of_file(vocabulary.path)
        return AlbertPretrainer(
            AlbertBackbone.from_albert_config(
                config, dtype=record["inputs"]["options"]["dtype"]
            ),
            tokenizer and AlbertPretrainer.preprocessor_cls(tokenizer),
        )
    described = record["model"]
    classes = {known.__name__: known for known in MODEL_HEADS}
    model_class: Any = classes[described["class"]]
    preprocessor = None
    if vocabulary is not None:
        tokenizer = keras.layers.deserialize(described["tokenizer"])
        if vocabulary.path.suffix == ".txt":
            tokenizer.set_vocabulary(vocabulary.path)
        else:
            tokenizer.set_proto(str(vocabulary.path))
        preprocessor = model_class.preprocessor_cls(
            tokenizer, sequence_length=described["sequence_length"]
        )
    return model_class.from_config(
        {**described["config"], "preprocessor": preprocessor}
    )


def _read(checkpoint: Path) -> dict[str, np.ndarray]:
    """Return the weights of a checkpoint by the paths of their variables."""
    try:
        # numpy leaves a damaged file open unless it is opened here.
        with (
            checkpoint.open("rb") as file,
            np.load(file, allow_pickle=False) as archive,
        ):
            names = {
                match[1]: match[0]
                for match in map(_KEY.fullmatch, archive.files)
                if match is not None
            }
            arrays = {
                path: archive[name]
                for path, name in names.items()
                if path != _SEED
            }
    except (AttributeError, ValueError, EOFError, zipfile.BadZipFile):
        arrays = {}
    if not arrays:
        raise ValueError(
            f"'{checkpoint}' must be a checkpoint of a training run. "
            "Received: a file that is damaged or something else."
        )
    if any("lora" in path for path in arrays):
        raise ValueError(
            f"'{checkpoint}' must hold plain weights to be used as a model. "
            "Received: weights with LoRA; resume the run to its end and use "
            "its preset."
        )
    return arrays


def _assign(
    model: keras.Model, arrays: Mapping[str, np.ndarray], checkpoint: Path
) -> None:
    variables = {variable.path: variable for variable in model.weights}
    for path in sorted(variables.keys() | arrays.keys()):
        expected = tuple(variables[path].shape) if path in variables else None
        found = arrays[path].shape if path in arrays else None
        if expected != found:
            raise ValueError(
                f"'{checkpoint}' must hold the weights that its run's record "
                f"calls for. Received: {path} of shape {found}, expected "
                f"{expected}."
            )
    for path, variable in variables.items():
        variable.assign(arrays[path])
