"""Warm-up requests, read as TF Serving reads them."""

import numpy as np
import pytest
import tensorflow as tf
from export_models import MODELS, TASKS

import albert_keras as ak

logs = pytest.importorskip("tensorflow_serving.apis.prediction_log_pb2")


@pytest.fixture(scope="module")
def folders(artefacts):
    return {name: artefact.path for name, artefact in artefacts.items()}


def requests_of(folder):
    path = folder / "assets.extra" / "tf_serving_warmup_requests"
    for record in tf.data.TFRecordDataset(str(path)):
        log = logs.PredictionLog.FromString(record.numpy())
        assert log.WhichOneof("log_type") == "predict_log"
        yield log.predict_log.request


@pytest.mark.parametrize("name", MODELS + TASKS)
def test_each_request_is_answered(folders, served, name):
    asked = set()
    for request in requests_of(folders[name]):
        signature = request.model_spec.signature_name
        inputs = {
            key: tf.constant(tf.make_ndarray(tensor))
            for key, tensor in request.inputs.items()
        }
        answer = served[name][signature](**inputs)
        rows = {int(each.shape[0]) for each in inputs.values()}
        assert {int(each.shape[0]) for each in answer.values()} == rows
        asked.add((signature, *rows))
        if "mask_count" in answer:
            assert np.all(answer["mask_count"] == 1)
    assert asked == {
        (signature, rows) for signature in served[name] for rows in (1, 8, 32)
    }


@pytest.mark.parametrize("name", MODELS + TASKS)
def test_there_are_not_more_than_a_server_takes(folders, name):
    assert 10 <= len(list(requests_of(folders[name]))) <= 1000


def test_a_passage_is_as_long_as_the_model_takes(folders, tokenizer):
    longest = 0
    for request in requests_of(folders["reader"]):
        if request.model_spec.signature_name == "answer":
            texts = [
                tf.make_ndarray(request.inputs[name])[0].decode()
                for name in ("question", "context")
            ]
            packed = tokenizer.pack([texts[0]], [texts[1]])
            longest = max(longest, packed["token_ids"].shape[1])
    assert longest >= 30


def test_a_model_of_ids_alone_is_not_batched(models, folders, tmp_path):
    written = ak.export.saved_model(
        models["classifier"], tmp_path / "ids", text=False
    )
    assert not (written.path / "batching_params.pbtxt").exists()
    assert {
        each.model_spec.signature_name for each in requests_of(written.path)
    } == {"serve_ids"}
    batching = (folders["classifier"] / "batching_params.pbtxt").read_text()
    assert "pad_variable_length_inputs: false" in batching
