"""A .tflite file: its operations, constants and signatures."""

import copy
from collections import Counter
from typing import Any

import flatbuffers
import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

from albert_keras.export.artefact import Signature, describe_tensor

_IDENTIFIER = b"TFL3"
# schema.fbs, force_align of a buffer: Python's packer does not know of it.
_ALIGNMENT = 16
_OPERATIONS = {
    code: name
    for name, code in vars(schema.BuiltinOperator).items()
    if isinstance(code, int)
}
_DTYPES = {
    code: name.lower()
    for name, code in vars(schema.TensorType).items()
    if isinstance(code, int)
}


class FlatbufferModel:
    """A TensorFlow Lite model as its schema describes it.

    Args:
        content: The bytes of a .tflite file.
    """

    def __init__(self, content: bytes) -> None:
        self._model = schema.ModelT.InitFromPackedBuf(content, 0)
        self._num_bytes = len(content)

    @property
    def operations(self) -> Counter[str]:
        """How often each operation occurs.

        A custom operation, as TensorFlow's own under Flex are, goes by its
        own name, `FlexErf` for instance; builtin ones are upper case.
        """
        names = [_operation(code) for code in self._model.operatorCodes]
        return Counter(
            names[operator.opcodeIndex]
            for subgraph in self._model.subgraphs
            for operator in subgraph.operators
        )

    @property
    def custom_operations(self) -> list[str]:
        """Names of the operations that no bare interpreter has."""
        return sorted(
            _operation(code)
            for code in self._model.operatorCodes
            if code.customCode is not None
        )

    @property
    def constant_bytes(self) -> int:
        """Bytes of all constants, one that several operations read once."""
        return sum(self.constant_sizes)

    @property
    def constant_sizes(self) -> list[int]:
        """Bytes of each constant."""
        return [
            len(buffer.data)
            for buffer in self._model.buffers
            if buffer.data is not None
        ]

    @property
    def signatures(self) -> dict[str, Signature]:
        """Inputs and outputs of each signature, by the signature's name."""
        return {
            signature.signatureKey.decode(): Signature(
                self._tensors(signature, signature.inputs),
                self._tensors(signature, signature.outputs),
            )
            for signature in self._model.signatureDefs
        }

    @property
    def input_names(self) -> list[str]:
        """Names that the one signature has for the inputs, in their order.

        A model of several signatures has none.
        """
        return self._names("inputs")

    @property
    def output_names(self) -> list[str]:
        """Likewise of the outputs."""
        return self._names("outputs")

    def with_metadata(self, metadata: bytes, alias: str | None = None) -> bytes:
        """The model with TensorFlow Lite's metadata.

        Args:
            metadata: A flatbuffer, see `metadata_schema`.
            alias: A second name for the signature, if it has one.

        Returns:
            The bytes of a .tflite file. This object stays as it is.
        """
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(metadata, np.uint8)
        entry = schema.MetadataT()
        entry.name = "TFLITE_METADATA"
        entry.buffer = len(self._model.buffers)
        model = copy.copy(self._model)
        model.buffers = [*model.buffers, buffer]
        model.metadata = [*(model.metadata or ()), entry]
        if alias is not None:
            (signature,) = model.signatureDefs
            second = copy.copy(signature)
            second.signatureKey = alias.encode()
            model.signatureDefs = [signature, second]
        return pack_flatbuffer(model, self._num_bytes + len(metadata))

    def _names(self, side: str) -> list[str]:
        (signature,) = self._model.signatureDefs
        names = {
            entry.tensorIndex: entry.name.decode()
            for entry in getattr(signature, side)
        }
        subgraph = self._model.subgraphs[signature.subgraphIndex]
        return [names[index] for index in getattr(subgraph, side)]

    def _tensors(self, signature: Any, entries: list) -> dict[str, str]:
        tensors = self._model.subgraphs[signature.subgraphIndex].tensors
        described = {}
        for entry in entries:
            tensor = tensors[entry.tensorIndex]
            sizes = tensor.shape
            if tensor.shapeSignature is not None:  # some are left open
                sizes = tensor.shapeSignature
            described[entry.name.decode()] = describe_tensor(
                _DTYPES[tensor.type],
                tuple(None if size < 0 else size for size in sizes.tolist()),
            )
        return described


def _operation(code: Any) -> str:
    if code.customCode is not None:
        return code.customCode.decode()
    return _OPERATIONS[code.builtinCode]


def pack_flatbuffer(model: Any, num_bytes: int) -> bytes:
    """The bytes of a model.

    Args:
        model: A `ModelT` of the schema.
        num_bytes: How many there will be, about.
    """
    builder = _Builder(num_bytes)
    builder.Finish(model.Pack(builder), _IDENTIFIER)
    return bytes(builder.Output())


class _Builder(flatbuffers.Builder):
    """Aligns what holds bytes, which buffers do."""

    def StartVector(self, elemSize, numElems, alignment):
        if elemSize == 1:
            alignment = max(alignment, _ALIGNMENT)
        return super().StartVector(elemSize, numElems, alignment)
