"""The clients, and a server's protocol: a stand-in, or the real server.

With TF_SERVING_ADDRESS=HOST:GRPC_PORT:REST_PORT, or `tensorflow_model_server`
on the PATH, the same tests ask the real one.
"""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request

import numpy as np
import pytest
from export_models import MODELS, keras_outputs, random_ids

pytest.importorskip("tensorflow_serving")

from refused import RefusedError
from serving_client import GrpcClient, RestClient
from stand_in_server import ServedModels, StandInServer

TEXTS = ["The [MASK] of an argument.", "No mask", "Café, [MASK] 1,234", ""]
INVALID_ARGUMENT, NOT_FOUND, UNAVAILABLE = 3, 5, 14


@pytest.fixture(scope="module", params=["stand-in", "server"])
def addresses(request, folders, tmp_path_factory):
    """Addresses by gRPC and REST of something that serves all models."""
    if request.param == "stand-in":
        # Two versions, which labels lead to.
        both = tmp_path_factory.mktemp("classifier")
        for version in ("1", "2"):
            shutil.copytree(folders["classifier"] / "1", both / version)
        server = StandInServer(
            ServedModels(
                {**folders, "classifier": both},
                {"classifier": {"stable": 1, "canary": 2}},
            )
        )
        yield server.grpc_address, server.rest_address
        server.close()
        return
    program = shutil.which("tensorflow_model_server")
    if "TF_SERVING_ADDRESS" in os.environ:
        host, grpc_port, rest_port = os.environ["TF_SERVING_ADDRESS"].split(":")
        yield f"{host}:{grpc_port}", f"http://{host}:{rest_port}"
        return
    if program is None:
        pytest.skip(
            "tensorflow_model_server is not on the PATH, and "
            "TF_SERVING_ADDRESS is not set"
        )
    yield from run_server(program, folders, tmp_path_factory.mktemp("config"))


