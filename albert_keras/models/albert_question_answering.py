"""ALBERT that finds the answer to a question in a passage."""

from dataclasses import replace
from typing import Any

import keras
import keras_hub
import numpy as np
from keras import ops

from albert_keras.layers.conditional_span_head import ConditionalSpanHead
from albert_keras.layers.dense import Dense
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_text_classifier_preprocessor import (
    AlbertTextClassifierPreprocessor,
)
from albert_keras.models.compilation import CompileForDevice
from albert_keras.models.labels import class_numbers
from albert_keras.models.preset import StrictPreset
from albert_keras.models.sequence_length import shorten_to_model
from albert_keras.models.takes_strings import Encoded, TakesStrings
from albert_keras.models.text_columns import (
    is_table,
    plain,
    require_as_many,
    require_columns,
    table_of,
    text_in,
)
from albert_keras.models.unused_pooler import LeavesPooler
from albert_keras.text.examples import QuestionExample
from albert_keras.text.rows.arrays import encoder_inputs, padded
from albert_keras.text.rows.questions import (
    question_features,
    ranked_answers,
)
from albert_keras.text.rows.table import Features

HEADS = ("v1", "v2")


@keras.saving.register_keras_serializable(package="albert_keras")
class AlbertQuestionAnswering(
    StrictPreset,
    TakesStrings,
    LeavesPooler,
    CompileForDevice,
    keras_hub.models.Task,
):
    """Points at the answer in `[CLS] question [SEP] passage [SEP]`.

    There are two heads. That of SQuAD 1.1 scores every token as start and as
    end, independent of each other. That of SQuAD 2.0 scores ends given a
    start, and says whether there is an answer at all.

    Args:
        backbone: An `ak.AlbertBackbone`.
        head: `"v1"` or `"v2"`.
        preprocessor: An `AlbertTextClassifierPreprocessor`, whose tokenizer
            and length are used for texts; None to pass ids.
        dropout: Dropout before the answer class of `"v2"`, 0.1 in the
            original. `"v1"` has none.
        start_n_top: Starts that `"v2"` keeps, 5 in the original.
        end_n_top: Ends that `"v2"` keeps for each of them, 5 likewise.

    Call arguments:
        inputs: Those of the backbone, int32 `[batch, sequence]`. For `"v2"`
            also `answer_mask` `[batch, sequence]`: 1 where an answer may
            begin or end, the tokens of the passage and `[CLS]`, and 0
            elsewhere (the original's `p_mask`, the other way round).
            While training `"v2"` takes `start_positions` int32 `[batch]`, the
            true starts, on which the ends are conditioned.

    Returns:
        Dictionary of float32 tensors. For `"v1"`: `start_logits` and
        `end_logits`, `[batch, sequence]`. For `"v2"`: `start_log_probs`
        `[batch, sequence]`, `end_log_probs` `[batch, sequence]` given
        `start_positions`; without them
        `start_top_log_probs`, `start_top_index` `[batch, start_n_top]` and
        `end_top_log_probs`, `end_top_index`
        `[batch, start_n_top * end_n_top]`; and `cls_logits` `[batch]`,
        positive where the question has no answer.

    Labels are int32 `[batch]`: `start_positions`, `end_positions`, and for
    `"v2"` `is_impossible` (1: no answer). The loss is the mean of the cross
    entropies of start and end; for `"v2"` half of that sum and half of the
    sigmoid cross entropy of `is_impossible`.

    `fit`, `evaluate` and `predict` also take texts: a table (a DataFrame, a
    dictionary of lists, a list of dictionaries) with the columns `question`
    and `context`. Labels are a table with `answer` ("" if the passage doesn't
    hold it) and `answer_start`, in characters, or columns of the same table;
    without `answer_start` it's the first place in the passage. Passages are
    read in windows, 128 tokens apart; a sample weight for each question counts
    for all of its windows. `predict` returns for each question a list of
    its best answers, see `ak.text.answers.rank`; with `"v2"` each also has
    `null_odds`, which is positive where there rather is no answer.

    Example:

    ```python
    reader = ak.AlbertQuestionAnswering(backbone, "v1", preprocessor)
    reader.compile()
    texts = {"question": ["Who wrote it?"], "context": ["Anna wrote it."]}
    reader.fit(texts, {"answer": ["Anna"], "answer_start": [0]})
    reader.predict(texts)[0][0]["text"]
    ```

    Raises:
        ValueError: `head` is neither of them.

    Source: google-research/albert, `squad_utils.py`, `create_v1_model` and
    `create_v2_model`.
    """

    backbone_cls = AlbertBackbone
    preprocessor_cls = AlbertTextClassifierPreprocessor

    def __init__(
        self,
        backbone,
        head="v1",
        preprocessor=None,
        dropout=0.1,
        start_n_top=5,
        end_n_top=5,
        **kwargs,
    ):
        if head not in HEADS:
            raise ValueError(
                f"`head` must be one of {', '.join(HEADS)}. "
                f"Received: head={head!r}."
            )

        # === Layers ===
        shorten_to_model(preprocessor, backbone)
        self.backbone = backbone
        self.preprocessor = preprocessor
        self.conditional_spans: Any = None
        self.span_logits: Any = None
        if head == "v2":
            self.conditional_spans = ConditionalSpanHead(
                backbone.hidden_dim,
                dropout=dropout,
                start_n_top=start_n_top,
                end_n_top=end_n_top,
                initializer_range=backbone.initializer_range,
                dtype=backbone.dtype_policy,
                name="conditional_spans",
            )
        else:
            self.span_logits = Dense(
                2,
                kernel_initializer=keras.initializers.TruncatedNormal(
                    stddev=backbone.initializer_range
                ),
                dtype=backbone.dtype_policy,
                name="span_logits",
            )

        # === Functional model ===
        inputs = dict(backbone.input)
        hidden = backbone(backbone.input)["sequence_output"]
        if head == "v2":
            inputs["answer_mask"] = keras.Input(
                (None,), dtype="int32", name="answer_mask"
            )
            outputs = self.conditional_spans(hidden, inputs["answer_mask"])
        else:
            logits = ops.cast(self.span_logits(hidden), "float32")
            outputs = {
                "start_logits": logits[:, :, 0],
                "end_logits": logits[:, :, 1],
            }
        super().__init__(inputs=inputs, outputs=outputs, **kwargs)

        # === Config ===
        self.head = head
        self.dropout = dropout
        self.start_n_top = start_n_top
        self.end_n_top = end_n_top

    def call(self, inputs, training=None, mask=None):
        if self.head == "v1" or "start_positions" not in inputs:
            inputs = {name: inputs[name] for name in self.input}
            return super().call(inputs, training=training, mask=mask)
        ids = {name: inputs[name] for name in self.backbone.input}
        hidden = self.backbone(ids, training=training)["sequence_output"]
        return self.conditional_spans(
            hidden,
            inputs["answer_mask"],
            start_positions=inputs["start_positions"],
            training=training,
        )

    _NOUN = "questions"

    def preprocess_samples(self, x, y=None, sample_weight=None):
        return super().preprocess_samples(
            self._with_starts(x, y), y, sample_weight
        )

    def changes_ids(self):
        return self.head == "v2"

    def _with_starts(self, x, y):
        if self.head != "v2" or y is None:
            return x
        return {**x, "start_positions": y["start_positions"]}

    def read_rows(self, x):
        if not is_table(x):
            raise ValueError(
                "Questions must be a table with the columns question and "
                f"context. Received: {x!r:.60}."
            )
        table = table_of(x)
        labels = ("answer", "answer_start")
        require_columns(
            table, ("question", "context"), (*labels, "id", "title")
        )
        rows = [
            QuestionExample(
                str(number),
                text_in(question, "question", number),
                text_in(context, "context", number),
                (),
                (),
                True,
                "",
                f"question {number}",
            )
            for number, (question, context) in enumerate(
                zip(table["question"], table["context"], strict=True)
            )
        ]
        if not rows:
            raise ValueError("There must be at least one text. Received: none.")
        own = {name: table[name] for name in labels if name in table}
        return rows, own or None

    def read_targets(self, rows, y):
        table = table_of(y) if is_table(y) else {"answer": plain(y)}
        answers: Any = table.get("answer")
        require_as_many(rows, answers)
        starts = table.get("answer_start", [None] * len(rows))
        require_as_many(rows, starts)
        return [
            _answered(row, number, answer, start)
            for number, (row, answer, start) in enumerate(
                zip(rows, answers, starts, strict=True)
            )
        ], None

    def encode(self, rows, y, sample_weight, width):
        features = self._features(rows)
        x = self._arrays(features, width)
        of_rows = features.rows["example_index"]
        labels = {
            "start_positions": features.rows["start"],
            "end_positions": features.rows["end"],
        }
        if self.head == "v2":
            labels["is_impossible"] = features.rows["is_impossible"]
        if sample_weight is not None:
            sample_weight = sample_weight[of_rows]
        cut = set(of_rows[features.rows["num_cut"] > 0].tolist())
        held = set(of_rows[features.rows["is_impossible"] == 0].tolist())
        answered = {n for n, row in enumerate(rows) if row.answers}
        return Encoded(
            self._with_starts(x, labels),
            labels,
            sample_weight,
            np.array([number in cut for number in range(len(rows))]),
            len(answered - held),
        )

    def check_ids(self, x, y, sample_weight, class_weight):
        if class_weight is not None:
            self.class_weights_of([], y, class_weight)
        if isinstance(y, dict) and not self.takes_own_labels():
            length = np.shape(x["token_ids"])[-1]
            y = {
                name: class_numbers(
                    labels,
                    2 if name == "is_impossible" else length,
                    where=f"`{name}`, row",
                )
                for name, labels in y.items()
            }
        return self._with_starts(x, y), y, sample_weight, None

    def predict_rows(self, rows, cuts, batch_size=None, **options):
        features = self._features(rows)
        cuts.add(self.encode(rows, None, None, None).is_cut)
        outputs = keras.Model.predict(
            self,
            self._arrays(features, None),
            batch_size=batch_size,
            **options,
        )
        windows = [
            {name: values[index] for name, values in outputs.items()}
            for index in range(len(features))
        ]
        ranked, odds = ranked_answers(rows, features, windows)
        for answers, null_odds in zip(ranked, odds or (), strict=False):
            for answer in answers:
                answer["null_odds"] = null_odds
        return ranked

    def _arrays(self, features: Features, width: int | None) -> dict[str, Any]:
        width = width or self.width_of(features.lengths.max())
        arrays = encoder_inputs(features, width)
        if self.head == "v2":
            arrays["answer_mask"] = padded(features, "answer_mask", width=width)
        return arrays

    def _features(self, rows: list[QuestionExample]) -> Features:
        tokenizer, length = self.text_tools()
        return question_features(
            rows, tokenizer, length, question_length=min(64, length // 2)
        )

    def compile(self, optimizer="auto", *args, **kwargs):
        """As `keras.Model.compile`; the loss is the model's own.

        Args:
            optimizer: `"auto"` is `keras.optimizers.Adam(5e-5)`.
            *args: As `keras.Model.compile`.
            **kwargs: Likewise.
        """
        if optimizer == "auto":
            optimizer = keras.optimizers.Adam(5e-5)
        super().compile(optimizer, *args, **kwargs)

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        kind = "logits" if self.head == "v1" else "log_probs"
        spans = [
            ops.sparse_categorical_crossentropy(
                y[f"{end}_positions"], y_pred[f"{end}_{kind}"], from_logits=True
            )
            for end in ("start", "end")
        ]
        loss = (spans[0] + spans[1]) / 2.0
        if self.head == "v2":
            answered = ops.binary_crossentropy(
                ops.cast(y["is_impossible"], "float32"),
                y_pred["cls_logits"],
                from_logits=True,
            )
            loss = loss + 0.5 * answered
        if isinstance(sample_weight, dict):  # Keras repeats it for each label
            sample_weight = sample_weight["start_positions"]
        if sample_weight is not None:  # rows that fill up a batch have none
            loss = loss * ops.cast(sample_weight, "float32")
        return ops.mean(loss)

    def get_config(self):
        return {
            **super().get_config(),
            "head": self.head,
            "dropout": self.dropout,
            "start_n_top": self.start_n_top,
            "end_n_top": self.end_n_top,
        }


def _answered(
    row: QuestionExample, number: int, answer: Any, start: Any
) -> QuestionExample:
    """Return a question with its answer, checked.

    Raises:
        ValueError: The answer isn't in the passage at that place.
    """
    if answer is None or answer != answer:  # NaN of an empty cell
        answer = ""
    answer = text_in(answer, "answer", number)
    if not answer:
        return row
    if start is None:
        start = row.context.find(answer)
    try:
        place = int(start)
        is_there = place == start and place >= 0
    except (TypeError, ValueError):
        is_there = False
    if not is_there or not row.context.startswith(answer, place):
        raise ValueError(
            "An answer must stand in its context at `answer_start`. "
            f"Received: {answer!r:.60} at {start} in question {number}."
        )
    return replace(
        row, answers=(answer,), answer_starts=(place,), is_impossible=False
    )
