"""The operations of a SavedModel, and which of them TF Serving has."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

# tensorflow-text 2.20.0, which TF Serving 2.20 links, has more, and so do the
# 2.12.1 of servers 2.16 to 2.19 less: these are in both. Not among them is
# `TFText>RoundRobinTrim`, which KerasHub's packers use (serving #2267).
_TEXT_OPERATIONS = frozenset(
    {
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
# Python is not in the server, and XLA is off there.
_ABSENT = re.compile(r"EagerPyFunc|PyFunc(Stateless)?|Xla\w+|TPU\w+")


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
    # TensorFlow's own are those with a raw form; what a library that was
    # loaded later registers is not among them.
    is_core = hasattr(tf.raw_ops, operation)
    return is_core and not _ABSENT.fullmatch(operation)


def _nodes(graph_def: Any) -> Iterator[Any]:
    yield from graph_def.node
    for function in graph_def.library.function:
        yield from function.node_def
