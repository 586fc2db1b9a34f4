"""The signature `answer`: a question and a passage in, the answer out."""

from typing import Any, NamedTuple

import tensorflow as tf

from albert_keras.export.answer_windows import AnswerWindows, answer_windows
from albert_keras.export.text_packing import TextPacker
from albert_keras.export.token_rows import run_in_parts
from albert_keras.text.answers import MAX_ANSWER_LENGTH, N_BEST
from albert_keras.text.normalization import whitespace_class


class _Spans(NamedTuple):
    """Possible answers of all questions, in the order of their windows.

    Attributes:
        question: int64 `[spans]`.
        start: int32 `[spans]`, in characters of the passage.
        end: int32 `[spans]`, exclusive.
        score: float64 `[spans]`, of start and end together.
    """

    question: tf.Tensor
    start: tf.Tensor
    end: tf.Tensor
    score: tf.Tensor


def answer_signature(
    serve_ids: tf.types.experimental.ConcreteFunction,
    packer: TextPacker,
    top_k: int,
) -> Any:
    """A reader as a function of questions and passages.

    It gives what `AlbertQuestionAnswering.predict` gives of texts.

    Args:
        serve_ids: Its signature of ids.
        packer: Makes ids of texts.
        top_k: Answers K for each question.

    Returns:
        A function of `question` and `context`, string tensors `[batch]`, to
        the best answers first: `answers` string `[batch, K]`; `scores` float32
        `[batch, K]`, their probabilities among the 20 best; `starts` and
        `ends` int32 `[batch, K]`, in characters of the passage (Unicode code
        points, `ends` exclusive). Rows of fewer than K answers are filled up
        with scores of 0. `chars_read` int32 `[batch]`: up to where the passage
        was read, which is its end but for very long ones; with head "v2" also
        `null_odds` float32 `[batch]`, a logit, positive where there rather is
        no answer.
    """

    def answer(question: tf.Tensor, context: tf.Tensor) -> dict[str, tf.Tensor]:
        context = tf.strings.unicode_transcode(context, "UTF-8", "UTF-8")
        count = tf.size(context, out_type=tf.int64)
        windows = answer_windows(question, context, packer)
        inputs = dict(windows.inputs)
        has_null = "cls_logits" in serve_ids.structured_outputs
        if has_null:
            allowed = tf.cast(windows.is_passage, tf.int32)
            inputs["answer_mask"] = tf.concat(
                [tf.ones_like(allowed[:, :1]), allowed[:, 1:]], axis=1
            )
        outputs = run_in_parts(serve_ids, inputs)
        pairs = _of_beam(outputs) if has_null else _of_logits(outputs, windows)
        found = _rank(_spans(*pairs, windows), context, top_k, count)
        found["chars_read"] = windows.chars_read
        if has_null:
            found["null_odds"] = tf.math.unsorted_segment_min(
                outputs["cls_logits"], windows.question, count
            )
        return found

    return answer


_Pairs = tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]


