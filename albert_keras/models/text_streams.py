"""Batches of texts as batches of ids, for Keras to train on."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import keras
import numpy as np

from albert_keras.models.text_columns import holds_texts


def is_stream(x: Any) -> bool:
    """Return whether `x` yields batches instead of being one container."""
    if isinstance(x, str | bytes | list | tuple | dict):
        return False
    if isinstance(x, keras.utils.PyDataset) or hasattr(x, "element_spec"):
        return True
    # A Series or an array has a shape; a generator or a loader doesn't.
    is_container = hasattr(x, "shape") or isinstance(x, Sequence)
    return isinstance(x, Iterable) and not is_container


def unpacked(batch: Any) -> tuple[Any, Any, Any]:
    """Return x, y and sample weights of a batch, None where it has none."""
    if isinstance(batch, list) and all(
        isinstance(part, str | bytes) for part in batch
    ):
        return batch, None, None
    return keras.utils.unpack_x_y_sample_weight(batch)


def peeked(stream: Any) -> tuple[Any, Any]:
    """Return the first batch of a stream, and a stream that still has it."""
    if isinstance(stream, keras.utils.PyDataset):
        return stream[0], stream
    if isinstance(stream, Iterator):
        first = next(stream, None)
        if first is None:
            raise ValueError("A generator must yield a batch. Received: none.")
        # Keras knows generators alone.
        return first, (batch for batch in itertools.chain([first], stream))
    for first in stream:
        return first, stream
    raise ValueError("A dataset must have a batch. Received an empty one.")


def has_texts(batch: Any) -> bool:
    """Return whether the inputs of a batch are texts."""
    return holds_texts(unpacked(batch)[0])


def batches_of(stream: Any) -> Iterator[Any]:
    """Yield the batches of a stream once."""
    if isinstance(stream, keras.utils.PyDataset):
        if stream.num_batches is None:
            yield from map(stream.__getitem__, itertools.count())
        else:
            yield from map(stream.__getitem__, range(stream.num_batches))
    else:
        yield from stream


def mapped(stream: Any, convert: Callable[..., Any], is_endless: bool) -> Any:
    """Return a stream of converted batches that Keras takes.

    Args:
        stream: A `keras.utils.PyDataset`, a dataset or loader that can be
            read again and again, or a generator.
        convert: Takes a batch and whether it's read for the first time, and
            returns a tuple of arrays.
        is_endless: Whether the number of steps is given, so that the batches
            needn't be counted.
    """
    if isinstance(stream, keras.utils.PyDataset):
        return _MappedDataset(stream, convert)
    if isinstance(stream, Iterator):
        return (convert(batch, True) for batch in stream)
    return _RereadDataset(stream, convert, is_endless)


class _Mapped(keras.utils.PyDataset):
    """Converts batches, and knows which it has converted before."""

    def __init__(self, convert: Callable[..., Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._convert = convert
        self._seen: set[int] = set()

    def converted(self, index: int, batch: Any) -> Any:
        """Return a batch converted."""
        is_new = index not in self._seen
        self._seen.add(index)
        return self._convert(batch, is_new)


class _MappedDataset(_Mapped):
    def __init__(self, dataset: Any, convert: Callable[..., Any]) -> None:
        super().__init__(convert, workers=dataset.workers)
        self._dataset = dataset

    @property
    def num_batches(self) -> int | None:
        return self._dataset.num_batches

    def __getitem__(self, index: int) -> Any:
        return self.converted(index, self._dataset[index])

    def on_epoch_begin(self) -> None:
        self._dataset.on_epoch_begin()

    def on_epoch_end(self) -> None:
        self._dataset.on_epoch_end()


class _RereadDataset(_Mapped):
    """Batches in their order, read from the beginning in each epoch."""

    def __init__(
        self, source: Any, convert: Callable[..., Any], is_endless: bool
    ) -> None:
        super().__init__(convert)
        self._source = source
        self._iterator: Iterator[Any] = iter(())
        self._length = _length(source)
        if self._length is None and not is_endless:
            self._length = sum(1 for _ in source)

    @property
    def num_batches(self) -> int | None:
        return self._length

    def __getitem__(self, index: int) -> Any:
        if index == 0:
            self._iterator = iter(self._source)
        batch = next(self._iterator, None)
        if batch is None:
            self._iterator = iter(self._source)
            batch = next(self._iterator)
        return self.converted(index, batch)


def _length(source: Any) -> int | None:
    """Return the number of batches; None if the source doesn't know it."""
    try:
        return len(source)
    except TypeError:  # endless, or unknown
        return None


class ShuffledBatches(keras.utils.PyDataset):
    """Batches of arrays that are completed each time they're read.

    Rows are shuffled in each epoch, as Keras does with arrays.

    Args:
        arrays: A nested structure of arrays with the same number of rows.
        batch_size: Rows in a batch; the last may have fewer.
        shuffle: Whether to shuffle.
        complete: Takes a batch and returns what the model is trained on.
    """

    def __init__(
        self,
        arrays: Any,
        batch_size: int,
        shuffle: bool,
        complete: Callable[[Any], Any],
    ) -> None:
        super().__init__()
        self._arrays = arrays
        self._batch_size = batch_size
        self._shuffle = shuffle
        self._complete = complete
        self._num_rows = len(keras.tree.flatten(arrays)[0])
        self._order = np.arange(self._num_rows)
        self._random = np.random.default_rng(np.random.randint(2**31))

    @property
    def num_batches(self) -> int:
        return -(-self._num_rows // self._batch_size)

    def __getitem__(self, index: int) -> Any:
        if index == 0 and self._shuffle:
            self._order = self._random.permutation(self._num_rows)
        first = index * self._batch_size
        held = self._order[first : first + self._batch_size]
        return self._complete(
            keras.tree.map_structure(lambda array: array[held], self._arrays)
        )
