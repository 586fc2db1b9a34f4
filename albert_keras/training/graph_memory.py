"""The memory that a traced TensorFlow function needs, without running it."""

import math
from collections import Counter

import tensorflow as tf

# What these return is their first input under another shape or name.
_ALIASES = {
    "ExpandDims",
    "Identity",
    "IdentityN",
    "PreventGradient",
    "Reshape",
    "Squeeze",
    "StopGradient",
}
# What these return lies where the process or the variable has it already.
_WITHOUT_MEMORY = {"Const", "Placeholder", "ReadVariableOp", "VarHandleOp"}
# These write their result over an input that nobody else reads any more.
_IN_PLACE = {
    "Add",
    "AddN",
    "AddV2",
    "BiasAdd",
    "Exp",
    "Mul",
    "Neg",
    "RealDiv",
    "Rsqrt",
    "RsqrtGrad",
    "SelectV2",
    "Softmax",
    "Sqrt",
    "Square",
    "Sub",
    "Tanh",
    "TanhGrad",
}


def peak_bytes(graph: tf.Graph, also_kept: tuple[tf.Tensor, ...] = ()) -> int:
    """The most memory that the tensors of a graph take at one time.

    The operations are gone through in the order in which they were traced: a
    tensor takes its memory when it is made and gives it back after the last
    operation that reads it. Variables and constants are not counted, nor is
    what a kernel takes for itself. TensorFlow runs independent operations in
    any order and fuses some, so this is an estimate, for graphs whose shapes
    are known and which hold no loops.

    Args:
        graph: of a `tf.types.experimental.ConcreteFunction`.
        also_kept: tensors that are read after the last operation, beside the
            outputs of the function.

    Returns:
        The number of bytes.
    """
    owners: dict[int, int] = {}
    sizes: dict[int, int] = {}
    operations = _needed(graph, [*graph.outputs, *also_kept])
    for op in operations:
        for index, tensor in enumerate(op.outputs):
            if op.type in _ALIASES:
                owners[id(tensor)] = owners[id(op.inputs[index])]
            else:
                owners[id(tensor)] = id(tensor)
                sizes[id(tensor)] = (
                    0 if op.type in _WITHOUT_MEMORY else _size(tensor)
                )
    readers = Counter(
        owners[id(tensor)] for op in operations for tensor in op.inputs
    )
    readers.update(owners[id(tensor)] for tensor in graph.outputs)
    readers.update(owners[id(tensor)] for tensor in also_kept)

    live = peak = 0
    for op in operations:
        made = {
            owners[id(tensor)]
            for tensor in op.outputs
            if owners[id(tensor)] == id(tensor)
        }
        done = set()
        for tensor in op.inputs:
            owner = owners[id(tensor)]
            readers[owner] -= 1
            if not readers[owner]:
                done.add(owner)
        live += sum(sizes[owner] for owner in made)
        overwritten = 0
        if op.type in _IN_PLACE and op.outputs:
            size = sizes[owners[id(op.outputs[0])]]
            overwritten = size * any(sizes[owner] == size for owner in done)
        peak = max(peak, live - overwritten)
        live -= sum(sizes[owner] for owner in done)
        live -= sum(sizes[owner] for owner in made if not readers[owner])
    return peak


def _needed(graph: tf.Graph, roots: list[tf.Tensor]) -> list[tf.Operation]:
    """The operations that are run, for TensorFlow prunes the others."""
    needed: set[str] = set()
    waiting = [tensor.op for tensor in roots]
    waiting += [op for op in graph.get_operations() if _has_effect(op)]
    while waiting:
        op = waiting.pop()
        if op.name in needed:
            continue
        needed.add(op.name)
        waiting += [tensor.op for tensor in op.inputs]
        waiting += op.control_inputs
    return [op for op in graph.get_operations() if op.name in needed]


def _has_effect(op: tf.Operation) -> bool:
    return op.type.startswith("Assign")


def _size(tensor: tf.Tensor) -> int:
    """Bytes of a tensor, 0 if its shape is not known."""
    if not tensor.shape.is_fully_defined() or not tensor.dtype.size:
        return 0
    return math.prod(tensor.shape.as_list()) * tensor.dtype.size
