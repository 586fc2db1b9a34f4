"""The stand-in's REST, as TF Serving's: by row, by column, Base64."""

import base64
import json
import re
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf.json_format import MessageToDict
from refused import INVALID_ARGUMENT, NOT_FOUND, RefusedError

_HTTP = {INVALID_ARGUMENT: 400, NOT_FOUND: 404}
_LARGEST_BODY = 64 << 20  # bytes
_PATH = re.compile(
    r"/v1/models/(?P<name>[^/:]+)"
    r"(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
    r"(?P<action>:predict|/metadata)?"
)


class RestHandler(BaseHTTPRequestHandler):
    """Answers for `models`, a `ServedModels` that a subclass has."""

    models: Any
    timeout = 30  # seconds without a byte, after which it hangs up

    def do_GET(self) -> None:
        self._reply({None: self._states, "/metadata": self._metadata})

    def do_POST(self) -> None:
        self._reply({":predict": self._predict})

    def log_message(self, *_message: object) -> None:
        """Says nothing."""

    def _reply(self, actions: Mapping[str | None, Any]) -> None:
        code = 200
        try:
            body = self._body()
            path = _PATH.fullmatch(self.path)
            if path is None or path["action"] not in actions:
                raise RefusedError(
                    INVALID_ARGUMENT,
                    f"Malformed request: {self.command} {self.path}",
                )
            answer = actions[path["action"]](path, body)
        except RefusedError as error:
            code = _HTTP.get(error.code, 500)
            answer = {"error": str(error)}
            # What was not read of the body is no next request.
            self.close_connection = True
        content = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        # Of Python's numbers, those with other digits and signs are none here.
        if not re.fullmatch("[0-9]{1,18}", length):
            raise RefusedError(
                INVALID_ARGUMENT,
                f"Content-Length must be a number. Received: {length[:40]!r}.",
            )
        if int(length) > _LARGEST_BODY:
            raise RefusedError(
                INVALID_ARGUMENT,
                f"The body must have at most {_LARGEST_BODY:,} bytes. "
                f"Received: {int(length):,}.",
            )
        return self.rfile.read(int(length))

    def _states(self, path: re.Match, _body: bytes) -> dict[str, Any]:
        status = {"error_code": "OK", "error_message": ""}
        versions = self.models.available(path["name"], *_asked(path))
        return {
            "model_version_status": [
                {"version": str(each), "state": "AVAILABLE", "status": status}
                for each in reversed(versions)
            ]
        }

    def _metadata(self, path: re.Match, _body: bytes) -> dict[str, Any]:
        version = self.models.version(path["name"], *_asked(path))
        signatures = MessageToDict(
            self.models.signature_defs(path["name"], version),
            preserving_proto_field_name=True,
            always_print_fields_with_no_presence=True,
        )
        return {
            "model_spec": {
                "name": path["name"],
                "signature_name": "",
                "version": str(version),
            },
            "metadata": {"signature_def": signatures},
        }

    def _predict(self, path: re.Match, body: bytes) -> dict[str, Any]:
        request = _json(body)
        version = self.models.version(path["name"], *_asked(path))
        name = request.get("signature_name") or "serving_default"
        try:
            signature = self.models.signature(path["name"], version, name)
        except RefusedError:
            raise RefusedError(
                INVALID_ARGUMENT,
                f'Serving signature name: "{name}" not found in signature def',
            ) from None
        specs = signature.structured_input_signature[1]
        columns = _columns(request, specs)
        outputs = self.models.run(
            signature,
            {
                name: _from_json(name, value, specs.get(name))
                for name, value in columns.items()
            },
        )
        values = {
            name: _to_json(name, output) for name, output in outputs.items()
        }
        only = next(iter(values)) if len(values) == 1 else None
        if "inputs" in request:
            return {"outputs": values[only] if only else values}
        if only:
            return {"predictions": values[only]}
        rows = zip(*values.values(), strict=True)
        return {
            "predictions": [dict(zip(values, row, strict=True)) for row in rows]
        }


def _asked(path: re.Match) -> tuple[int | None, str | None]:
    """The version and the label in an address."""
    return (int(path["version"]) if path["version"] else None), path["label"]


def _json(body: bytes) -> dict[str, Any]:
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        request = None
    if (
        not isinstance(request, dict)
        or not isinstance(request.get("signature_name", ""), str)
        or ("inputs" in request) == ("instances" in request)
    ):
        raise RefusedError(
            INVALID_ARGUMENT,
            "The body must be a JSON object with either `inputs` or "
            "`instances`. Received: something else.",
        )
    return request


def _columns(request: dict[str, Any], specs: Mapping[str, Any]) -> Any:
    """The values of each input, of a request by column or by row."""
    value = request.get("inputs", request.get("instances"))
    by_row = "instances" in request
    first = value[0] if by_row and isinstance(value, list) and value else value
    is_named = isinstance(first, dict) and first.keys() != {"b64"}
    if not is_named and len(specs) == 1:
        return {next(iter(specs)): value}
    if by_row and isinstance(value, list) and value:
        keys = first.keys() if is_named else None
        if keys and all(
            isinstance(row, dict) and row.keys() == keys for row in value
        ):
            return {key: [row[key] for row in value] for key in keys}
    elif is_named:
        return value
    raise RefusedError(
        INVALID_ARGUMENT,
        "Values must be by name, the same names in each row. Received: "
        "something else.",
    )


def _from_json(name: str, value: Any, spec: Any) -> np.ndarray:
    if spec is None:  # refused by its name
        return np.zeros(0)
    wrong = RefusedError(
        INVALID_ARGUMENT,
        f"`{name}` must be an array of {spec.dtype.name}. Received: something "
        "else.",
    )
    try:
        value = _decode(value)
        if spec.dtype != tf.string:
            array = np.asarray(value, spec.dtype.as_numpy_dtype)
            if not np.array_equal(array, np.asarray(value)):
                raise wrong
            return array
        array = np.asarray(value, object)
        if not all(isinstance(each, bytes) for each in array.ravel()):
            raise wrong
        return array
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise wrong from None


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return [_decode(each) for each in value]
    if isinstance(value, dict) and value.keys() == {"b64"}:
        return base64.b64decode(value["b64"], validate=True)
    return value.encode("utf-8") if isinstance(value, str) else value


def _to_json(name: str, output: np.ndarray) -> Any:
    """As TF Serving: bytes are Base64 if the output's name ends in _bytes."""
    if output.dtype != object:
        return output.tolist()
    strings = np.empty(output.shape, object)
    for index in np.ndindex(*output.shape):
        content = output[index]
        strings[index] = (
            {"b64": base64.b64encode(content).decode()}
            if name.endswith("_bytes")
            else content.decode("utf-8", "replace")
        )
    return strings.tolist()
