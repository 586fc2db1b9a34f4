"""After `import albert_keras` alone, Keras finds every class in a file."""

import json
import pkgutil
import subprocess
import sys
from importlib import import_module

import keras
import numpy as np
import pytest

import albert_keras as ak
from albert_keras.training import Lamb, PolynomialDecayWithWarmup

SIZES = {
    "vocabulary_size": 60,
    "num_layers": 2,
    "num_heads": 2,
    "embedding_dim": 8,
    "hidden_dim": 16,
    "intermediate_dim": 24,
    "max_sequence_length": 12,
}
IDS = {
    "token_ids": np.array([[2, 9, 8, 3, 0], [2, 7, 6, 5, 3]], "int32"),
    "segment_ids": np.zeros((2, 5), "int32"),
    "padding_mask": np.array([[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]], "int32"),
}
LOAD = """
import json, sys
before, folder, names = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
if before == "keras":
    import keras
    import albert_keras
else:
    import albert_keras
    assert "keras" not in sys.modules
    import keras
assert "albert_keras.models" not in sys.modules
ids = {n: keras.ops.convert_to_tensor(v) for n, v in names["ids"].items()}
found = {}
if before == "keras":
    # `class_name` alone would be Keras' own optimizer.
    optimizer = keras.optimizers.deserialize(names["optimizer"])
    found["optimizer"] = type(optimizer).__module__
for name in names["files"]:
    model = keras.models.load_model(f"{folder}/{name}.keras")
    found[name] = keras.ops.convert_to_numpy(model(ids)).tolist()
found["classes"] = [
    keras.saving.get_registered_object(name) is not None
    for name in names["classes"]
]
print(json.dumps(found))
"""


def registered_classes():
    """Every class of the package that Keras has to know, by walking it."""
    modules = [
        import_module(module.name)
        for package in ("layers", "models", "training")
        for module in pkgutil.walk_packages(
            import_module(f"albert_keras.{package}").__path__,
            f"albert_keras.{package}.",
        )
        if "jax" not in module.name
    ]
    return {
        each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type)
        and each.__module__ == module.__name__
        and hasattr(each, "get_config")
        and issubclass(
            each,
            keras.layers.Layer
            | keras.optimizers.Optimizer
            | keras.optimizers.schedules.LearningRateSchedule
            | keras.losses.Loss
            | keras.metrics.Metric,
        )
        # Nobody makes the first or saves the second.
        and each.__name__ not in ("AlbertOptimizer", "OwnHead")
    }


def test_every_class_is_registered():
    for each in registered_classes():
        name = keras.saving.get_registered_name(each)
        assert name == f"albert_keras>{each.__name__}"
        assert keras.saving.get_registered_object(name) is each


@pytest.mark.parametrize("first", ["albert_keras", "keras"])
def test_files_load_in_a_fresh_process(first, tmp_path):
    backbone = ak.AlbertBackbone(**SIZES)
    own_head = keras.Model(
        backbone.input,
        keras.layers.Dense(2)(backbone.output["pooled_output"]),
    )
    models = {
        "classifier": ak.AlbertTextClassifier(ak.AlbertBackbone(**SIZES), 2),
        "own_head": own_head,
    }
    for name, model in models.items():
        model.save(tmp_path / f"{name}.keras")
    names = {
        "ids": {name: rows.tolist() for name, rows in IDS.items()},
        "files": list(models),
        "classes": sorted(
            keras.saving.get_registered_name(each)
            for each in registered_classes()
        ),
        "optimizer": keras.optimizers.serialize(
            Lamb(PolynomialDecayWithWarmup(0.1, 10, 2))
        ),
    }
    printed = subprocess.check_output(
        [sys.executable, "-c", LOAD, first, tmp_path, json.dumps(names)],
        text=True,
    )
    found = json.loads(printed.splitlines()[-1])
    for name, model in models.items():
        np.testing.assert_array_equal(
            np.array(found[name], "float32"), np.asarray(model(IDS))
        )
    assert all(found["classes"])
    if first == "keras":
        assert found["optimizer"] == Lamb.__module__
