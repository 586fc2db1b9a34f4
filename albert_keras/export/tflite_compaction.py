"""What a converted file can do without."""

from typing import Any

import numpy as np
from tensorflow.lite.python import schema_py_generated as schema

from albert_keras.export.flatbuffer import pack_flatbuffer

# Root mean square of what one scale for all of a table adds, beside that of
# the table. Up to here it is less than what 8 bits of an activation lose.
_TOLERATED = 0.02


def compacted(content: bytes) -> bytes:
    """Return a .tflite file without what it does not need.

    Tensors inside the graph get short names, `t7` for instance; inputs and
    outputs keep theirs. Names may be neither empty nor equal: OpenVINO and
    tf2onnx tell tensors apart by them.

    A token table in int8 has a scale and a zero point for each of its rows,
    which are a tenth of it. Where one scale for all rows is about as exact, it
    replaces them. Positions, which the converter leaves in float32 since they
    are only added, are looked up in int8 as the tokens are.

    Args:
        content: The file.

    Returns:
        The smaller file.
    """
    model = schema.ModelT.InitFromPackedBuf(content, 0)
    _take_in_buffers(model, content)
    _give_codes(model)
    for subgraph in model.subgraphs:
        for lookup in _lookups(model, subgraph):
            _look_up_positions(model, subgraph, lookup)
            _give_one_scale(model, subgraph.tensors[lookup.inputs[1]])
        _give_names(subgraph)
    return pack_flatbuffer(model, len(content))


def _give_names(subgraph: Any) -> None:
    """Name the tensors that are neither inputs nor outputs by their number."""
    kept = {*subgraph.inputs, *subgraph.outputs}
    taken = {subgraph.tensors[index].name for index in kept}
    for index, tensor in enumerate(subgraph.tensors):
        if index in kept:
            continue
        name = b"t%d" % index
        while name in taken:
            name += b"_"
        taken.add(name)
        tensor.name = name


def _give_codes(model: Any) -> None:
    """Write the code of each operation in the schema's older field, too.

    schema.fbs wants both. ai-edge-quantizer leaves 0 there in QUANTIZE and
    DEQUANTIZE, and OpenVINO reads them as ADD, whose options they lack.
    """
    placeholder = schema.BuiltinOperator.PLACEHOLDER_FOR_GREATER_OP_CODES
    for code in model.operatorCodes:
        code.deprecatedBuiltinCode = min(code.builtinCode, placeholder)


def _take_in_buffers(model: Any, content: bytes) -> None:
    """Takes in what a quantiser has put behind the flatbuffer."""
    for buffer in model.buffers:
        if buffer.offset > 1:  # 0 and 1 say that there is none
            buffer.data = np.frombuffer(
                content, "uint8", buffer.size, buffer.offset
            )
            buffer.offset = buffer.size = 0


def _lookups(model: Any, subgraph: Any) -> list[Any]:
    """What reads rows of a table in integers."""
    lookup = schema.BuiltinOperator.EMBEDDING_LOOKUP
    integers = (schema.TensorType.INT8, schema.TensorType.INT4)
    return [
        operator
        for operator in subgraph.operators
        if model.operatorCodes[operator.opcodeIndex].builtinCode == lookup
        and subgraph.tensors[operator.inputs[1]].type in integers
    ]


def _look_up_positions(model: Any, subgraph: Any, of_tokens: Any) -> None:
    """Replaces a table that is added to rows of tokens by a lookup in it."""
    tokens = subgraph.tensors[of_tokens.inputs[1]]
    for place, operator in enumerate(subgraph.operators):
        values = _added_table(model, subgraph, operator)
        if values is None or values.shape[1] != tokens.shape[1]:
            continue
        scale = np.abs(values).max(axis=1, keepdims=True) / 127
        if len(tokens.quantization.scale) == 1:
            # As the Task Library wants it, which knows no scales of rows.
            scale = scale.max(keepdims=True)
        if not scale.all():
            continue
        codes = np.round(values / scale).astype("int8")
        order = np.arange(len(values), dtype="int32")
        lookup = schema.OperatorT()
        lookup.opcodeIndex = of_tokens.opcodeIndex
        lookup.inputs = np.array(
            [
                _constant(model, subgraph, order, schema.TensorType.INT32),
                _constant(
                    model, subgraph, codes, schema.TensorType.INT8, scale
                ),
            ],
            "int32",
        )
        # The table in float32 becomes what the lookup gives.
        index = operator.inputs[1]
        lookup.outputs = np.array([index], "int32")
        table = subgraph.tensors[index]
        if _uses(model, table.buffer) == 1:
            model.buffers[table.buffer].data = None
        table.buffer = 0
        subgraph.operators.insert(place, lookup)
        return


def _added_table(model: Any, subgraph: Any, operator: Any) -> np.ndarray | None:
    """The constant `[rows, columns]` of float32 that an ADD takes."""
    code = model.operatorCodes[operator.opcodeIndex].builtinCode
    if code != schema.BuiltinOperator.ADD:
        return None
    tensor = subgraph.tensors[operator.inputs[1]]
    content = model.buffers[tensor.buffer].data
    if (
        content is None
        or tensor.type != schema.TensorType.FLOAT32
        or len(tensor.shape) != 2
    ):
        return None
    return np.asarray(content).view("float32").reshape(tensor.shape)


def _uses(model: Any, buffer: int) -> int:
    return sum(
        tensor.buffer == buffer
        for subgraph in model.subgraphs
        for tensor in subgraph.tensors
    )


def _constant(
    model: Any,
    subgraph: Any,
    values: np.ndarray,
    kind: int,
    scale: np.ndarray | None = None,
) -> int:
    """Adds a constant, and gives the number of its tensor."""
    buffer = schema.BufferT()
    buffer.data = values.reshape(-1).view("uint8")
    model.buffers.append(buffer)
    tensor = schema.TensorT()
    tensor.shape = np.array(values.shape, "int32")
    tensor.type = kind
    tensor.buffer = len(model.buffers) - 1
    if scale is not None:
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale = scale.reshape(-1)
        tensor.quantization.zeroPoint = np.zeros(scale.size, "int64")
        tensor.quantization.quantizedDimension = 0
    subgraph.tensors.append(tensor)
    return len(subgraph.tensors) - 1


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
