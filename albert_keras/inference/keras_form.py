"""Keras models, as `LoadedModel`s."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np

from albert_keras import checkpoints
from albert_keras.checkpoints.handles import fetched
from albert_keras.checkpoints.loading import tokenizer_in
from albert_keras.checkpoints.temporary_presets import as_own_model
from albert_keras.checkpoints.vocabulary import tokenizer_of_file
from albert_keras.inference.loaded_model import (
    TASKS,
    Arrays,
    LoadedModel,
    python_tokenizer,
)
from albert_keras.inference.sentence_layout import read_layout
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_masked_lm import AlbertMaskedLM
from albert_keras.models.albert_text_classifier import AlbertTextClassifier
from albert_keras.models.own_head import OwnHead, class_name
from albert_keras.models.preset import (
    as_preset,
    check_preset,
    is_elsewhere,
    saved_labels,
    saved_task_class,
)
from albert_keras.models.serving import (
    backbone_of,
    max_text_length,
    model_outputs,
    problem_type_of,
)


def load_preset(
    preset: str | os.PathLike[str], task: str | None, tokenizer: Any = None
) -> LoadedModel:
    """Loads a preset, or what a handle stands for.

    Args:
        preset: As `from_preset` takes it.
        task: What the model shall do. To embed takes the backbone of whatever
            model there is. None for what it is for.
        tokenizer: In place of its own.
    """
    name = as_preset(preset)
    if is_elsewhere(name) or "://" in name:
        # Whatever it holds has the tokenizer, which a backbone would not.
        wanted = AlbertMaskedLM if task == "fill-mask" else None
        model = checkpoints.load(name, wanted)
        if not isinstance(model, AlbertBackbone):
            return of_keras(model, tokenizer, source=name, task=task)
        folder = fetched(name)
        tokenizer = tokenizer or tokenizer_in(folder)
        found = of_keras(model, tokenizer, source=name, task=task)
        return _with_layout(found, folder)
    check_preset(AlbertBackbone, name)
    saved: Any = saved_task_class(name) or AlbertBackbone
    loaded = saved
    if task == "embed":
        loaded = AlbertBackbone
    elif task == "fill-mask" and _may_fill_masks(saved):
        loaded = AlbertMaskedLM
    model = loaded.from_preset(name)
    if tokenizer is None and loaded is AlbertBackbone:
        tokenizer = tokenizer_of_file(name)
    found = of_keras(
        model,
        tokenizer,
        source=os.fspath(preset),
        labels=saved_labels(Path(name)),
    )
    return _with_layout(found, Path(preset))


def _with_layout(model: LoadedModel, folder: Path) -> LoadedModel:
    """Add what sentence-transformers says of an encoder in a folder."""
    layout = read_layout(folder) if model.task == "embed" else None
    if layout is None:
        return model
    longest = min(layout.max_tokens or model.max_tokens, model.max_tokens)
    return dataclasses.replace(model, layout=layout, max_tokens=longest)


def of_keras(
    model: Any,
    tokenizer: Any = None,
    *,
    source: str | None = None,
    labels: tuple[str, ...] | None = None,
    task: str | None = None,
) -> LoadedModel:
    """A Keras model that can be asked.

    Args:
        model: A model as `ak.export.saved_model` takes it.
        tokenizer: Its tokenizer; by default that of its preprocessor.
        source: What it is called in messages.
        labels: Names of its classes; by default the model's own.
        task: What it shall do: to embed takes its backbone.

    Raises:
        TypeError: It isn't such a model.
        ValueError: There is no tokenizer.
    """
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"`model` must be one of {', '.join(TASKS)}, a Keras model built "
            "on an AlbertBackbone, or the path of one. Received: "
            f"{type(model).__name__}."
        )
    model = as_own_model(model)
    names = [each.__name__ for each in type(model).__mro__]
    model_class = next((name for name in names if name in TASKS), None)
    if model_class is None:
        model = OwnHead(model)
        model_class = class_name(model)
    source = source or f"the {class_name(model)}"
    if tokenizer is None:
        owner = getattr(model, "preprocessor", None) or model
        tokenizer = getattr(owner, "tokenizer", None)
    if labels is None:
        labels = getattr(model, "labels", None)
    if task == "embed":
        model, model_class = backbone_of(model), "AlbertBackbone"
        if not isinstance(model, AlbertBackbone):
            raise TypeError(
                "`embed` must be given a model that has its encoder as one "
                f"layer. Received: {source}, made of the encoder's inputs and "
                "outputs; pass the AlbertBackbone itself."
            )
    if tokenizer is None:
        raise ValueError(
            "`tokenizer` must be given for a model without one; of a file or "
            "folder, albert-keras convert IN OUT --to keras --tokenizer FILE "
            f"writes a model with it. Received: tokenizer=None for {source}."
        )
    return LoadedModel(
        model_class,
        source,
        python_tokenizer(tokenizer),
        max_text_length(model),
        labels,
        frozenset(model.input),
        _runner(model),
        problem_type=problem_type_of(model)
        if isinstance(model, AlbertTextClassifier)
        else None,
        token_outputs=frozenset(getattr(model, "token_outputs", ())),
    )


def _may_fill_masks(model_class: Any) -> bool:
    return TASKS.get(model_class.__name__, "embed") in ("fill-mask", "embed")


def _runner(model: Any) -> Callable[[Arrays], dict[str, np.ndarray]]:
    """The model as a function of arrays, traced once where that can be."""

    def call(inputs: Any) -> Any:
        return model_outputs(model, inputs)

    function = call
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        specs = {
            name: tf.TensorSpec(each.shape, tf.int32, name=name)
            for name, each in model.input.items()
        }
        traced = tf.function(call, input_signature=[specs], autograph=False)
        function = traced.get_concrete_function()

    def run(inputs: Arrays) -> dict[str, np.ndarray]:
        outputs = function(
            {
                name: keras.ops.convert_to_tensor(inputs[name])
                for name in model.input
            }
        )
        return {
            name: keras.ops.convert_to_numpy(output)
            for name, output in outputs.items()
        }

    return run
