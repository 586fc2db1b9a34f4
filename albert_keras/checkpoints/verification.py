"""Whether two checkpoints compute the same, also by the code of others."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from albert_keras.checkpoints.keras_hub_preset import BACKBONE
from albert_keras.json_objects import read_json_object
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_multiple_choice import AlbertMultipleChoice

Outputs = dict[str, np.ndarray]
# What transformers calls our outputs; `logits` is that of most tasks.
_HUGGING_FACE = {
    "sequence_output": "last_hidden_state",
    "pooled_output": "pooler_output",
    "mlm_logits": "prediction_logits",
    "sop_logits": "sop_logits",
    "start_logits": "start_logits",
    "end_logits": "end_logits",
    "logits": "logits",
}


class Comparison(NamedTuple):
    """What came of comparing a checkpoint with a model.

    Args:
        what: Whose code ran on which files.
        difference: The largest absolute difference of any output; None where
            it was not run.
        reason: Why it was not.
    """

    what: str
    difference: float | None
    reason: str = ""


def sample_inputs(model: Any, seed: int = 0) -> dict[str, np.ndarray]:
    """Random ids of two rows and two segments, the second row padded.

    Args:
        model: A backbone or a task of this package.
        seed: What the ids depend on.
    """
    backbone = model if isinstance(model, AlbertBackbone) else model.backbone
    random = np.random.default_rng(seed)
    length = min(16, backbone.max_sequence_length)
    shape: tuple[int, ...] = (2, length)
    if isinstance(model, AlbertMultipleChoice):
        shape = (2, 3, length)
    is_token = np.ones(shape, "int32")
    is_token[1:, ..., length * 3 // 4 :] = 0
    inputs = {
        "token_ids": random.integers(5, backbone.vocabulary_size, shape),
        "segment_ids": np.arange(length) >= length // 2,
        "padding_mask": is_token,
    }
    inputs["token_ids"] = inputs["token_ids"] * is_token
    inputs["segment_ids"] = np.broadcast_to(inputs["segment_ids"], shape)
    if "mask_positions" in model.input:
        inputs["mask_positions"] = np.tile(np.arange(length * 3 // 4), (2, 1))
    if "answer_mask" in model.input:
        inputs["answer_mask"] = is_token
    return {name: value.astype("int32") for name, value in inputs.items()}


def outputs_of(model: Any, inputs: dict[str, np.ndarray]) -> Outputs:
    """What a model puts out; values of padding are left out."""
    outputs = model(inputs, training=False)
    if not isinstance(outputs, dict):
        outputs = {"logits": outputs}
    return {name: np.asarray(value) for name, value in outputs.items()}


def compare_models(
    what: str, first: Any, second: Any, inputs: dict[str, np.ndarray]
) -> Comparison:
    """The difference between two models of this package."""
    return Comparison(
        what,
        _difference(
            outputs_of(first, inputs), outputs_of(second, inputs), inputs
        ),
    )


def compare_with_peer(
    path: Path, model: Any, inputs: dict[str, np.ndarray]
) -> Comparison | None:
    """Runs the code that a folder was written for or by, if it is installed.

    Args:
        path: A folder of Hugging Face's or a preset of KerasHub's classes.
        model: The model of this package with the same weights.
        inputs: Of `sample_inputs`.

    Returns:
        None for other folders.
    """
    if not (path.is_dir() and (path / "config.json").is_file()):
        return None
    settings = read_json_object(path / "config.json")
    if settings.get("registered_name") == BACKBONE:
        theirs = _run_keras_hub(path, inputs)
        return Comparison(
            f"{path} by keras-hub",
            _difference(outputs_of(model, inputs), theirs, inputs),
        )
    if "architectures" not in settings:
        return None
    if find_spec("transformers") is None or find_spec("torch") is None:
        reason = "transformers and torch are not installed"
        return Comparison(f"{path} by transformers", None, reason)
    theirs = _run_transformers(path, settings["architectures"][0], inputs)
    return Comparison(
        f"{path} by transformers",
        _difference(outputs_of(model, inputs), theirs, inputs),
    )


def _difference(
    ours: Outputs, theirs: Outputs, inputs: dict[str, np.ndarray]
) -> float:
    shared = sorted(ours.keys() & theirs.keys())
    if not shared:
        raise ValueError(
            f"The models must have an output in common. Received: "
            f"{', '.join(ours)} and {', '.join(theirs)}."
        )
    is_token = inputs["padding_mask"].astype(bool)
    largest = 0.0
    for name in shared:
        first, second = ours[name], theirs[name]
        if first.shape[: is_token.ndim] == is_token.shape:
            first, second = first[is_token], second[is_token]
        difference = np.abs(first.astype("f8") - second.astype("f8")).max()
        largest = max(largest, float(difference))
    return largest


def _run_keras_hub(path: Path, inputs: dict[str, np.ndarray]) -> Outputs:
    models = import_module("keras_hub").models
    name = "AlbertBackbone"
    if (path / "task.json").is_file():
        name = read_json_object(path / "task.json")["class_name"]
    options: Any = {} if name == "AlbertBackbone" else {"preprocessor": None}
    model = getattr(models, name).from_preset(str(path), **options)
    return outputs_of(model, inputs)


def _run_transformers(
    path: Path, architecture: str, inputs: dict[str, np.ndarray]
) -> Outputs:
    torch, transformers = import_module("torch"), import_module("transformers")
    model = getattr(transformers, architecture).from_pretrained(path).eval()
    with torch.no_grad():
        found = model(
            input_ids=torch.tensor(inputs["token_ids"], dtype=torch.int64),
            token_type_ids=torch.tensor(
                inputs["segment_ids"], dtype=torch.int64
            ),
            attention_mask=torch.tensor(
                inputs["padding_mask"], dtype=torch.int64
            ),
        )
    outputs = {
        ours: found[theirs].numpy()
        for ours, theirs in _HUGGING_FACE.items()
        if theirs in found and found[theirs] is not None
    }
    if "mask_positions" in inputs:
        for name in ("mlm_logits", "logits"):
            if name in outputs:
                outputs[name] = np.take_along_axis(
                    outputs[name], inputs["mask_positions"][..., None], axis=1
                )
    return outputs
