"""The answer to a question in a passage."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_question_answering import (
    AlbertQuestionAnswering,
)
from albert_keras.tasks.kinds.arrays import Arrays, ids_of, ragged
from albert_keras.tasks.metrics.squad import squad1, squad2
from albert_keras.tasks.options import FinetuningOptions
from albert_keras.text.answers import (
    AnsweredQuestions,
    Span,
    rank,
    spans_of_beam,
    spans_of_logits,
)
from albert_keras.text.rows.questions import passage_of, question_features
from albert_keras.text.rows.table import Features


class QuestionTask:
    """The span of a passage that answers a question, or that none does.

    Args:
        options: of the run; `head` decides between SQuAD 1.1 and 2.0.
        labels: none.
    """

    def __init__(
        self, options: FinetuningOptions, labels: Sequence[str]
    ) -> None:
        self.options = options
        self.labels = tuple(labels)

    def build(self, backbone: AlbertBackbone) -> keras.Model:
        """The model, of random head."""
        return AlbertQuestionAnswering(
            backbone,
            head=self.options.head,
            dropout=self.options.classifier_dropout,
        )

    def features(self, examples: Sequence[Any], tokenizer: Any) -> Features:
        """Packs the windows of the passages."""
        return question_features(
            examples,
            tokenizer,
            self.options.sequence_length,
            self.options.stride,
            self.options.question_length,
        )

    def arrays(self, features: Features) -> Arrays:
        """What the model takes of them."""
        x = ids_of(features)
        rows = features.rows
        y = {"start_positions": rows["start"], "end_positions": rows["end"]}
        if self.options.head == "v2":
            x["answer_mask"] = ragged(features, "answer_mask")
            y["is_impossible"] = rows["is_impossible"]
        return Arrays(x, y, features.lengths)

    def predictions(
        self, outputs: list[Any], examples: Sequence[Any], features: Features
    ) -> AnsweredQuestions:
        """The best answers of each question, from all its windows."""
        spans: list[list[Span]] = [[] for _ in examples]
        odds = np.full(len(examples), np.inf)
        for index, output in enumerate(outputs):
            row = features.row(index)
            number, passage = row["example_index"], passage_of(row)
            if self.options.head == "v2":
                spans[number] += spans_of_beam(output, passage)
                odds[number] = min(odds[number], output["cls_logits"])
            else:
                logits = output["start_logits"], output["end_logits"]
                spans[number] += spans_of_logits(*logits, passage)
        ids = [example.id for example in examples]
        ranked = {
            example.id: rank(example.context, found)
            for example, found in zip(examples, spans, strict=True)
        }
        is_v2 = self.options.head == "v2"
        null_odds = dict(zip(ids, odds.tolist(), strict=True))
        return AnsweredQuestions(ranked, null_odds if is_v2 else None)

    def metrics(
        self, predictions: AnsweredQuestions, examples: Sequence[Any]
    ) -> dict[str, float]:
        """SQuAD's; with head "v2" those of 2.0.

        There is no answer where its logit is above 0; `best_...` have the
        threshold that is best for these very examples.
        """
        answers = {example.id: example.answers for example in examples}
        if predictions.null_odds is None:
            return squad1(answers, predictions.best())
        return squad2(
            answers, predictions.best(), predictions.null_odds, threshold=0.0
        )