def run_server(program, folders, scratch):
    models = "".join(
        f'config {{ name: "{name}" base_path: "{folder}" '
        'model_platform: "tensorflow" model_version_policy { all {} } }'
        for name, folder in folders.items()
    )
    config = scratch / "models.config"
    config.write_text(f"model_config_list {{ {models} }}")
    grpc_port, rest_port = free_port(), free_port()
    process = subprocess.Popen(
        [
            program,
            f"--port={grpc_port}",
            f"--rest_api_port={rest_port}",
            f"--model_config_file={config}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    rest = f"http://127.0.0.1:{rest_port}"
    try:
        while not is_available(RestClient(rest, "classifier")):
            assert process.poll() is None, "the server has ended"
            time.sleep(0.1)
        yield f"127.0.0.1:{grpc_port}", rest
    finally:
        process.terminate()
        process.wait()


def is_available(client: RestClient) -> bool:
    try:
        return set(client.states().values()) == {"AVAILABLE"}
    except RefusedError:
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clients(addresses, name, version=None):
    return [
        GrpcClient(addresses[0], name, version),
        RestClient(addresses[1], name, version),
    ]


@pytest.mark.parametrize("name", MODELS)
def test_ids_get_what_keras_gives(models, addresses, name):
    inputs = random_ids(models[name], rows=3, length=19, masks=2)
    expected = keras_outputs(models[name], inputs)
    for client in clients(addresses, name):
        outputs = client.predict(inputs, "serve_ids")
        if set(outputs) == {""}:  # by REST the only output has no name
            outputs = {next(iter(expected)): outputs[""]}
        assert outputs.keys() == expected.keys()
        for output, values in expected.items():
            np.testing.assert_allclose(outputs[output], values, atol=1e-5)


@pytest.mark.parametrize("name", MODELS)
def test_grpc_and_rest_by_row_and_column_agree_on_texts(addresses, name):
    by_grpc, by_rest = clients(addresses, name)
    expected = by_grpc.predict({"text": TEXTS})
    by_column = by_rest.predict({"text": TEXTS})
    by_row = by_rest.predict({"text": TEXTS}, by_row=True)
    assert expected.keys() == by_column.keys() == by_row.keys()
    for output, values in expected.items():
        for other in (by_column[output], by_row[output]):
            if values.dtype == object:
                assert other.tolist() == values.tolist()
            else:
                np.testing.assert_allclose(other, values, atol=1e-6)


def test_texts_get_what_keras_predicts_from_strings(models, addresses):
    expected = models["classifier"].predict(TEXTS, verbose=0)
    for client in clients(addresses, "classifier"):
        outputs = client.predict({"text": TEXTS})
        np.testing.assert_allclose(outputs["logits"], expected, atol=1e-5)


def test_versions_and_labels(addresses, request):
    if request.node.callspec.params["addresses"] == "server":
        pytest.skip("labels are the stand-in's")
    expected = clients(addresses, "classifier")[0].predict({"text": TEXTS})
    for version in (1, 2, "stable", "canary"):
        for client in clients(addresses, "classifier", version):
            outputs = client.predict({"text": TEXTS})
            np.testing.assert_allclose(
                outputs["scores"], expected["scores"], atol=1e-6
            )
    for version in (7, "nightly"):
        for client in clients(addresses, "classifier", version):
            with pytest.raises(RefusedError) as refused:
                client.predict({"text": TEXTS})
            code = NOT_FOUND if version == 7 else INVALID_ARGUMENT
            assert refused.value.code == code
    states = clients(addresses, "classifier")[1].states()
    assert states == {1: "AVAILABLE", 2: "AVAILABLE"}


@pytest.mark.parametrize(
    "inputs",
    [{"text": [1.0]}, {"text": [["a"]]}, {"texts": ["a"]}, {"text": "a"}],
    ids=["dtype", "rank", "name", "scalar"],
)
def test_what_is_wrong_is_refused(addresses, inputs):
    for client in clients(addresses, "classifier"):
        with pytest.raises(RefusedError, match=r"\w+") as refused:
            client.predict(inputs)
        assert refused.value.code == INVALID_ARGUMENT


def test_unknown_models_and_signatures_are_not_found(addresses):
    for client in clients(addresses, "translator"):
        with pytest.raises(RefusedError) as refused:
            client.predict({"text": ["a"]})
        assert refused.value.code == NOT_FOUND
    with pytest.raises(RefusedError) as refused:
        clients(addresses, "classifier")[0].predict({"text": ["a"]}, "serve")
    assert refused.value.code in (INVALID_ARGUMENT, NOT_FOUND)


def get(addresses, path):
    try:
        with urllib.request.urlopen(addresses[1] + path) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


def test_metadata_is_that_of_the_server(addresses, artefacts):
    import grpc
    from tensorflow_serving.apis import (
        get_model_metadata_pb2,
        prediction_service_pb2_grpc,
    )

    status, found = get(addresses, "/v1/models/classifier/metadata")
    assert status == 200
    signatures = found["metadata"]["signature_def"]["signature_def"]
    assert set(artefacts["classifier"].signatures) <= set(signatures)
    served = signatures["serving_default"]
    assert served["inputs"]["text"]["dtype"] == "DT_STRING"
    assert served["inputs"]["text"]["tensor_shape"] == {
        "dim": [{"size": "-1", "name": ""}],
        "unknown_rank": False,
    }
    assert served["method_name"] == "tensorflow/serving/predict"
    version = int(found["model_spec"]["version"])
    assert found["model_spec"]["name"] == "classifier"
    with grpc.insecure_channel(addresses[0]) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        request = get_model_metadata_pb2.GetModelMetadataRequest()
        request.model_spec.name = "classifier"
        request.metadata_field.append("signature_def")
        answer = stub.GetModelMetadata(request)
    assert answer.model_spec.version.value == version
    held = get_model_metadata_pb2.SignatureDefMap()
    assert answer.metadata["signature_def"].Unpack(held)
    assert set(held.signature_def) == set(signatures)


@pytest.mark.parametrize(
    ("path", "code", "sentence"),
    [
        (
            "/v1/models/classifier/versions/99",
            404,
            "Could not find version 99 of model classifier",
        ),
        (
            "/v1/models/nosuch",
            404,
            "Could not find any versions of model nosuch",
        ),
        (
            "/v1/models/classifier/versions/99/metadata",
            404,
            "Servable not found for request: Specific(classifier, 99)",
        ),
        (
            "/v1/models/nosuch/metadata",
            404,
            "Servable not found for request: Latest(nosuch)",
        ),
        ("/v1/model", 400, "Malformed request: GET /v1/model"),
    ],
)
def test_what_is_not_there_is_said_as_by_the_server(
    addresses, path, code, sentence
):
    assert get(addresses, path) == (code, {"error": sentence})


def test_state_of_one_version(addresses):
    status, found = get(addresses, "/v1/models/classifier/versions/1")
    assert status == 200
    (state,) = found["model_version_status"]
    assert state["version"] == "1"


def test_ids_of_no_row_are_refused(addresses):
    inputs = {
        "token_ids": [[2, 5, 3], [2, 5, 3]],
        "segment_ids": [[0] * 3] * 2,
        "padding_mask": [[1] * 3] * 2,
        "mask_positions": [[1], [1]],
    }
    wrong = [
        ("token_ids", -1),
        ("token_ids", 999_999),
        ("segment_ids", -1),
        ("segment_ids", 2),
        ("mask_positions", -1),
        ("mask_positions", 3),
    ]
    client = clients(addresses, "masked_lm")[0]
    for name, number in wrong:
        given = {key: np.array(each, "int32") for key, each in inputs.items()}
        given[name][0, 0] = number
        with pytest.raises(RefusedError) as refused:
            client.predict(given, "serve_ids")
        assert refused.value.code == INVALID_ARGUMENT


def test_bytes_that_are_no_utf8_and_zeros_come_through(addresses):
    texts = [b"\xff\xfe", b"a\x00", b"a\x00b"]
    by_grpc, by_rest = clients(addresses, "backbone")
    expected = by_grpc.predict({"text": texts})["pooled_output"]
    outputs = by_rest.predict({"text": texts})["pooled_output"]
    np.testing.assert_allclose(outputs, expected, atol=1e-6)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"instances": "a"}', b"\xff", b"[" * 9999]
)
def test_a_body_that_is_no_request_is_refused(addresses, body):
    request = urllib.request.Request(
        f"{addresses[1]}/v1/models/classifier:predict", data=body
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert refused.value.code == 400
    assert b'"error"' in refused.value.read()


@pytest.mark.parametrize(
    "fill",
    [
        lambda tensor: tensor.tensor_shape.dim.add(size=10**9),
        lambda tensor: [tensor.tensor_shape.dim.add(size=10**9)] * 4,
        lambda tensor: tensor.tensor_shape.dim.add(size=-1),
        lambda tensor: setattr(tensor.tensor_shape, "unknown_rank", True),
        lambda tensor: setattr(tensor, "tensor_content", b"abc"),
    ],
)
@pytest.mark.parametrize(("name", "dtype"), [("token_ids", 3), ("text", 7)])
def test_a_shape_that_claims_more_than_its_bytes_is_refused(
    addresses, name, dtype, fill
):
    import grpc
    from tensorflow_serving.apis import (
        predict_pb2,
        prediction_service_pb2_grpc,
    )

    request = predict_pb2.PredictRequest()
    request.model_spec.name = "classifier"
    request.model_spec.signature_name = "serve_ids" if dtype == 3 else ""
    tensor = request.inputs[name]
    tensor.dtype = dtype
    getattr(tensor, "int_val" if dtype == 3 else "string_val").append(
        5 if dtype == 3 else b"a"
    )
    fill(tensor)
    with grpc.insecure_channel(addresses[0]) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        with pytest.raises(grpc.RpcError) as refused:
            stub.Predict(request)
    assert refused.value.code().value[0] == INVALID_ARGUMENT


@pytest.mark.parametrize("length", ["-1", "many", "1" * 5000, "٣", "1" * 12])
def test_a_wrong_length_of_a_body_gets_an_answer(length):
    from stand_in_rest import RestHandler

    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(
            b"POST /v1/models/classifier:predict HTTP/1.1\r\n"
            + f"Content-Length: {length}\r\n\r\n".encode()
        )
        RestHandler(theirs, ("", 0), None)
        answer = ours.recv(10_000)
    assert b" 400 " in answer.splitlines()[0]
    assert b'"error"' in answer


def test_a_server_that_is_not_there_is_unavailable():
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # and doesn't listen
        address = f"127.0.0.1:{deaf.getsockname()[1]}"
        for client in clients((address, f"http://{address}"), "classifier"):
            with pytest.raises(RefusedError) as refused:
                client.predict({"text": ["a"]})
            assert refused.value.code == UNAVAILABLE
