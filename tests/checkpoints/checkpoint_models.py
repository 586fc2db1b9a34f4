"""Models to save, and how to compare them."""

import dataclasses
import shutil
from pathlib import Path

import keras
import numpy as np

import albert_keras as ak

GOLDENS = Path(__file__).parent.parent / "goldens" / "checkpoints"


def unpack(name: str, folder: Path) -> Path:
    """The folder that a peer wrote."""
    shutil.unpack_archive(GOLDENS / f"{name}.tar.gz", folder)
    return folder / name


def tiny_backbone(**changes) -> ak.AlbertBackbone:
    """Two groups of two blocks, and nothing that is zero or one."""
    config = dataclasses.replace(
        ak.AlbertConfig.named("albert_tiny_test"),
        vocab_size=200,
        num_hidden_layers=4,
        num_hidden_groups=2,
        inner_group_num=2,
    )
    return ak.AlbertBackbone.from_albert_config(config, **changes)


def randomized(model: keras.Model) -> keras.Model:
    random = np.random.default_rng(3)
    for variable in weights_of(model).values():
        noise = random.normal(0, 0.1, variable.shape).astype("float32")
        variable.assign(variable.numpy() + noise)
    return model


def weights_of(model: keras.Model) -> dict:
    """The variables that are weights, by path; no seeds, no metrics."""
    metrics = {id(v) for metric in model.metrics for v in metric.variables}
    return {
        v.path: v
        for v in model.weights
        if v.dtype == "float32" and id(v) not in metrics
    }


def differing(first: keras.Model, second: keras.Model) -> list[str]:
    """Paths of the weights that are not the same to the bit."""
    ours, theirs = weights_of(first), weights_of(second)
    assert ours.keys() == theirs.keys()
    return [
        path
        for path, variable in ours.items()
        if variable.numpy().tobytes() != theirs[path].numpy().tobytes()
    ]
