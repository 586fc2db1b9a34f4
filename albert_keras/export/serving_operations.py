"""The operations of a SavedModel, and which of them TF Serving has."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

# Of tensorflow-text, what is old enough for every server since 2.16. Not among
# them is `TFText>RoundRobinTrim`, which KerasHub's packers use: it came after
# the 2.12.1 that servers 2.16 to 2.19 link (tensorflow/serving #2267).
_TEXT_OPERATIONS = frozenset(
    {
        "FastWordpieceTokenizeWithOffsets",
        "NormalizeUTF8",
        "SentencepieceDetokenizeOp",
        "SentencepieceIdToStringOp",
        "SentencepieceOp",
        "SentencepieceStringToIdOp",
        "SentencepieceTokenizeOp",
        "SentencepieceTokenizeWithOffsetsOp",
        "SentencepieceVocabSizeOp",
    }
)
# TensorFlow's own, but they call back into Python.
_PYTHON_OPERATIONS = frozenset({"EagerPyFunc", "PyFunc", "PyFuncStateless"})


def count_operations(graph_def: Any) -> Counter[str]:
    """How often each operation stands in a `GraphDef` and its functions.

    Calls of the graph's own functions are not counted.
    """
    functions = {each.signature.name for each in graph_def.library.function}
    counted = Counter(node.op for node in _nodes(graph_def))
    return Counter({op: n for op, n in counted.items() if op not in functions})


def check_servable(graph_def: Any) -> None:
    """Refuses a graph that TF Serving 2.20 cannot run.

    Raises:
        ValueError: It has operations the server does not link, or functions
            that ask to be compiled by XLA.
    """
    refused = sorted(
        op for op in count_operations(graph_def) if not _is_servable(op)
    )
    if refused:
        raise ValueError(
            "A SavedModel must hold only operations that TF Serving has. "
            f"Received: {', '.join(refused)}."
        )
    for function in graph_def.library.function:
        if function.attr["_XlaMustCompile"].b:
            raise ValueError(
                "A SavedModel must not ask for XLA, which TF Serving has off. "
                f"Received: {function.signature.name} with jit_compile=True."
            )


def _is_servable(operation: str) -> bool:
    if operation in _TEXT_OPERATIONS:
        return True
    # Loaded libraries register operations, too, but only TensorFlow's own
    # have a raw form. XLA's have none.
    is_core = hasattr(tf.raw_ops, operation)
    return is_core and operation not in _PYTHON_OPERATIONS


def _nodes(graph_def: Any) -> Iterator[Any]:
    yield from graph_def.node
    for function in graph_def.library.function:
        yield from function.node_def
