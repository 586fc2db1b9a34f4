"""Many texts through a model: in batches of one length, in their own order."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

from albert_keras.inference.loaded_model import LoadedModel
from albert_keras.text.rows.arrays import encoder_inputs, padded
from albert_keras.text.rows.table import Features

Example = TypeVar("Example")

# Few lengths rather than any: oneDNN prepares a kernel for each shape it meets.
_LENGTH_MULTIPLE = 8
# Examples that are sorted together, and characters of them all: what is in
# memory at once. The first answers come after few.
_FIRST, _MOST = 64, 1024
_MOST_CHARACTERS = 2**21


def chunks(
    examples: Iterable[Example], size_of: Callable[[Example], int]
) -> Iterator[list[Example]]:
    """Cuts a stream into parts that are worked on one after the other.

    Args:
        examples: The stream.
        size_of: How many characters an example has.

    Yields:
        The parts, the first ones smaller.
    """
    part: list[Example] = []
    most, characters = _FIRST, 0
    for example in examples:
        part.append(example)
        characters += size_of(example)
        if len(part) == most or characters >= _MOST_CHARACTERS:
            yield part
            part, characters = [], 0
            most = min(2 * most, _MOST)
    if part:
        yield part


def num_truncated(features: Features) -> int:
    """Return how many examples lost tokens.

    Args:
        features: Rows with `num_cut`, and with `example_index` where an
            example has several.
    """
    cut = np.flatnonzero(features.rows["num_cut"])
    if "example_index" in features.rows:
        cut = np.unique(features.rows["example_index"][cut])
    return len(cut)


def run_rows(
    model: LoadedModel,
    features: Features,
    batch_size: int,
    inputs: Callable[[Features, int], dict[str, np.ndarray]],
    reduce: Callable[[Features, dict[str, np.ndarray]], Sequence[Any]],
) -> list[Any]:
    """Runs a model on rows, those of about one length together.

    Args:
        model: The model.
        features: The rows.
        batch_size: Most rows of a batch.
        inputs: Of rows and the width to fill them up to makes the inputs.
        reduce: Of rows and the outputs for them makes what is kept of each:
            all outputs of all rows may be more than the memory holds.

    Returns:
        What `reduce` gave for each row, in the order of the rows.
    """
    # The longest first: what is too much for the memory shows at once.
    order = np.argsort(-features.lengths, kind="stable")
    found: list[Any] = [None] * len(features)
    for begin in range(0, len(order), batch_size):
        indices = order[begin : begin + batch_size]
        batch = features.take(indices)
        outputs = model.run(inputs(batch, _width(batch, model.max_tokens)))
        for index, kept in zip(indices, reduce(batch, outputs), strict=True):
            found[index] = kept
    return found


def ids_of(batch: Features, width: int) -> dict[str, np.ndarray]:
    """The three inputs of the encoder, int32 `[rows, width]`."""
    return encoder_inputs(batch, width)


def ids_and_answer_mask(batch: Features, width: int) -> dict[str, np.ndarray]:
    """Those, and `answer_mask`."""
    return {
        **encoder_inputs(batch, width),
        "answer_mask": padded(batch, "answer_mask", width=width),
    }


def _width(batch: Features, max_tokens: int) -> int:
    longest = int(batch.lengths.max())
    rounded = -(-longest // _LENGTH_MULTIPLE) * _LENGTH_MULTIPLE
    return max(longest, min(rounded, max_tokens))