def _of_logits(outputs: dict[str, tf.Tensor], windows: AnswerWindows) -> _Pairs:
    """The best starts of each window with its best ends (head "v1")."""
    kept = tf.minimum(N_BEST, tf.shape(windows.is_passage)[1])
    found = []
    for name in ("start_logits", "end_logits"):
        # Equal ones in the order of their places, as NumPy's stable sort.
        scores = tf.where(windows.is_passage, outputs[name], -float("inf"))
        found.append(tf.math.top_k(scores, kept))
    (start_scores, starts), (end_scores, ends) = found

    def all_pairs(a: tf.Tensor, b: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        rows = tf.shape(a)[0]
        shape = tf.stack([rows, kept, kept])
        flat = tf.stack([rows, kept * kept])
        return (
            tf.reshape(tf.broadcast_to(a[:, :, None], shape), flat),
            tf.reshape(tf.broadcast_to(b[:, None], shape), flat),
        )

    return (*all_pairs(starts, ends), *all_pairs(start_scores, end_scores))


def _of_beam(outputs: dict[str, tf.Tensor]) -> _Pairs:
    """The spans that a window's beam holds (head "v2")."""
    starts = outputs["start_top_index"]
    ends = outputs["end_top_index"]
    each = ends.shape[1] // starts.shape[1]
    return (
        tf.repeat(starts, each, axis=1),
        ends,
        tf.repeat(outputs["start_top_log_probs"], each, axis=1),
        outputs["end_top_log_probs"],
    )


def _spans(
    starts: tf.Tensor,
    ends: tf.Tensor,
    start_scores: tf.Tensor,
    end_scores: tf.Tensor,
    windows: AnswerWindows,
) -> _Spans:
    """Of pairs of tokens `[windows, pairs]` those that can be an answer."""

    def at(values: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
        return tf.gather(values, places, batch_dims=1)

    is_possible = (starts <= ends) & (ends - starts < MAX_ANSWER_LENGTH)
    is_possible &= at(windows.is_passage, starts)
    is_possible &= at(windows.is_passage, ends)
    is_possible &= at(windows.is_max_context, starts)
    places = tf.where(is_possible)
    score = tf.cast(start_scores, tf.float64) + tf.cast(end_scores, tf.float64)
    return _Spans(
        tf.gather(windows.question, places[:, 0]),
        tf.gather_nd(at(windows.starts, starts), places),
        tf.gather_nd(at(windows.ends, ends), places),
        tf.gather_nd(score, places),
    )


def _rank(
    spans: _Spans, contexts: tf.Tensor, top_k: int, count: tf.Tensor
) -> dict[str, tf.Tensor]:
    """The graph twin of `albert_keras.text.answers.rank`."""
    # By question and then by score; both sorts leave equals in their order.
    order = tf.argsort(spans.score, direction="DESCENDING", stable=True)
    by_question = tf.argsort(tf.gather(spans.question, order), stable=True)
    order = tf.gather(order, by_question)
    spans = _Spans(*(tf.gather(values, order) for values in spans))
    texts, margin = _stripped(spans, contexts)
    start = spans.start + margin
    # Of spans with the same text the best counts.
    key = tf.strings.join(
        [tf.strings.as_string(spans.question), texts], separator=" "
    )
    _, which = tf.unique(key, out_idx=tf.int64)
    places = tf.range(tf.size(which, out_type=tf.int64))
    firsts = tf.math.unsorted_segment_min(
        places, which, tf.reduce_max(tf.concat([which, [-1]], axis=0)) + 1
    )
    question = tf.gather(spans.question, firsts)

    def rows(values: tf.Tensor) -> tf.RaggedTensor:
        found = tf.RaggedTensor.from_value_rowids(
            tf.gather(values, firsts), question, nrows=count, validate=False
        )
        return found[:, :N_BEST]

    scores = rows(spans.score)
    nothing = tf.cast(tf.equal(scores.row_lengths(), 0), tf.int64)
    # Where no span is possible the answer is "", and certain.
    none = tf.RaggedTensor.from_row_lengths(
        tf.zeros([tf.reduce_sum(nothing)], tf.float64), nothing, validate=False
    )
    scores = tf.concat([scores, none], axis=1)
    highest = tf.reduce_max(scores, axis=1)
    weights = scores.with_flat_values(
        tf.exp(scores.flat_values - tf.gather(highest, scores.value_rowids()))
    )
    total = tf.reduce_sum(weights, axis=1)
    weights = weights.with_flat_values(
        tf.cast(
            weights.flat_values / tf.gather(total, weights.value_rowids()),
            tf.float32,
        )
    )
    shape = tf.stack([count, tf.constant(top_k, tf.int64)])
    return {
        "answers": rows(texts).to_tensor("", shape=shape),
        "scores": weights.to_tensor(0.0, shape=shape),
        "starts": rows(start).to_tensor(0, shape=shape),
        "ends": rows(
            start + tf.strings.length(texts, unit="UTF8_CHAR")
        ).to_tensor(0, shape=shape),
    }


def _stripped(
    spans: _Spans, contexts: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """The text of each span, and how many spaces went from its front."""
    # Joined of characters: to cut each from its passage would copy this.
    characters = tf.strings.unicode_split(contexts, "UTF-8")
    begin = tf.gather(characters.row_starts(), spans.question)
    places = tf.ragged.range(
        begin + tf.cast(spans.start, tf.int64),
        begin + tf.cast(spans.end, tf.int64),
    )
    texts = tf.strings.reduce_join(
        places.with_flat_values(
            tf.gather(characters.flat_values, places.flat_values)
        ),
        axis=-1,
    )
    lengths = tf.strings.length(texts, unit="UTF8_CHAR")
    texts = tf.strings.regex_replace(texts, f"^{whitespace_class()}+", "")
    margin = lengths - tf.strings.length(texts, unit="UTF8_CHAR")
    texts = tf.strings.regex_replace(texts, f"{whitespace_class()}+$", "")
    return texts, margin
