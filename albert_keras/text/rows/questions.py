"""Questions about passages as windows of ids."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from albert_keras.text.answers import (
    Passage,
    Span,
    rank,
    spans_of_beam,
    spans_of_logits,
)
from albert_keras.text.examples import QuestionExample
from albert_keras.text.rows.encoding import encode_each
from albert_keras.text.rows.table import FeatureRows, Features
from albert_keras.text.windows import max_context, windows_of


class _Tokens(NamedTuple):
    ids: np.ndarray
    starts: np.ndarray
    ends: np.ndarray


def question_features(
    examples: Sequence[QuestionExample],
    tokenizer: Any,
    sequence_length: int = 384,
    stride: int = 128,
    question_length: int = 64,
) -> Features:
    """Packs `[CLS] question [SEP] passage [SEP]`, in windows of the passage.

    The original aligns pieces with the text by the longest common
    subsequence, and drops an example where that fails; here the tokenizer
    tells where each token stands.

    Args:
        examples: the questions.
        tokenizer: a `SentencePieceTokenizer` or `WordPieceTokenizer`.
        sequence_length: most tokens of a row.
        stride: tokens from the beginning of one window to the next.
        question_length: most tokens of the question; the rest is cut off.

    Returns:
        The windows of the examples, in their order. For each token:
        `token_ids`, `segment_ids`; `answer_mask`, 1 for `[CLS]` and the
        passage; `char_starts` and `char_ends`, where in the passage it stands,
        and `is_max_context`, see `ak.text.answers.Passage`; 0 for all but the
        passage. For each row: `example_index`; `first`, where the passage
        begins; `start` and `end`, tokens of the first answer (inclusive), and
        `is_impossible`: 0, 0 and 1 where the window does not hold it whole;
        `num_cut`, tokens cut off the question.

    Raises:
        ValueError: if there is no room for the passage.

    Source: google-research/albert, `squad_utils.py`,
    `convert_examples_to_features`.
    """
    questions = encode_each(tokenizer, (e.question for e in examples))
    contexts = encode_each(tokenizer, (e.context for e in examples))
    located: dict[str, _Tokens] = {}
    rows = FeatureRows()
    for number, example in enumerate(examples):
        if example.context not in located:
            located = {  # questions of a passage come one behind the other
                example.context: _located(
                    tokenizer, example.context, contexts[example.context]
                )
            }
        passage = located[example.context]
        question = questions[example.question][:question_length]
        cut = len(questions[example.question]) - len(question)
        room = sequence_length - 3 - len(question)
        windows = windows_of(len(passage.ids), room, stride)
        answer = _answer_tokens(example, passage)
        before = [tokenizer.cls_id, *question, tokenizer.sep_id]
        first = len(before)
        for window, best in zip(windows, max_context(windows), strict=True):
            held = slice(window.start, window.start + window.length)
            start, end = _in_window(answer, window.start, window.length)
            margins = np.zeros(first, "int32"), np.zeros(1, "int32")

            def padded(
                column: np.ndarray,
                margins: tuple[np.ndarray, np.ndarray] = margins,
            ) -> np.ndarray:
                return np.concatenate([margins[0], column, margins[1]])

            mask = padded(np.ones(window.length, "int32"))
            mask[0] = 1
            rows.add(
                {
                    "token_ids": np.concatenate(
                        [before, passage.ids[held], [tokenizer.sep_id]]
                    ),
                    "segment_ids": [0] * first + [1] * (window.length + 1),
                    "answer_mask": mask,
                    "char_starts": padded(passage.starts[held]),
                    "char_ends": padded(passage.ends[held]),
                    "is_max_context": padded(best),
                },
                example_index=number,
                first=first,
                start=0 if start is None else first + start,
                end=0 if end is None else first + end,
                is_impossible=int(start is None),
                num_cut=cut,
            )
    return rows.features()


def passage_of(row: dict[str, Any]) -> Passage:
    """What a window holds of its passage.

    Args:
        row: of `question_features`.
    """
    first = int(row["first"])
    held = slice(first, -1)
    return Passage(
        first,
        row["char_starts"][held],
        row["char_ends"][held],
        row["is_max_context"][held].astype(bool),
    )


def ranked_answers(
    examples: Sequence[QuestionExample],
    features: Features,
    outputs: Sequence[Mapping[str, np.ndarray]],
) -> tuple[list[list[dict[str, Any]]], list[float] | None]:
    """Ranks the answers of questions by what a model says of their windows.

    Args:
        examples: the questions.
        features: theirs.
        outputs: for each window a row of the outputs of
            `ak.AlbertQuestionAnswering`.

    Returns:
        For each question its answers, see `rank`, and, of head "v2", what
        speaks for no answer: the least `cls_logits` of its windows.
    """
    spans: list[list[Span]] = [[] for _ in examples]
    odds = [math.inf] * len(examples)
    for index, output in enumerate(outputs):
        row = features.row(index)
        number, passage = int(row["example_index"]), passage_of(row)
        if "cls_logits" in output:
            spans[number] += spans_of_beam(output, passage)
            odds[number] = min(odds[number], float(output["cls_logits"]))
        else:
            logits = output["start_logits"], output["end_logits"]
            spans[number] += spans_of_logits(*logits, passage)
    ranked = [
        rank(example.context, found)
        for example, found in zip(examples, spans, strict=True)
    ]
    return ranked, odds if math.isfinite(max(odds)) else None


def remarks_on(
    examples: Sequence[QuestionExample], features: Features
) -> tuple[str, ...]:
    """Names the answers that their tokens do not show as they are.

    Args:
        examples: the questions.
        features: theirs.

    Returns:
        A sentence for each of the answers of which a token holds only a part,
        and for those that no token holds, which are trained as impossible.
    """
    shown: dict[int, str] = {}
    for index in np.flatnonzero(features.rows["is_impossible"] == 0):
        row = features.row(int(index))
        begin = row["char_starts"][row["start"]]
        end = row["char_ends"][row["end"]]
        number = int(row["example_index"])
        shown[number] = examples[number].context[begin:end]
    found = []
    for number, example in enumerate(examples):
        if not example.answers or shown.get(number) == example.answers[0]:
            continue
        what = (
            f"tokens show {shown[number]!r:.60}"
            if number in shown
            else "no window holds it, and it is read as impossible"
        )
        found.append(
            f"{example.source}: of the answer {example.answers[0]!r:.60} "
            f"{what}."
        )
    return tuple(found)


def _located(tokenizer: Any, context: str, ids: Sequence[int]) -> _Tokens:
    spans = np.asarray(tokenizer.offsets(context), "int32").reshape(-1, 2)
    return _Tokens(np.asarray(ids, "int32"), spans[:, 0], spans[:, 1])


def _answer_tokens(
    example: QuestionExample, passage: _Tokens
) -> tuple[int, int] | None:
    """First and last token of the answer; None where there is none."""
    if example.is_impossible or not example.answers:
        return None
    begin = example.answer_starts[0]
    end = begin + len(example.answers[0])
    inside = np.flatnonzero((passage.starts < end) & (passage.ends > begin))
    if not len(inside):
        return None  # all of it was normalised away
    return int(inside[0]), int(inside[-1])


def _in_window(
    answer: tuple[int, int] | None, start: int, length: int
) -> tuple[int, int] | tuple[None, None]:
    if answer is None or answer[0] < start or answer[1] >= start + length:
        return None, None
    return answer[0] - start, answer[1] - start
