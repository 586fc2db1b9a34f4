"""What a converted file can do without."""

from typing import Any

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

from albert_keras.export.flatbuffer import pack_flatbuffer

# Root mean square of what one scale for all of a table adds, beside that of
# the table. Up to here it is less than what 8 bits of an activation lose.
_TOLERATED = 0.02


def compacted(content: bytes) -> bytes:
    """A .tflite file without the names and scales that it does not need.

    Names of tensors inside the graph go; those of inputs and outputs stay. A
    token table in int8 has a scale and a zero point for each of its rows,
    which are a tenth of it. Where one scale for all rows is about as exact it
    takes their place.

    Args:
        content: The file.

    Returns:
        The smaller file.
    """
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    _take_in_buffers(model, content)
    for subgraph in model.subgraphs:
        kept = {*subgraph.inputs, *subgraph.outputs}
        for index, tensor in enumerate(subgraph.tensors):
            if index not in kept:
                tensor.name = b""
        for index in _looked_up(model, subgraph):
            _give_one_scale(model, subgraph.tensors[index])
    return pack_flatbuffer(model, len(content))


def _take_in_buffers(model: Any, content: bytes) -> None:
    """Takes in what a quantiser has put behind the flatbuffer."""
    for buffer in model.buffers:
        if buffer.offset > 1:  # 0 and 1 say that there is none
            buffer.data = np.frombuffer(
                content, "uint8", buffer.size, buffer.offset
            )
            buffer.offset = buffer.size = 0


def _looked_up(model: Any, subgraph: Any) -> set[int]:
    """The tensors that EMBEDDING_LOOKUP reads its rows from."""
    lookup = schema.BuiltinOperator.EMBEDDING_LOOKUP
    return {
        int(operator.inputs[1])
        for operator in subgraph.operators
        if model.operatorCodes[operator.opcodeIndex].builtinCode == lookup
    }


def _give_one_scale(model: Any, table: Any) -> None:
    if (
        table.type != schema.TensorType.INT8
        or len(table.quantization.scale) < 2
    ):
        return
    buffer = model.buffers[table.buffer]
    codes = buffer.data.view("int8").reshape(table.shape)
    rows = codes * table.quantization.scale[:, None]
    scale = np.float32(np.abs(rows).max() / 127)
    coarse = np.round(rows / scale)
    added = np.sqrt(np.mean((coarse * scale - rows) ** 2))
    if added > _TOLERATED * np.sqrt(np.mean(rows**2)):
        return
    buffer.data = coarse.astype("int8").reshape(-1).view("uint8")
    table.quantization.scale = np.array([scale])
    table.quantization.zeroPoint = np.zeros(1, "int64")
    table.quantization.quantizedDimension = 0
