"""Answers to questions about passages."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from albert_keras.inference.asking import Asks, Result, as_many, text_list
from albert_keras.inference.batches import (
    ids_and_answer_mask,
    ids_of,
    run_rows,
)
from albert_keras.text.answers import N_BEST
from albert_keras.text.examples import QuestionExample
from albert_keras.text.rows.questions import (
    question_features,
    ranked_answers,
)
from albert_keras.text.rows.table import Features

# run_squad_v1.py: the flag `max_query_length`.
_QUESTION_LENGTH = 64


class Answer(Asks[QuestionExample]):
    """Finds the answer to a question in a passage of any length.

    A long passage is read in windows that overlap, 128 tokens apart.

    Args:
        model: An `ak.AlbertQuestionAnswering`, or the path of a preset, a
            SavedModel or a .tflite file of one.
        tokenizer: As of `ak.inference.Asks`.
        top_k: Answers to each question, 20 at most.
        null_threshold: From these null odds on, a logit, the answer is that
            there is none; only of a model with head `"v2"`.
        **options: As of `ak.inference.Asks`.

    Call arguments:
        questions: A string, or a sequence of strings.
        contexts: The passage, one for all questions, or one for each.

    Returns:
        For one question a dictionary, else a list of these: `answer` (str,
        "" where there is none), its `score` (float), `start` and `end`, where
        in the passage it stands, in characters (`end` exclusive; None where
        there is no answer), and `answers`, the `top_k` best, each with `text`,
        `score`, `start` and `end`. The score is the probability among the 20
        best answers. With head `"v2"` there is also `null_odds` (float), a
        logit, positive where there rather is no answer; of no answer the
        score is the probability of that.

    Raises:
        TypeError: `model` is no reader, or a text is no string.
        ValueError: There are not as many passages as questions; `top_k` is out
            of range.

    Example:

    ```python
    answer = ak.inference.Answer("run/preset")
    answer("Who wrote it?", "It was written by Ann.")["answer"]
    ```
    """

    task = "answer"
    examples_are = "questions"

    def __init__(
        self,
        model: Any,
        tokenizer: Any = None,
        *,
        top_k: int = 1,
        null_threshold: float = 0.0,
        **options: Any,
    ) -> None:
        if not 1 <= top_k <= N_BEST:
            raise ValueError(
                f"`top_k` must be between 1 and {N_BEST}. Received: "
                f"top_k={top_k}."
            )
        if math.isnan(null_threshold):
            raise ValueError(
                "`null_threshold` must be a number. Received: nan."
            )
        super().__init__(model, tokenizer, **options)
        self.top_k = top_k
        self.null_threshold = null_threshold

    def __call__(
        self, questions: str | Sequence[str], contexts: str | Sequence[str]
    ) -> Any:
        given, is_single = text_list(questions, "questions")
        passages, is_one = text_list(contexts, "contexts")
        if is_one:
            passages *= len(given)
        as_many("contexts", passages, len(given), "questions")
        examples = [
            QuestionExample("", question, passage, (), (), False, "", "")
            for question, passage in zip(given, passages, strict=True)
        ]
        found = [result for _, result in self.stream(examples)]
        return found[0] if is_single else found

    def size_of(self, example: QuestionExample) -> int:
        return len(example.question) + len(example.context)

    def answers(self, examples: Sequence[QuestionExample]) -> list[Result]:
        features = question_features(
            examples,
            self.tokenizer,
            self.model.max_tokens,
            question_length=self._question_length(),
        )
        self.count_truncated(features)
        has_null = "answer_mask" in self.model.inputs
        outputs = run_rows(
            self.model,
            features,
            self.batch_size,
            ids_and_answer_mask if has_null else ids_of,
            _each_row,
        )
        ranked, odds = ranked_answers(examples, features, outputs)
        return [
            self._result(best, odds[number] if odds else None)
            for number, best in enumerate(ranked)
        ]

    def _question_length(self) -> int:
        return min(_QUESTION_LENGTH, self.model.max_tokens // 2)

    def truncated_to(self) -> str:
        return f"{self._question_length()} tokens"

    def _result(
        self, ranked: list[dict[str, Any]], null_odds: float | None
    ) -> Result:
        answers = [
            {
                "text": each["text"],
                "score": each["probability"],
                "start": each["start"],
                "end": each["end"],
            }
            for each in ranked[: self.top_k]
        ]
        best = answers[0]
        if null_odds is None:
            return {
                "answer": best["text"],
                **{name: best[name] for name in ("score", "start", "end")},
                "answers": answers,
            }
        if null_odds >= self.null_threshold:
            best = {
                "text": "",
                "score": _sigmoid(null_odds),
                "start": None,
                "end": None,
            }
        return {
            "answer": best["text"],
            **{name: best[name] for name in ("score", "start", "end")},
            "null_odds": null_odds,
            "answers": answers,
        }


def _each_row(
    batch: Features, outputs: dict[str, np.ndarray]
) -> list[dict[str, np.ndarray]]:
    return [
        {name: values[row] for name, values in outputs.items()}
        for row in range(len(batch))
    ]


def _sigmoid(logit: float) -> float:
    # Never of a large power, which would overflow.
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    return math.exp(logit) / (1 + math.exp(logit))
