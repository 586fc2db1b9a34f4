"""Keras' own export to ONNX and OpenVINO gives the answers of each model."""

import keras
import numpy as np
import pytest
from export_models import MODELS, TASKS, random_ids

TOLERANCE = 1e-5


# What TensorFlow calls an output without a name.
ONLY_OUTPUT = "Identity:0"


def named_outputs(model: keras.Model, inputs: dict) -> dict[str, np.ndarray]:
    """Return what Keras computes, under the names of the exports."""
    outputs = model(inputs, training=False)
    if not isinstance(outputs, dict):
        outputs = {ONLY_OUTPUT: outputs}
    return {name: np.asarray(output) for name, output in outputs.items()}


def check(expected: dict, found: dict) -> None:
    for name, output in expected.items():
        np.testing.assert_allclose(
            found[name], output, rtol=0, atol=TOLERANCE, err_msg=name
        )


@pytest.mark.parametrize("name", MODELS + TASKS)
def test_onnx(name, models, tmp_path):
    pytest.importorskip("tf2onnx", reason="tf2onnx is not installed")
    runtime = pytest.importorskip(
        "onnxruntime", reason="ONNX Runtime is not installed"
    )
    model = models[name]
    model(random_ids(model), training=False)  # Keras wants a model called once
    path = str(tmp_path / "model.onnx")
    model.export(path, format="onnx", verbose=False)
    session = runtime.InferenceSession(path)
    names = [output.name for output in session.get_outputs()]
    for rows, length in ((1, 12), (3, 32)):
        inputs = random_ids(model, rows, length)
        check(
            named_outputs(model, inputs),
            dict(zip(names, session.run(None, inputs), strict=True)),
        )


@pytest.mark.parametrize("name", MODELS + TASKS)
def test_openvino(name, models, tmp_path):
    openvino = pytest.importorskip(
        "openvino", reason="OpenVINO is not installed"
    )
    model = models[name]
    path = str(tmp_path / "model.xml")  # Keras refuses a Path
    model.export(path, format="openvino", verbose=False)
    compiled = openvino.Core().compile_model(
        path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}
    )
    for rows, length in ((1, 12), (3, 32)):
        inputs = random_ids(model, rows, length)
        found = compiled(inputs)
        check(
            named_outputs(model, inputs),
            {
                output: found[port]
                for port in compiled.outputs
                for output in port.get_names()
            },
        )
