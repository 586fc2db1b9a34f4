"""Rows of tokens as a model takes them, in the graph."""

import tensorflow as tf

# Few lengths rather than any: oneDNN prepares a kernel for each shape it meets.
_LENGTH_MULTIPLE = 8
# Rows that go through the model at once, of about one length: little of what is
# computed is padding, and what a large batch or a long passage costs is time
# and not memory. On CPUs 8 rows are as fast for each token as 32.
ROWS_AT_ONCE = 8


def encoder_inputs(
    rows: tf.RaggedTensor,
    first_lengths: tf.Tensor | None,
    pad_id: int,
    max_length: int,
) -> dict[str, tf.Tensor]:
    """Pads rows to the longest of them, rounded up to a multiple of 8.

    Args:
        rows: int32 ids `[rows, tokens]`, none longer than `max_length`.
        first_lengths: int64 `[rows]`: tokens of the first segment; None if
            there is no second.
        pad_id: What rows are filled up with.
        max_length: Most tokens of a row, a bound of the rounding.

    Returns:
        int32 `token_ids`, `segment_ids` and `padding_mask`, each
        `[rows, length]`.
    """
    lengths = rows.row_lengths()
    width = _rounded_width(lengths, max_length)
    token_ids = rows.to_tensor(pad_id, shape=tf.stack([rows.nrows(), width]))
    mask = tf.sequence_mask(lengths, width, tf.int32)
    if first_lengths is None:
        segment_ids = tf.zeros_like(token_ids)
    else:
        segment_ids = mask - tf.sequence_mask(first_lengths, width, tf.int32)
    return {
        "token_ids": token_ids,
        "segment_ids": segment_ids,
        "padding_mask": mask,
    }


def column(value: int, rows: tf.Tensor) -> tf.Tensor:
    """An int32 column `[rows, 1]` of one id, such as `[CLS]`."""
    return tf.fill(tf.stack([rows, 1]), value)


def keep(
    tokens: tf.RaggedTensor, starts: tf.Tensor, limits: tf.Tensor
) -> tf.RaggedTensor:
    """Of each row the tokens from one place to another.

    Args:
        tokens: Ragged `[rows, tokens]`.
        starts: int64 `[rows]`.
        limits: int64 `[rows]`, exclusive.
    """
    begins = tokens.row_starts()
    places = tf.ragged.range(begins + starts, begins + limits)
    return places.with_flat_values(
        tf.gather(tokens.flat_values, places.flat_values)
    )


def run_in_parts(
    function: tf.types.experimental.ConcreteFunction,
    inputs: dict[str, tf.Tensor],
    open_size: tf.Tensor | None = None,
    rows_at_once: int | tf.Tensor = ROWS_AT_ONCE,
) -> dict[str, tf.Tensor]:
    """Runs a model on rows, a few of about one length at a time.

    Each part is as wide as its longest row, rounded up to a multiple of 8.

    Args:
        function: Of named tensors `[rows, ...]`.
        inputs: These, padded; the last dimension is that of the tokens, but
            for `mask_positions`.
        open_size: What the outputs have for a size, behind that of the rows,
            that the function leaves open; by default the number of tokens.
        rows_at_once: Most rows of a part.

    Returns:
        Its outputs by name, for all rows in their order; 0 where a part was
        narrower than `open_size`.
    """
    specs = function.structured_outputs
    names = sorted(specs)
    tokens = tf.shape(inputs["token_ids"])[-1]
    if open_size is None:
        open_size = tokens
    lengths = tf.reduce_sum(inputs["padding_mask"], axis=-1)
    if lengths.shape.rank > 1:  # of several options
        lengths = tf.reduce_max(lengths, axis=1)
    order = tf.argsort(lengths, stable=True)
    lengths = tf.gather(lengths, order)
    inputs = {name: tf.gather(each, order) for name, each in inputs.items()}
    rows = tf.size(order)

    def step(begin: tf.Tensor, *found: tf.Tensor) -> tuple[tf.Tensor, ...]:
        end = begin + rows_at_once
        width = _rounded_width(lengths[begin:end], tokens)
        part = {
            name: tensor[begin:end]
            if name == "mask_positions"
            else tensor[begin:end, ..., :width]
            for name, tensor in inputs.items()
        }
        outputs = function(**part)
        joined = [
            tf.concat(
                [before, _widened(outputs[name], specs[name], open_size)],
                axis=0,
            )
            for before, name in zip(found, names, strict=True)
        ]
        return end, *joined

    empty = []
    for name in names:
        sizes = [open_size if n is None else n for n in specs[name].shape[1:]]
        empty.append(tf.zeros([0, *sizes], specs[name].dtype))
    _, *found = tf.while_loop(
        lambda begin, *_: begin < rows,
        step,
        [tf.constant(0), *empty],
        shape_invariants=[
            tf.TensorShape([]),
            *(tf.TensorShape([None, *specs[name].shape[1:]]) for name in names),
        ],
    )
    back = tf.argsort(order)
    return {
        name: tf.gather(each, back)
        for name, each in zip(names, found, strict=True)
    }


def _rounded_width(lengths: tf.Tensor, most: int | tf.Tensor) -> tf.Tensor:
    """The longest length, rounded up as far as `most` allows."""
    # A batch may be empty, and a row never is.
    longest = tf.reduce_max(tf.concat([lengths, [1]], axis=0))
    width = -(-longest // _LENGTH_MULTIPLE) * _LENGTH_MULTIPLE
    return tf.minimum(width, tf.cast(most, width.dtype))


def _widened(
    output: tf.Tensor, spec: tf.TensorSpec, size: tf.Tensor
) -> tf.Tensor:
    """An output, filled up with 0 in the dimensions that its spec leaves."""
    missing = size - tf.shape(output)
    return tf.pad(
        output,
        [
            [0, missing[axis] if axis and spec.shape[axis] is None else 0]
            for axis in range(spec.shape.rank)
        ],
    )
