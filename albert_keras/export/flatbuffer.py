"""Reading a .tflite file: its operations, constants and signatures."""

from collections import Counter
from typing import Any

from tensorflow.lite.python import schema_py_generated as schema

from albert_keras.export.artefact import Signature, describe_tensor

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
