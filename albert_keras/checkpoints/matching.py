"""Holds a checkpoint against what a model needs, before there is a model."""

import dataclasses
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from albert_keras.checkpoints.checkpoint import Checkpoint, Layout, Location
from albert_keras.checkpoints.names import (
    CLASSIFIER,
    HEADS,
    MULTIPLE_CHOICE,
    TOKEN_CLASSIFIER,
    Head,
    Shapes,
    backbone_shapes,
    head_shapes,
)
from albert_keras.checkpoints.tensors import EXACT_DTYPES

_ALIKE = (CLASSIFIER, TOKEN_CLASSIFIER, MULTIPLE_CHOICE)


# Rows and columns of a matrix, and what stands there.
Piece = tuple[slice, slice, np.ndarray]
_PIECE = 4 << 20  # bytes


_PROJECTION = (
    "bert/encoder/embedding_hidden_mapping_in/kernel",
    "bert/encoder/embedding_hidden_mapping_in/bias",
)


class Match(NamedTuple):
    """What a checkpoint has for a model.

    Args:
        shapes: google's names and shapes of what it has.
        missing: Heads of the model that it lacks.
        num_outputs: Classes of its task, or None.
        unused: Names in the file that nothing was made of.
    """

    shapes: Shapes
    missing: tuple[Head, ...]
    num_outputs: int | None
    unused: tuple[str, ...]


def heads_in(checkpoint: Checkpoint) -> tuple[Head, ...]:
    """The heads that a checkpoint has, whole or in part.

    Where several tasks give a head the same name, the file says which it is,
    or else it may be any of them.
    """
    return tuple(
        head
        for head in HEADS
        if any(checkpoint.find(name) for name in _shapes(head, checkpoint))
        and not (head in _ALIKE and checkpoint.output_head not in (None, head))
        and not (
            # One output a choice, and as many as one likes for the others.
            head is MULTIPLE_CHOICE and _num_outputs(head, checkpoint) != 1
        )
    )


def match(
    checkpoint: Checkpoint, needed: Iterable[Head], optional: Iterable[Head]
) -> Match:
    """Compares names and shapes.

    Args:
        checkpoint: What was opened.
        needed: Heads that the model's outputs come from.
        optional: Heads that the model has besides.

    Raises:
        ValueError: A variable is missing, has another shape or a dtype that
            float32 cannot hold, or one of the backbone is left over.
    """
    present = heads_in(checkpoint)
    missing = tuple(head for head in needed if head not in present)
    wanted = dict(backbone_shapes(checkpoint.config))
    num_outputs = None
    for head in (*needed, *optional):
        if head in present:
            wanted |= _shapes(head, checkpoint)
            if head.counted_by:
                num_outputs = _num_outputs(head, checkpoint)
    _check_present(checkpoint, wanted)
    for name, shape in wanted.items():
        _check_tensor(checkpoint, name, shape)
    used = _used(checkpoint, wanted)
    for head in present:
        used |= _used(checkpoint, _shapes(head, checkpoint))
    left = [
        name
        for name in checkpoint.tensors
        if name not in used and not checkpoint.is_known_extra(name)
    ]
    left = [name for name in left if not _is_identity(checkpoint, name)]
    beyond = [name for name in left if checkpoint.is_backbone(name)]
    if beyond:
        raise ValueError(
            f"`{checkpoint.path}` must hold the variables that its "
            "configuration calls for and no others of the encoder. "
            f"Left over: {_listed(beyond)}."
        )
    return Match(wanted, missing, num_outputs, tuple(left))


def read(
    checkpoint: Checkpoint, name: str, shape: tuple[int, ...]
) -> np.ndarray:
    """The value of what google calls `name`, float32."""
    location = checkpoint.locate(name)
    found = checkpoint.find(name)
    if location is None or found is None:
        raise KeyError(name)
    stored = checkpoint.tensors[found].read()
    if stored.dtype != np.float32:
        stored = stored.astype(np.float32)
    return location.layout.restore(stored, shape)


