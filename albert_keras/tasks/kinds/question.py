"""The answer to a question in a passage."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import keras

from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_question_answering import (
    AlbertQuestionAnswering,
)
from albert_keras.tasks.kinds.arrays import Arrays, ids_of, ragged
from albert_keras.tasks.kinds.kind import Kind
from albert_keras.tasks.metrics.squad import squad1, squad2
from albert_keras.text.answers import AnsweredQuestions
from albert_keras.text.rows.questions import (
    question_features,
    ranked_answers,
)
from albert_keras.text.rows.table import Features

_ANSWER, _NO_ANSWER = "an answer", "no answer"


class QuestionTask(Kind):
    """The span of a passage that answers a question, or that none does.

    Head "v1" of the options is for SQuAD 1.1, "v2" for 2.0.
    """

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
        ranked, odds = ranked_answers(examples, features, outputs)
        ids = [example.id for example in examples]
        return AnsweredQuestions(
            dict(zip(ids, ranked, strict=True)),
            None if odds is None else dict(zip(ids, odds, strict=True)),
        )

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

    def class_counts(self, examples: Sequence[Any]) -> Counter[str]:
        if self.options.head == "v1":  # always answers
            return Counter()
        return Counter(
            _NO_ANSWER if example.is_impossible else _ANSWER
            for example in examples
        )

    def predicted_classes(self, predictions: AnsweredQuestions) -> list[str]:
        texts = predictions.files()["predictions.json"].values()
        return [_ANSWER if text else _NO_ANSWER for text in texts]
