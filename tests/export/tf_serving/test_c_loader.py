"""SavedModels in the loader that TF Serving uses, without Python."""

import struct
import subprocess

import numpy as np
import pytest
import tensorflow as tf
from export_models import MODELS, keras_outputs, random_ids
from loader_process import LoaderProcess, op_libraries
from refused import RefusedError

TEXTS = [
    "The [MASK] of an argument.",
    "No mask here",
    "[MASK] or [MASK], 1,234 times: Café [MASK]",
    "",
    "a\x00b",
    b"\xff\xfe not UTF-8",
]
INVALID_ARGUMENT, NOT_FOUND = 3, 5


@pytest.fixture(scope="module")
def loaders(program, folders):
    running = {
        name: LoaderProcess(program, folder / "1")
        for name, folder in folders.items()
    }
    yield running
    assert [each.close() for each in running.values()] == [0] * len(running)


@pytest.mark.parametrize("name", MODELS)
def test_ids_get_what_keras_gives(loaders, models, name):
    inputs = random_ids(models[name], rows=3, length=19, masks=2)
    outputs = loaders[name].predict(inputs, "serve_ids")
    expected = keras_outputs(models[name], inputs)
    assert outputs.keys() == expected.keys()
    for output in expected:
        np.testing.assert_allclose(
            outputs[output], expected[output], atol=1e-5, err_msg=output
        )


@pytest.mark.parametrize("name", MODELS)
def test_texts_get_what_python_gives(loaders, served, name):
    expected = served[name]["serving_default"](tf.constant(TEXTS))
    outputs = loaders[name].predict({"text": TEXTS})
    assert outputs.keys() == expected.keys()
    for output, values in expected.items():
        if values.dtype.is_floating:
            np.testing.assert_allclose(outputs[output], values, atol=1e-5)
        else:
            assert outputs[output].tolist() == values.numpy().tolist()


TASK_INPUTS = {
    ("reader", "answer"): {
        "question": ["Which value?", "", "a\x00b"],
        "context": ["The value 1,234 — Élan — of a name. " * 6, "", "x"],
    },
    ("tagger", "tag"): {"text": TEXTS},
    ("chooser", "choose"): {
        "context": TEXTS[:2],
        "question": ["What _ ?", "Why"],
        "options": [["a", "the name", ""], ["x", "y", "z"]],
    },
    ("backbone", "embed"): {"text": TEXTS},
    ("classifier", "classify"): {"text": TEXTS},
    ("pretrainer", "serve_pairs"): {"text": TEXTS, "pair": TEXTS[::-1]},
    ("masked_lm", "fill_mask"): {"text": TEXTS},
}
TASK_INPUTS["reader_v2", "answer"] = TASK_INPUTS["reader", "answer"]


@pytest.mark.parametrize(("name", "signature"), TASK_INPUTS)
def test_tasks_get_what_python_gives(loaders, served, name, signature):
    inputs = TASK_INPUTS[name, signature]
    expected = served[name][signature](
        **{key: tf.constant(each) for key, each in inputs.items()}
    )
    outputs = loaders[name].predict(inputs, signature)
    assert outputs.keys() == expected.keys()
    for output, values in expected.items():
        if values.dtype.is_floating:
            np.testing.assert_allclose(outputs[output], values, atol=1e-5)
        else:
            assert outputs[output].tolist() == values.numpy().tolist()


def test_a_classifier_gets_what_keras_predicts_from_strings(models, loaders):
    texts = TEXTS[:4]
    expected = models["classifier"].predict(texts, verbose=0)
    outputs = loaders["classifier"].predict({"text": texts})
    np.testing.assert_allclose(outputs["logits"], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("inputs", "signature", "code", "sentence"),
    [
        ({"text": ["a"]}, "serve", NOT_FOUND, "have the signature"),
        ({"text": [1.0]}, "serving_default", INVALID_ARGUMENT, "of dtype 7"),
        (
            {"text": [["a"]]},
            "serving_default",
            INVALID_ARGUMENT,
            "1 dimension",
        ),
        (
            {"text": "a"},
            "serving_default",
            INVALID_ARGUMENT,
            "1 dimension",
        ),
        ({"texts": ["a"]}, "serving_default", INVALID_ARGUMENT, "`texts`"),
        ({}, "serving_default", INVALID_ARGUMENT, "get 1 tensor"),
        (
            {"text": ["a"], "more": ["a"]},
            "serving_default",
            INVALID_ARGUMENT,
            "get 1 tensor",
        ),
    ],
)
def test_what_is_wrong_is_refused_and_the_next_request_answered(
    loaders, inputs, signature, code, sentence
):
    loader = loaders["classifier"]
    right = loader.predict({"text": TEXTS})["scores"]
    with pytest.raises(RefusedError, match=sentence) as refused:
        loader.predict(inputs, signature)
    assert refused.value.code == code
    np.testing.assert_array_equal(
        loader.predict({"text": TEXTS})["scores"], right
    )


def test_an_empty_batch_gets_an_empty_answer(loaders):
    texts = np.empty([0], object)
    outputs = loaders["classifier"].predict({"text": texts})
    assert outputs["scores"].shape == (0, 3)


def test_a_tensor_that_is_shorter_than_its_shape_is_refused(program, folders):
    request = (
        *(struct.pack("<I", 15), b"serving_default", struct.pack("<I", 1)),
        *(struct.pack("<I", 4), b"text", struct.pack("<iIq", 7, 1, 2**40)),
        *(struct.pack("<QQ", 9, 1), b"a"),
    )
    ran = subprocess.run(
        [program, folders["classifier"] / "1", *op_libraries()],
        input=b"".join(request),
        capture_output=True,
    )
    assert ran.returncode == 0
    _loaded, _none, code, length = struct.unpack_from("<IIII", ran.stdout)
    assert code == INVALID_ARGUMENT
    assert ran.stdout[16:].startswith(b"`text` must hold as many")
    assert len(ran.stdout) == 16 + length


def test_a_folder_without_model_is_refused(program, tmp_path):
    with pytest.raises(RefusedError, match=str(tmp_path)):
        LoaderProcess(program, tmp_path)


def test_there_is_no_python_in_the_process(loaders):
    with open(f"/proc/{loaders['classifier'].pid}/maps") as maps:
        mapped = maps.read()
    assert "libtensorflow_cc.so.2" in mapped
    assert "libpython" not in mapped