def read_pieces(
    checkpoint: Checkpoint, name: str, shape: tuple[int, ...]
) -> Iterator[Piece]:
    """As `read`, in pieces of some megabytes where the file allows it.

    Yields:
        Rows and columns in google's shape, and what belongs there.
    """
    location = checkpoint.locate(name) or Location(())
    tensor = checkpoint.tensors[str(checkpoint.find(name))]
    layout = location.layout
    in_rows = layout in (Layout.AS_IS, Layout.TRANSPOSED, Layout.HEADS_OUT)
    if tensor.read_rows is None or len(shape) != 2 or not in_rows:
        yield slice(None), slice(None), read(checkpoint, name, shape)
        return
    stored = tensor.shape[0]
    width = math.prod(tensor.shape[1:])
    step = max(1, _PIECE // max(1, 4 * width))
    for begin in range(0, stored, step):
        end = min(stored, begin + step)
        rows = tensor.read_rows(begin, end).astype(np.float32, copy=False)
        rows = rows.reshape(end - begin, width)
        if layout is Layout.TRANSPOSED:
            yield slice(None), slice(begin, end), rows.T
        else:
            yield slice(begin, end), slice(None), rows


def _shapes(head: Head, checkpoint: Checkpoint) -> Shapes:
    return head_shapes(head, checkpoint.config, _num_outputs(head, checkpoint))


def _num_outputs(head: Head, checkpoint: Checkpoint) -> int:
    """How many outputs a head has in the file; 1 if that says nothing."""
    if head not in _ALIKE:
        return 1
    biases = next(iter(_output_bias(head)))
    found = checkpoint.find(biases)
    if found is None or len(checkpoint.tensors[found].shape) != 1:
        return 1
    return checkpoint.tensors[found].shape[0]


def _output_bias(head: Head) -> list[str]:
    scopes = {
        CLASSIFIER.name: "classifier",
        TOKEN_CLASSIFIER.name: "tokens",
        MULTIPLE_CHOICE.name: "choices",
    }
    return [f"{scopes[head.name]}/output_bias"]


def _check_present(
    checkpoint: Checkpoint, wanted: Mapping[str, object]
) -> None:
    absent = [name for name in wanted if checkpoint.find(name) is None]
    if not absent:
        return
    locations = [checkpoint.locate(name) for name in absent]
    theirs = [
        location.names[0] if location and location.names else name
        for name, location in zip(absent, locations, strict=True)
    ]
    raise ValueError(
        f"`{checkpoint.path}` must hold every variable of an ALBERT of its "
        f"configuration. Missing: {_listed(theirs)}."
    )


def _check_tensor(
    checkpoint: Checkpoint, name: str, shape: tuple[int, ...]
) -> None:
    location = checkpoint.locate(name) or Location(())
    found = str(checkpoint.find(name))
    tensor = checkpoint.tensors[found]
    expected = location.layout.stored_shape(
        shape, checkpoint.config.num_attention_heads
    )
    if tensor.shape != expected:
        raise ValueError(
            f"`{found}` must have the shape {expected} that the configuration "
            f"calls for. Received: {tensor.shape} in `{checkpoint.path}`."
        )
    if tensor.dtype not in EXACT_DTYPES:
        raise ValueError(
            f"`{found}` must be of {', '.join(EXACT_DTYPES)}, which float32 "
            f"holds exactly. Received: {tensor.dtype} in `{checkpoint.path}`."
        )


def _used(checkpoint: Checkpoint, shapes: Mapping[str, object]) -> set[str]:
    used: set[str] = set()
    for name in shapes:
        location = checkpoint.locate(name)
        used.update(location.names if location else ())
    return used


def with_projection(checkpoint: Checkpoint) -> Checkpoint:
    """Return a checkpoint whose configuration has the projection of its file.

    Where E equals H, google's code has no projection. Hugging Face and
    KerasHub always have one. The identity, which is what is written for them,
    is left out.
    """
    if checkpoint.config.embedding_size != checkpoint.config.hidden_size:
        return checkpoint
    names = [checkpoint.find(name) for name in _PROJECTION]
    if None in names or all(
        _is_identity(checkpoint, str(name)) for name in names
    ):
        return checkpoint
    config = dataclasses.replace(checkpoint.config, embedding_projection=True)
    return dataclasses.replace(checkpoint, config=config)


def _is_identity(checkpoint: Checkpoint, name: str) -> bool:
    """Whether this is a projection from E to H = E that changes nothing."""
    config = checkpoint.config
    size = config.hidden_size
    if config.embedding_size != size or config.embedding_projection:
        return False
    for google, value in zip(
        _PROJECTION, (np.eye(size), np.zeros(size)), strict=True
    ):
        if checkpoint.find(google) == name:
            return np.array_equal(checkpoint.tensors[name].read(), value)
    return False


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return shown + (f" and {len(names) - 3} more" if len(names) > 3 else "")
