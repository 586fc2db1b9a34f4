"""The signature `choose`: a question with options in, the best one out."""

from typing import Any

import tensorflow as tf

from albert_keras.export.text_packing import TextPacker
from albert_keras.export.token_rows import (
    ROWS_AT_ONCE,
    keep,
    run_in_parts,
)

# run_race.py: the flag `max_qa_length`.
QUESTION_LENGTH = 128


def choose_signature(
    serve_ids: tf.types.experimental.ConcreteFunction, packer: TextPacker
) -> Any:
    """A chooser as a function of texts.

    It gives what `AlbertMultipleChoice.predict` gives of texts.

    Args:
        serve_ids: Its signature of ids.
        packer: Makes ids of texts.

    Returns:
        A function of `context` (the passage, or ""), `question`, string
        `[batch]`, and `options`, string `[batch, options]`, to `choices` int32
        `[batch]`, the number of the best option, and of each its `logits` and
        their softmax `scores`, float32 `[batch, options]`.
    """

    def choose(
        context: tf.Tensor, question: tf.Tensor, options: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        rows, count = tf.unstack(tf.shape(options))
        # Rows would else be taken for those of other questions.
        fits = [
            tf.debugging.Assert(
                tf.equal(tf.size(each), rows),
                [
                    f"`{name}` must have as many rows as `options`. Received:",
                    tf.size(each),
                    rows,
                ],
            )
            for name, each in (("question", question), ("context", context))
        ]
        fits.append(
            tf.debugging.Assert(
                tf.equal(rows, 0) | (count > 0),
                ["`options` must not be empty. Received:", tf.shape(options)],
            )
        )
        with tf.control_dependencies(fits):
            flat = tf.reshape(options, [-1])
        row = tf.repeat(tf.range(tf.size(question)), count)
        asked = packer.tokenize(_with_options(question, flat, row))
        # Of a question that is too long the end stays, and the option there.
        most = min(QUESTION_LENGTH, packer.max_length // 2)
        lengths = asked.row_lengths()
        asked = keep(asked, tf.maximum(lengths - most, 0), lengths)
        passage = tf.gather(packer.tokenize(context), row)
        room = packer.max_length - 3 - asked.row_lengths()
        kept = tf.minimum(passage.row_lengths(), room)
        inputs = packer.pack(keep(passage, tf.zeros_like(kept), kept), asked)
        width = tf.shape(inputs["token_ids"])[1]
        shape = tf.concat([tf.shape(options), [width]], axis=0)
        logits = run_in_parts(
            serve_ids,
            {name: tf.reshape(each, shape) for name, each in inputs.items()},
            open_size=count,
            rows_at_once=tf.maximum(ROWS_AT_ONCE // tf.maximum(count, 1), 1),
        )["logits"]
        return {
            "choices": _best(logits),
            "logits": logits,
            "scores": tf.nn.softmax(logits),
        }

    return choose


def _best(logits: tf.Tensor) -> tf.Tensor:
    # Of no rows there may be no options either, of which none is the best.
    least = tf.fill([tf.shape(logits)[0], 1], -float("inf"))
    padded = tf.concat([logits, least], axis=1)
    return tf.argmax(padded, axis=1, output_type=tf.int32)


def _with_options(
    questions: tf.Tensor, options: tf.Tensor, row: tf.Tensor
) -> tf.Tensor:
    """Each option in the place of its question's `_`, or behind it."""
    # Where there is no gap, one is put behind.
    has_gap = tf.strings.regex_full_match(questions, r"\C*_\C*")
    questions = tf.where(has_gap, questions, questions + " _")
    parts = tf.gather(tf.strings.split(questions, sep="_"), row)
    option = tf.gather(options, parts.value_rowids())
    is_last = tf.equal(
        tf.range(tf.size(parts.flat_values, out_type=tf.int64)),
        tf.gather(parts.row_limits(), parts.value_rowids()) - 1,
    )
    filled = parts.flat_values + tf.where(is_last, "", option)
    return tf.strings.reduce_join(parts.with_flat_values(filled), axis=-1)
