"""Outputs of a loaded model against those of the code that wrote it."""

from pathlib import Path

import numpy as np

import albert_keras as ak


def load(name: str, archive: Path, config: ak.AlbertConfig | None = None):
    """The model in an archive of `make_checkpoint_goldens.py`."""
    options = {}
    if name == "google-race":  # google's names do not tell it from others
        options["model_class"] = ak.AlbertMultipleChoice
    if name.startswith("google-squad_v2"):
        options.update(start_n_top=3, end_n_top=2)
    return ak.checkpoints.load(archive, config=config, **options)


def inputs_of(model, golden: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    inputs = {k: v for k, v in golden.items() if not k.startswith("out_")}
    if "mask_positions" in model.input and "mask_positions" not in inputs:
        rows, length = inputs["token_ids"].shape
        inputs["mask_positions"] = np.tile(
            np.arange(length, dtype="int32"), (rows, 1)
        )
    return inputs


def differences(model, golden: dict[str, np.ndarray]) -> dict[str, float]:
    """The largest difference of each output, padding left out."""
    inputs = inputs_of(model, golden)
    outputs = model(inputs, training=False)
    if not isinstance(outputs, dict):
        outputs = {"logits": outputs}
    if "out_sequence_output" in golden and "sequence_output" not in outputs:
        ids = {name: inputs[name] for name in model.backbone.input}
        outputs = {**outputs, **model.backbone(ids)}
    is_token = inputs["padding_mask"].astype(bool)
    found = {}
    for key, theirs in golden.items():
        if not key.startswith("out_"):
            continue
        name = key.removeprefix("out_")
        ours = _ours(name, outputs).reshape(theirs.shape)
        # Without `mask_positions` there is a row for each token.
        per_token = theirs.shape[: is_token.ndim] == is_token.shape
        if per_token and not name.startswith(("start_log", "end_log")):
            ours, theirs = ours[is_token], theirs[is_token]
        found[name] = float(np.abs(ours - theirs).max())
    return found


def _ours(name: str, outputs) -> np.ndarray:
    if name in ("mlm_log_probs", "sop_log_probs"):
        logits = np.asarray(outputs[name.replace("log_probs", "logits")])
        logits = logits - logits.max(axis=-1, keepdims=True)
        return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    return np.asarray(outputs[name])
