"""A stand-in for `tensorflow_model_server`, for tests without one.

It speaks the server's gRPC and REST on loopback and runs SavedModels with no
more than TensorFlow and tensorflow-text, in Python: for the protocol, not for
production. It does not batch, warm up or watch for new versions.

    python stand_in_server.py NAME=FOLDER...    prints its two addresses

The ports are free ones, or those of --port (gRPC) and --rest_api_port, as the
server calls them.
"""

import argparse
import math
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
import tensorflow_text  # noqa: F401  registers the operations
from refused import INVALID_ARGUMENT, NOT_FOUND, RefusedError
from stand_in_rest import RestHandler
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

_STATUS = {each.value[0]: each for each in grpc.StatusCode}
_AVAILABLE = get_model_status_pb2.ModelVersionStatus.AVAILABLE


class ServedModels:
    """All versions of some models.

    Args:
        folders: The base path of each model; `FOLDER/1` is a version.
        labels: Version numbers by label, for each model that has any.
    """

    def __init__(
        self,
        folders: Mapping[str, Path],
        labels: Mapping[str, Mapping[str, int]] | None = None,
    ):
        self._labels = labels or {}
        self._folders = {name: Path(each) for name, each in folders.items()}
        self._models = {
            name: {
                int(version.name): tf.saved_model.load(str(version))
                for version in sorted(Path(folder).iterdir())
                if version.name.isdigit()
            }
            for name, folder in folders.items()
        }

    def available(
        self, name: str, version: int | None = None, label: str | None = None
    ) -> list[int]:
        """The versions whose state a request asks for."""
        if label:
            version = self._labelled(name, label)
        versions = sorted(self._models.get(name, {}))
        if version is not None and version not in versions:
            raise RefusedError(
                NOT_FOUND, f"Could not find version {version} of model {name}"
            )
        if not versions:
            raise RefusedError(
                NOT_FOUND, f"Could not find any versions of model {name}"
            )
        return versions if version is None else [version]

    def signature_defs(self, name: str, version: int) -> Any:
        """The signatures of a version, as the server's metadata has them."""
        content = saved_model_pb2.SavedModel()
        graph = self._folders[name] / str(version) / "saved_model.pb"
        content.ParseFromString(graph.read_bytes())
        found = get_model_metadata_pb2.SignatureDefMap()
        for key, each in content.meta_graphs[0].signature_def.items():
            found.signature_def[key].CopyFrom(each)
        return found

    def _labelled(self, name: str, label: str) -> int:
        versions = self._labels.get(name, {})
        if label not in versions:
            raise RefusedError(
                INVALID_ARGUMENT,
                f"Unrecognized servable version label: {label}",
            )
        return versions[label]

    def version(
        self, name: str, version: int | None = None, label: str | None = None
    ) -> int:
        """The version that a request means."""
        if label:
            version = self._labelled(name, label)
        versions = sorted(self._models.get(name, {}))
        if version is None and versions:
            return versions[-1]
        if version is None or version not in versions:
            request = f"Latest({name})"
            if version is not None:
                request = f"Specific({name}, {version})"
            raise RefusedError(
                NOT_FOUND, f"Servable not found for request: {request}"
            )
        return version

    def signature(self, name: str, version: int, signature: str) -> Any:
        signatures = self._models[name][version].signatures
        if signature not in signatures:
            raise RefusedError(
                NOT_FOUND,
                f"The signature must be one of {', '.join(signatures)}. "
                f"Received: {signature}.",
            )
        return signatures[signature]

    def run(
        self, signature: Any, inputs: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Runs a signature on arrays that go with it, or refuses."""
        specs = signature.structured_input_signature[1]
        if inputs.keys() != specs.keys():
            raise RefusedError(
                INVALID_ARGUMENT,
                f"The inputs must be {', '.join(sorted(specs))}. Received: "
                f"{', '.join(sorted(inputs)) or 'none'}.",
            )
        tensors = {}
        for name, array in inputs.items():
            spec = specs[name]
            dtype = "string" if array.dtype.kind in "OSU" else array.dtype.name
            if dtype != spec.dtype.name or not spec.shape.is_compatible_with(
                array.shape
            ):
                raise RefusedError(
                    INVALID_ARGUMENT,
                    f"`{name}` must be {spec.dtype.name} {spec.shape}. "
                    f"Received: {dtype} {array.shape}.",
                )
            tensors[name] = tf.constant(array, spec.dtype)
        try:
            outputs = signature(**tensors)
        except tf.errors.OpError as error:
            raise RefusedError(error.error_code, error.message) from None
        except UnicodeDecodeError:
            # TensorFlow's own message quotes bytes of the request.
            raise RefusedError(
                INVALID_ARGUMENT,
                "The model must be able to read the request. Received: bytes "
                "that are neither what it takes nor UTF-8.",
            ) from None
        return {name: each.numpy() for name, each in outputs.items()}


class StandInServer:
    """Serves models on two ports of loopback, until it is closed.

    Args:
        models: The models.
        port: Of gRPC; 0 takes a free one.
        rest_api_port: Of REST, likewise.

    Raises:
        OSError: A port is taken.

    Attributes:
        grpc_address: As in `"127.0.0.1:40000"`.
        rest_address: As in `"http://127.0.0.1:40001"`.
    """

    def __init__(
        self, models: ServedModels, port: int = 0, rest_api_port: int = 0
    ):
        handler = type("Handler", (RestHandler,), {"models": models})
        self._rest = ThreadingHTTPServer(("127.0.0.1", rest_api_port), handler)
        self._grpc = grpc.server(
            ThreadPoolExecutor(4),
            options=[
                ("grpc.max_send_message_length", -1),
                ("grpc.max_receive_message_length", -1),
            ],
        )
        prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
            _Predictions(models), self._grpc
        )
        model_service_pb2_grpc.add_ModelServiceServicer_to_server(
            _Models(models), self._grpc
        )
        port = self._grpc.add_insecure_port(f"127.0.0.1:{port}")
        self.grpc_address = f"127.0.0.1:{port}"
        self._grpc.start()
        self.rest_address = f"http://127.0.0.1:{self._rest.server_port}"
        self._thread = Thread(target=self._rest.serve_forever, daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Waits until the process is interrupted."""
        self._grpc.wait_for_termination()

    def close(self) -> None:
        """Stops both servers."""
        self._rest.shutdown()
        self._rest.server_close()
        self._thread.join()
        self._grpc.stop(None).wait()


class _Predictions(prediction_service_pb2_grpc.PredictionServiceServicer):
    def __init__(self, models: ServedModels):
        self._models = models

    def Predict(self, request: Any, context: Any) -> Any:
        try:
            return self._predict(request)
        except RefusedError as error:
            context.abort(_STATUS[error.code], str(error))

    def _predict(self, request: Any) -> Any:
        spec = request.model_spec
        asked = spec.version.value if spec.HasField("version") else None
        version = self._models.version(spec.name, asked, spec.version_label)
        name = spec.signature_name or "serving_default"
        signature = self._models.signature(spec.name, version, name)
        outputs = self._models.run(
            signature,
            {key: _array(key, each) for key, each in request.inputs.items()},
        )
        answer = predict_pb2.PredictResponse()
        answer.model_spec.name = spec.name
        answer.model_spec.signature_name = name
        answer.model_spec.version.value = version
        for key in request.output_filter or outputs:
            if key not in outputs:
                raise RefusedError(
                    INVALID_ARGUMENT,
                    f"The outputs are {', '.join(outputs)}. Received: {key}.",
                )
            answer.outputs[key].CopyFrom(tf.make_tensor_proto(outputs[key]))
        return answer

    def GetModelMetadata(self, request: Any, context: Any) -> Any:
        try:
            return self._metadata(request)
        except RefusedError as error:
            context.abort(_STATUS[error.code], str(error))

    def _metadata(self, request: Any) -> Any:
        if list(request.metadata_field) != ["signature_def"]:
            raise RefusedError(
                INVALID_ARGUMENT,
                "`metadata_field` must be signature_def. Received: "
                f"{', '.join(request.metadata_field) or 'none'}.",
            )
        spec = request.model_spec
        asked = spec.version.value if spec.HasField("version") else None
        version = self._models.version(spec.name, asked, spec.version_label)
        answer = get_model_metadata_pb2.GetModelMetadataResponse()
        answer.model_spec.name = spec.name
        answer.model_spec.version.value = version
        answer.metadata["signature_def"].Pack(
            self._models.signature_defs(spec.name, version)
        )
        return answer


def _array(name: str, tensor: Any) -> np.ndarray:
    try:
        _check_size(tensor)
        return tf.make_ndarray(tensor)
    except (ValueError, TypeError, MemoryError, KeyError):
        raise RefusedError(
            INVALID_ARGUMENT,
            f"`{name}` must hold as many elements as its shape says, of a "
            "dtype that can be sent. Received: something else.",
        ) from None


def _check_size(tensor: Any) -> None:
    """Refuse a shape that claims more than the request has.

    A tensor with one value would be expanded to its whole shape, which takes
    a few bytes to claim.

    Raises:
        ValueError: The shape has more elements than there are values.
    """
    shape = tensor.tensor_shape
    sizes = [each.size for each in shape.dim]
    dtype = tf.dtypes.as_dtype(tensor.dtype)
    held = len(tensor.tensor_content) // max(dtype.size, 1)
    for field, value in tensor.ListFields():
        if field.name.endswith("_val"):
            held = max(held, len(value))
    if shape.unknown_rank or min(sizes, default=0) < 0:
        raise ValueError("a shape that isn't known")
    if math.prod(sizes) != held:
        raise ValueError("a shape that doesn't fit the values")


class _Models(model_service_pb2_grpc.ModelServiceServicer):
    def __init__(self, models: ServedModels):
        self._models = models

    def GetModelStatus(self, request: Any, context: Any) -> Any:
        answer = get_model_status_pb2.GetModelStatusResponse()
        spec = request.model_spec
        asked = spec.version.value if spec.HasField("version") else None
        try:
            versions = self._models.available(
                spec.name, asked, spec.version_label
            )
        except RefusedError as error:
            context.abort(_STATUS[error.code], str(error))
        for version in versions:
            answer.model_version_status.add(version=version, state=_AVAILABLE)
        return answer


def main(arguments: list[str]) -> None:
    """Serves the models that are named until it is interrupted."""
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="+", metavar="NAME=FOLDER")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rest_api_port", type=int, default=0)
    asked = parser.parse_args(arguments)
    folders = dict(each.split("=", 1) for each in asked.models)
    server = StandInServer(
        ServedModels({name: Path(path) for name, path in folders.items()}),
        asked.port,
        asked.rest_api_port,
    )
    print(server.grpc_address, server.rest_address, flush=True)  # noqa: T201
    try:
        server.wait()
    except KeyboardInterrupt:
        server.close()


if __name__ == "__main__":
    main(sys.argv[1:])
