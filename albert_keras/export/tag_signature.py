"""The signature `tag`: a text in, a tag for each of its words out."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from albert_keras.export.text_packing import TextPacker
from albert_keras.export.token_rows import keep, run_in_parts
from albert_keras.text.normalization import whitespace_class

# A bound of what one request may cost: of a longer text the end is not read.
MAX_ROWS = 64


def tag_signature(
    serve_ids: tf.types.experimental.ConcreteFunction,
    packer: TextPacker,
    labels: Sequence[str],
) -> Any:
    """A tagger as a function of texts.

    It gives what `AlbertTokenClassifier.predict` gives of `text.split()`.

    Args:
        serve_ids: Its signature of ids.
        packer: Makes ids of texts.
        labels: Names of the C classes.

    Returns:
        A function of `text`, a string tensor `[batch]`, to `word_count` int32
        `[batch]` and, for up to W words a text, `words` and `labels`, string
        `[batch, W]`; `classes` int32 and their `scores` float32, shaped
        alike; `logits` float32 `[batch, W, C]`; `starts` and `ends` int32
        `[batch, W]`, where in the text the word stands, in characters
        (Unicode code points, `ends` exclusive). Texts of fewer words are
        filled up with "" and 0. Words behind the first 64 rows of a text are
        not read and not counted.
    """

    def tag(text: tf.Tensor) -> dict[str, tf.Tensor]:
        text = tf.strings.unicode_transcode(text, "UTF-8", "UTF-8")
        words, starts, ends = _words(text)
        tokens = packer.tokenize(words.flat_values)
        room = packer.max_length - 2
        tokens = _never_empty(tokens[:, :room], packer.tokenizer.unk_id)
        begin, end, sentence = _rows(words, tokens, room)
        splits = tf.cast(tokens.row_splits, tf.int32)
        places = tf.ragged.range(
            tf.gather(splits, begin), tf.gather(splits, end)
        )
        inputs = packer.pack(
            places.with_flat_values(
                tf.gather(tokens.flat_values, places.flat_values)
            )
        )
        logits = run_in_parts(serve_ids, inputs)["logits"]
        # A word is read from its first piece, behind `[CLS]`.
        read = tf.ragged.range(begin, end)
        row = read.value_rowids()
        place = 1 + tf.gather(splits, read.flat_values)
        place -= tf.gather(splits, tf.gather(begin, row))
        found = tf.gather_nd(
            logits, tf.stack([row, tf.cast(place, tf.int64)], axis=1)
        )
        count = tf.math.unsorted_segment_sum(
            tf.cast(read.row_lengths(), tf.int32), sentence, tf.size(text)
        )
        width = tf.reduce_max(tf.concat([count, [0]], axis=0))

        def dense(values: Any, default: Any) -> tf.Tensor:
            shape = tf.stack([tf.size(text), width])
            kept = keep(
                words.with_flat_values(values),
                tf.zeros_like(count, tf.int64),
                tf.cast(count, tf.int64),
            )
            return kept.to_tensor(default, shape=shape)

        mask = tf.sequence_mask(count, width)
        # In the order of texts and words, as the rows are.
        shape = tf.stack([tf.size(text), width, len(labels)])
        logits = tf.scatter_nd(tf.where(mask), found, tf.cast(shape, tf.int64))
        scores = tf.nn.softmax(logits)
        classes = tf.argmax(logits, axis=-1, output_type=tf.int32)
        names = tf.gather(tf.constant(list(labels)), classes)
        return {
            "word_count": count,
            "words": dense(words.flat_values, ""),
            "starts": dense(starts, 0),
            "ends": dense(ends, 0),
            "labels": tf.where(mask, names, ""),
            "classes": tf.where(mask, classes, 0),
            "scores": tf.where(mask, tf.reduce_max(scores, axis=-1), 0.0),
            "logits": logits,
        }

    return tag


def _words(
    texts: tf.Tensor,
) -> tuple[tf.RaggedTensor, tf.Tensor, tf.Tensor]:
    """Cuts at white space; the flat starts and ends in characters, int32."""
    characters = tf.strings.unicode_split(texts, "UTF-8")
    values = characters.flat_values
    is_space = tf.strings.regex_full_match(values, whitespace_class())
    row = characters.value_rowids()
    place = tf.range(tf.size(values, out_type=tf.int64))
    base = tf.gather(characters.row_starts(), row)
    limit = tf.gather(characters.row_limits(), row)
    before = tf.concat([[True], is_space], axis=0)[:-1]
    behind = tf.concat([is_space, [True]], axis=0)[1:]
    begins = ~is_space & (before | (place == base))
    ends = ~is_space & (behind | (place == limit - 1))
    first = tf.boolean_mask(place, begins)
    last = tf.boolean_mask(place, ends) + 1
    places = tf.ragged.range(first, last)
    words = tf.strings.reduce_join(
        places.with_flat_values(tf.gather(values, places.flat_values)), axis=-1
    )
    base = tf.boolean_mask(base, begins)
    return (
        tf.RaggedTensor.from_value_rowids(
            words,
            tf.boolean_mask(row, begins),
            nrows=characters.nrows(),
            validate=False,
        ),
        tf.cast(first - base, tf.int32),
        tf.cast(last - base, tf.int32),
    )


def _never_empty(tokens: tf.RaggedTensor, unk_id: int) -> tf.RaggedTensor:
    """A word of which nothing is left is `[UNK]`."""
    is_empty = tf.cast(tf.equal(tokens.row_lengths(), 0), tf.int64)
    unknown = tf.RaggedTensor.from_row_lengths(
        tf.fill([tf.reduce_sum(is_empty)], unk_id), is_empty, validate=False
    )
    return tf.concat([tokens, unknown], axis=1)


def _rows(
    words: tf.RaggedTensor, tokens: tf.RaggedTensor, room: int
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Which words each row holds: as many as have room for all their tokens.

    Args:
        words: Of each text.
        tokens: Of each word, `room` at most.
        room: Most tokens of a row.

    Returns:
        int32 `[rows]`, by text: first word, last word (exclusive), text. A
        text without words has a row without.
    """
    splits = tf.cast(tokens.row_splits, tf.int32)
    limit = tf.cast(words.row_limits(), tf.int32)
    text = tf.range(tf.size(limit))

    def step(
        number: tf.Tensor, begin: tf.Tensor, *found: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        most = tf.gather(splits, begin) + room
        end = tf.searchsorted(splits, most, side="right") - 1
        end = tf.minimum(end, limit)
        goes_on = (begin < limit) | tf.equal(number, 0)
        added = tf.stack([begin, end, text], axis=1)
        found = tf.concat([found[0], tf.boolean_mask(added, goes_on)], axis=0)
        return number + 1, end, found

    _, _, found = tf.while_loop(
        lambda number, begin, _: (
            (number < MAX_ROWS)
            & (tf.equal(number, 0) | tf.reduce_any(begin < limit))
        ),
        step,
        [
            tf.constant(0),
            tf.cast(words.row_starts(), tf.int32),
            tf.zeros([0, 3], tf.int32),
        ],
        shape_invariants=[
            tf.TensorShape([]),
            tf.TensorShape([None]),
            tf.TensorShape([None, 3]),
        ],
    )
    order = tf.argsort(found[:, 2], stable=True)
    found = tf.gather(found, order)
    return found[:, 0], found[:, 1], found[:, 2]
