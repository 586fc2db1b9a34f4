"""Presets of this package's classes, as any of its classes."""

from pathlib import Path
from typing import Any

from albert_keras.checkpoints.model_parts import (
    heads_of,
    heads_of_model,
    parts_of,
)
from albert_keras.checkpoints.names import POOLER
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_masked_lm import AlbertMaskedLM
from albert_keras.models.albert_pretrainer import AlbertPretrainer
from albert_keras.models.arguments import sort_arguments, with_arguments
from albert_keras.models.preset import (
    check_preset,
    given_path,
    saved_task_class,
)


def load_own_preset(
    folder: Path,
    model_class: Any,
    init_missing_heads: bool,
    arguments: dict[str, Any],
    load_weights: bool = True,
) -> Any:
    """Loads a preset; with a class other than its own, what they share.

    Args:
        folder: The preset.
        model_class: What to make of it; None for what was saved.
        init_missing_heads: Allow heads that it lacks to begin with random
            values.
        arguments: For the constructor.
        load_weights: Whether to load weights, or keep random ones.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A file is damaged, or a head is missing.
    """
    saved_class: Any = AlbertBackbone
    check_preset(AlbertBackbone, folder)
    if saved_task_class(folder) is not None:
        saved_class = saved_task_class(folder)
        check_preset(saved_class, folder)
    if issubclass(model_class or saved_class, AlbertBackbone):
        arguments.pop("preprocessor", None)  # it has none
    if model_class is None or issubclass(saved_class, model_class):
        return saved_class.from_preset(folder, load_weights, **arguments)
    heads_of(model_class)  # refuses a class that is none of ours
    if issubclass(model_class, AlbertBackbone):
        return model_class.from_preset(folder, load_weights, **arguments)
    arguments, for_backbone, for_preprocessor = sort_arguments(
        model_class, arguments
    )
    dtype = {"dtype": arguments.pop("dtype")} if "dtype" in arguments else {}
    saved = saved_class.from_preset(folder, load_weights, **dtype)
    backbone = getattr(saved, "backbone", saved)
    if for_backbone:
        backbone = AlbertBackbone.from_preset(
            folder, load_weights, **for_backbone, **dtype
        )
    wanted = heads_of(model_class, arguments.get("head", "v1"))
    missing = [
        head.name
        for head in wanted
        if head not in (*heads_of_model(saved), POOLER)
    ]
    if missing and not init_missing_heads:
        raise ValueError(
            f"`{given_path(folder)}` must hold the {' and '.join(missing)} of "
            f"{model_class.__name__}, unless init_missing_heads=True asks for "
            f"random values. Received: a preset of {saved_class.__name__}."
        )
    if "preprocessor" not in arguments:
        arguments["preprocessor"] = with_arguments(
            _preprocessor(folder, saved, model_class),
            for_preprocessor,
            backbone.max_sequence_length,
        )
    if hasattr(saved, "head_layer_norm_epsilon") and issubclass(
        model_class, AlbertMaskedLM | AlbertPretrainer
    ):
        arguments.setdefault(
            "head_layer_norm_epsilon", saved.head_layer_norm_epsilon
        )
    model = model_class(backbone, **arguments)
    held = {part.names: part.variable for part in parts_of(saved)}
    for part in parts_of(model):
        if part.names in held and held[part.names] is not part.variable:
            part.variable.assign(held[part.names])
    return model


def _preprocessor(folder: Path, saved: Any, model_class: Any) -> Any:
    preprocessor = getattr(saved, "preprocessor", None)
    if preprocessor is None or isinstance(
        preprocessor, model_class.preprocessor_cls
    ):
        return preprocessor
    return model_class.preprocessor_cls(
        preprocessor.tokenizer, sequence_length=preprocessor.sequence_length
    )
