"""TensorFlow's checkpoints: an index and the bytes of the variables."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from albert_keras.checkpoints.tensors import (
    ITEM_SIZES,
    StoredTensor,
    num_bytes,
)

# The last eight bytes of LevelDB's tables, of which the index is one.
INDEX_MAGIC = (0xDB4775248B80FB57).to_bytes(8, "little")
OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


def read_tensorflow(prefix: Path) -> dict[str, StoredTensor]:
    """The variables of a checkpoint, by name, none of them read yet.

    A checkpoint of TensorFlow 2 keeps paths of objects instead of names; the
    names are in it too, and what has one gets it.

    Args:
        prefix: Path of the checkpoint: that of its index without `.index`.

    Returns:
        Name to `StoredTensor`.

    Raises:
        FileNotFoundError: Files of it are missing.
        ValueError: The files are damaged or cut short.
    """
    import tensorflow as tf

    data = sorted(prefix.parent.glob(f"{prefix.name}.data-?????-of-?????"))
    if not data:
        raise FileNotFoundError(
            f"Checkpoint `{prefix}` must have files of data beside its index. "
            f"Received: only {prefix.name}.index."
        )
    shards = int(data[0].name[-5:])
    if len(data) != shards:
        raise FileNotFoundError(
            f"Checkpoint `{prefix}` must have {shards} files of data. "
            f"Received: {len(data)}."
        )
    try:
        reader: Any = tf.train.load_checkpoint(str(prefix))
        shapes = reader.get_variable_to_shape_map()
        dtypes = reader.get_variable_to_dtype_map()
    except (tf.errors.OpError, RuntimeError, UnicodeDecodeError) as error:
        raise _damaged(prefix, str(error).partition("\n")[0]) from None
    names = _full_names(prefix, reader, shapes)
    tensors, needed = {}, 0
    for key, shape in shapes.items():
        dtype = dtypes[key].name
        if dtype in ITEM_SIZES:
            needed += num_bytes(dtype, tuple(shape))
        read = _Read(prefix, reader, key)
        tensors[names.get(key, key)] = StoredTensor(
            tuple(shape), dtype, read, read_native=read.native
        )
    found = sum(file.stat().st_size for file in data)
    if found < needed:
        raise _damaged(prefix, f"{found} bytes of data for {needed} of tensors")
    return tensors


class _Read:
    def __init__(self, prefix: Path, reader: Any, key: str) -> None:
        self._prefix, self._reader, self._key = prefix, reader, key

    def __call__(self) -> np.ndarray:
        import tensorflow as tf

        try:
            return self._reader.get_tensor(self._key)
        except (tf.errors.OpError, RuntimeError) as error:
            reason = str(error).partition("\n")[0]
            raise _damaged(self._prefix, f"{self._key}: {reason}") from None

    def native(self) -> Any:
        """The same as a tensor; an array would be one copy more."""
        import tensorflow as tf

        try:
            return tf.raw_ops.RestoreV2(
                prefix=str(self._prefix),
                tensor_names=[self._key],
                shape_and_slices=[""],
                dtypes=[self._reader.get_variable_to_dtype_map()[self._key]],
            )[0]
        except tf.errors.OpError as error:
            reason = str(error).partition("\n")[0]
            raise _damaged(self._prefix, f"{self._key}: {reason}") from None


def _full_names(
    prefix: Path, reader: Any, shapes: Mapping[str, Any]
) -> dict[str, str]:
    if OBJECT_GRAPH not in shapes:
        return {}
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import trackable_object_graph_pb2

    content: Any = _Read(prefix, reader, OBJECT_GRAPH)()
    if not isinstance(content, bytes):
        content = content.item()
    graph = trackable_object_graph_pb2.TrackableObjectGraph()
    try:
        graph.ParseFromString(content)
    except DecodeError:
        raise _damaged(prefix, "an object graph that is cut short") from None
    return {
        attribute.checkpoint_key: attribute.full_name
        for node in graph.nodes
        for attribute in node.attributes
        if attribute.full_name
    }


def write_tensorflow(prefix: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes variables as TensorFlow 1 does, for `tf.train.Saver` to read.

    Args:
        prefix: Path of the checkpoint, without the endings of its files.
        arrays: Names and float32 arrays.
    """
    import tensorflow as tf

    tf.raw_ops.SaveV2(
        prefix=str(prefix),
        tensor_names=list(arrays),
        shape_and_slices=[""] * len(arrays),
        tensors=[tf.constant(array) for array in arrays.values()],
    )


def _damaged(prefix: Path, received: str) -> ValueError:
    return ValueError(
        f"`{prefix}` must be a whole checkpoint of TensorFlow. Received: "
        f"{received}."
    )
