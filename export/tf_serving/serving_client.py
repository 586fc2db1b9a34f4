"""Asks TF Serving: by gRPC, or by REST with no more than NumPy."""

import base64
import contextlib
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

import numpy as np
from arrays import as_array
from refused import RefusedError

# HTTP's status to gRPC's, as TF Serving's http_rest_api maps them back.
_CODES = {400: 3, 404: 5, 429: 8, 412: 9, 501: 12, 503: 14, 504: 4}
_UNKNOWN, _UNAVAILABLE = 2, 14


class RestClient:
    """Asks by REST.

    Args:
        address: As in `"http://localhost:8501"`.
        model: The model's name.
        version: A number, or a label such as `"canary"`; the newest if `None`.
        timeout: Seconds to wait for an answer.

    Example:

    ```python
    client = RestClient("http://localhost:8501", "classifier")
    client.predict({"text": ["A fine film."]})["scores"]
    ```
    """

    def __init__(
        self,
        address: str,
        model: str,
        version: int | str | None = None,
        timeout: float = 60.0,
    ):
        self._url = f"{address.rstrip('/')}/v1/models/{model}"
        if version is not None:
            kind = "versions" if isinstance(version, int) else "labels"
            self._url += f"/{kind}/{version}"
        self._timeout = timeout

    def predict(
        self,
        inputs: Mapping[str, object],
        signature_name: str = "serving_default",
        *,
        by_row: bool = False,
    ) -> dict[str, np.ndarray]:
        """Runs a signature.

        Args:
            inputs: Arrays by name; texts are `str` or `bytes`.
            signature_name: Which signature.
            by_row: Whether to send a list of rows (`instances`) and not an
                array for each input (`inputs`). An answer by rows does not
                name the output of a signature that has only one; it comes as
                `""`. An empty batch has to be sent by column.

        Returns:
            Its outputs by name; strings are `bytes`, in arrays of objects.

        Raises:
            RefusedError: The server refuses, or cannot be reached.
        """
        columns = {name: _to_json(as_array(v)) for name, v in inputs.items()}
        request: dict[str, Any] = {"signature_name": signature_name}
        if by_row:
            request["instances"] = [
                dict(zip(columns, row, strict=True))
                for row in zip(*columns.values(), strict=True)
            ]
        else:
            request["inputs"] = columns
        answer = self._ask(":predict", json.dumps(request).encode())
        if not by_row:
            outputs = answer["outputs"]
        elif isinstance(answer["predictions"][0], dict):
            rows = answer["predictions"]
            outputs = {name: [row[name] for row in rows] for name in rows[0]}
        else:
            outputs = answer["predictions"]
        named = outputs if isinstance(outputs, dict) else {"": outputs}
        return {name: _from_json(value) for name, value in named.items()}

    def states(self) -> dict[int, str]:
        """The state of each version, as `{1: "AVAILABLE"}`."""
        return {
            int(each["version"]): each["state"]
            for each in self._ask("")["model_version_status"]
        }

    def _ask(self, action: str, body: bytes | None = None) -> Any:
        request = urllib.request.Request(
            self._url + action,
            data=body,
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(
                request, timeout=self._timeout
            ) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            content = error.read().decode("utf-8", "replace")
            # A proxy's page, for instance, is no such object.
            with contextlib.suppress(ValueError, KeyError, TypeError):
                content = json.loads(content)["error"]
            code = _CODES.get(error.code, _UNKNOWN)
            raise RefusedError(code, content) from None
        except (OSError, http.client.HTTPException) as error:
            raise RefusedError(_UNAVAILABLE, str(error)) from error


class GrpcClient:
    """Asks by gRPC; needs tensorflow-serving-api.

    Args:
        address: As in `"localhost:8500"`.
        model: The model's name.
        version: A number, or a label such as `"canary"`; the newest if `None`.
        timeout: Seconds to wait for an answer.
    """

    def __init__(
        self,
        address: str,
        model: str,
        version: int | str | None = None,
        timeout: float = 60.0,
    ):
        import grpc
        from tensorflow_serving.apis import prediction_service_pb2_grpc

        # A message may have 4 MB unless one says more; -1 is any size.
        self._channel = grpc.insecure_channel(
            address,
            options=[
                ("grpc.max_send_message_length", -1),
                ("grpc.max_receive_message_length", -1),
            ],
        )
        self._stub = prediction_service_pb2_grpc.PredictionServiceStub(
            self._channel
        )
        self._model, self._version, self._timeout = model, version, timeout

    def predict(
        self,
        inputs: Mapping[str, object],
        signature_name: str = "serving_default",
    ) -> dict[str, np.ndarray]:
        """As `RestClient.predict`, but dtypes and bytes come as they are."""
        import grpc
        import tensorflow as tf
        from tensorflow_serving.apis import predict_pb2

        request = predict_pb2.PredictRequest()
        request.model_spec.name = self._model
        request.model_spec.signature_name = signature_name
        if isinstance(self._version, int):
            request.model_spec.version.value = self._version
        elif self._version is not None:
            request.model_spec.version_label = self._version
        for name, value in inputs.items():
            array = as_array(value)
            dtype = tf.string if array.dtype == object else None
            tensor = tf.make_tensor_proto(array, dtype, array.shape)
            request.inputs[name].CopyFrom(tensor)
        try:
            answer = self._stub.Predict(request, timeout=self._timeout)
        except grpc.RpcError as error:
            code = error.code().value[0]
            raise RefusedError(code, error.details() or "") from error
        return {
            name: tf.make_ndarray(tensor)
            for name, tensor in answer.outputs.items()
        }

    def close(self) -> None:
        """Closes the connection."""
        self._channel.close()

    def __enter__(self) -> "GrpcClient":
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


def _to_json(array: np.ndarray) -> Any:
    if array.dtype != object:
        return array.tolist()
    encoded = np.empty(array.shape, object)
    for index in np.ndindex(*array.shape):
        encoded[index] = {"b64": base64.b64encode(array[index]).decode()}
    return encoded.tolist()


def _from_json(value: Any) -> np.ndarray:
    """Floats come as float32 and integers as int32; JSON names no dtype."""
    array = np.asarray(value)
    if array.dtype.kind in "OSU":
        return as_array(np.vectorize(_bytes, otypes=[object])(value))
    return as_array(value)


def _bytes(value: Any) -> bytes:
    if isinstance(value, dict):
        return base64.b64decode(value["b64"])
    return value.encode()
