"""Questions about passages as windows of ids, in the graph.

The graph twin of `albert_keras.text.rows.questions.question_features`.
"""

from typing import NamedTuple

import tensorflow as tf

from albert_keras.export.text_packing import TextPacker
from albert_keras.export.token_rows import keep

# run_squad_v1.py: flags `doc_stride` and `max_query_length`.
STRIDE = 128
QUESTION_LENGTH = 64
# A bound of what one request may cost: of a longer passage the end is not
# read. 64 windows, 128 tokens apart, are some 8,000 tokens.
MAX_WINDOWS = 64


class AnswerWindows(NamedTuple):
    """The windows of some questions, all of the first question first.

    Attributes:
        inputs: Of the model: `token_ids`, `segment_ids` and `padding_mask`,
            int32 `[windows, length]`.
        question: int64 `[windows]`: the question of each.
        first: int64 `[windows]`: where in it the passage begins.
        starts: int32 `[windows, length]`: where in the passage each token
            begins, in characters; 0 outside the passage.
        ends: Likewise, where it ends (exclusive).
        is_passage: bool `[windows, length]`.
        is_max_context: bool `[windows, length]`, see
            `albert_keras.text.windows.max_context`.
        chars_read: int32 `[questions]`: how far the passage was read.
    """

    inputs: dict[str, tf.Tensor]
    question: tf.Tensor
    first: tf.Tensor
    starts: tf.Tensor
    ends: tf.Tensor
    is_passage: tf.Tensor
    is_max_context: tf.Tensor
    chars_read: tf.Tensor


def answer_windows(
    questions: tf.Tensor, contexts: tf.Tensor, packer: TextPacker
) -> AnswerWindows:
    """Cuts passages into windows behind their questions.

    Args:
        questions: String tensor `[questions]`.
        contexts: String tensor `[questions]`.
        packer: Of a tokenizer that tells offsets.
    """
    asked = packer.tokenize(questions)
    question_length = min(QUESTION_LENGTH, packer.max_length // 2)
    asked = asked[:, :question_length]
    assert packer.locate is not None
    located = packer.locate(contexts)
    tokens = located.ids.row_lengths()
    room = packer.max_length - 3 - asked.row_lengths()
    step = tf.minimum(room, STRIDE)
    count = tf.maximum(-(-(tokens - room) // step), 0) + 1
    count = tf.minimum(count, MAX_WINDOWS)
    numbers = tf.ragged.range(count)
    question = numbers.value_rowids()
    start = numbers.flat_values * tf.gather(step, question)
    limit = tf.minimum(
        tf.gather(tokens, question), start + tf.gather(room, question)
    )

    def held(values: tf.RaggedTensor) -> tf.RaggedTensor:
        return keep(tf.gather(values, question), start, limit)

    front = tf.gather(asked, question)
    passage = held(located.ids)
    inputs = packer.pack(front, passage)
    shape = tf.shape(inputs["token_ids"], tf.int64)
    first = front.row_lengths() + 2
    places = tf.range(shape[1])[None] - first[:, None]
    is_passage = (places >= 0) & (places < (limit - start)[:, None])

    def placed(values: tf.RaggedTensor) -> tf.Tensor:
        """Dense, with nothing outside the passage."""
        return tf.scatter_nd(tf.where(is_passage), values.flat_values, shape)

    last = tf.reduce_max(
        tf.concat([held(located.ends), tf.zeros([shape[0], 1], tf.int32)], 1),
        axis=1,
    )
    best = _is_max_context(numbers, start, limit, located.ids)
    return AnswerWindows(
        inputs,
        question,
        first,
        placed(held(located.starts)),
        placed(held(located.ends)),
        is_passage,
        tf.cast(placed(tf.cast(best, tf.int32)), tf.bool),
        tf.math.unsorted_segment_max(
            last, question, tf.cast(numbers.nrows(), tf.int32)
        ),
    )


def _is_max_context(
    numbers: tf.RaggedTensor,
    start: tf.Tensor,
    limit: tf.Tensor,
    passages: tf.RaggedTensor,
) -> tf.RaggedTensor:
    """For each token of each window whether it has most context there."""
    length = limit - start
    left = tf.ragged.range(length)
    window = left.value_rowids()
    right = tf.gather(length, window) - 1 - left.flat_values
    # In double precision, as NumPy does the same.
    score = tf.cast(tf.minimum(left.flat_values, right), tf.float64)
    score += 0.01 * tf.cast(tf.gather(length, window), tf.float64)
    begin = tf.gather(passages.row_starts(), numbers.value_rowids()) + start
    token = tf.gather(begin, window) + left.flat_values
    count = tf.size(passages.flat_values, out_type=tf.int64)
    highest = tf.math.unsorted_segment_max(score, token, count)
    is_highest = tf.equal(score, tf.gather(highest, token))
    many = tf.int64.max
    owner = tf.math.unsorted_segment_min(
        tf.where(is_highest, window, many), token, count
    )
    return left.with_flat_values(tf.equal(tf.gather(owner, token), window))
