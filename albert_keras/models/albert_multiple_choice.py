"""ALBERT that chooses one of several answers."""

from typing import Any

import keras
import keras_hub
import numpy as np
from keras import ops

from albert_keras.layers.dense import Dense
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_text_classifier_preprocessor import (
    AlbertTextClassifierPreprocessor,
)
from albert_keras.models.compilation import (
    CompileForDevice,
    fitting_metrics,
    labels_of,
    resolved_loss,
)
from albert_keras.models.labels import (
    class_numbers,
    class_sets,
    class_weights,
    one_number_per_row,
)
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
from albert_keras.text.examples import ChoiceExample
from albert_keras.text.rows.arrays import encoder_inputs
from albert_keras.text.rows.choices import choice_features


@keras.saving.register_keras_serializable(package="albert_keras")
class AlbertMultipleChoice(
    StrictPreset, TakesStrings, CompileForDevice, keras_hub.models.Task
):
    """Chooses among texts, as RACE asks to.

    Each choice is a sequence of its own, `[CLS] passage [SEP] question and
    option [SEP]`, and gets one score from its pooled output.

    Args:
        backbone: An `ak.AlbertBackbone`.
        preprocessor: An `AlbertTextClassifierPreprocessor`, whose tokenizer
            and length are used for texts; None to pass ids.
        dropout: Dropout before the output, 0.1 in the original.

    Call arguments:
        inputs: Dictionary of int32 `[batch, choices, sequence]` tensors
            `token_ids`, `segment_ids` and `padding_mask`.

    Returns:
        float32 logits `[batch, choices]`, whose softmax is over the choices.

    Labels are int32 `[batch]`, the number of the right choice.

    `fit`, `evaluate` and `predict` also take texts: a table (a DataFrame, a
    dictionary of lists, a list of dictionaries) with the columns `question`,
    `options` (a list for each question, all equally long), `context` if there
    are passages, and `label` unless labels are given apart. An option takes
    the place of the question's `_`, or follows it; of both the last 128 tokens
    stay, or half of a shorter row.

    Example:

    ```python
    chooser = ak.AlbertMultipleChoice(backbone, preprocessor)
    chooser.compile()
    texts = {
        "context": ["Anna went home."],
        "question": ["Where is Anna?"],
        "options": [["At home.", "At school."]],
    }
    chooser.fit(texts, [0])
    chooser.predict(texts).argmax(-1)  # [batch]
    ```

    Source: google-research/albert, `race_utils.py`, `create_model`.
    """

    backbone_cls = AlbertBackbone
    preprocessor_cls = AlbertTextClassifierPreprocessor

    def __init__(self, backbone, preprocessor=None, dropout=0.1, **kwargs):
        # === Layers ===
        shorten_to_model(preprocessor, backbone)
        self.backbone = backbone
        self.preprocessor = preprocessor
        self.output_dropout = keras.layers.Dropout(
            dropout, dtype=backbone.dtype_policy, name="output_dropout"
        )
        self.output_dense = Dense(
            1,
            kernel_initializer=keras.initializers.TruncatedNormal(
                stddev=backbone.initializer_range
            ),
            dtype=backbone.dtype_policy,
            name="logits",
        )

        # === Functional model ===
        inputs = {
            name: keras.Input((None, None), dtype="int32", name=name)
            for name in ("token_ids", "segment_ids", "padding_mask")
        }
        pooled = backbone(
            {name: _one_a_row(tensor) for name, tensor in inputs.items()}
        )["pooled_output"]
        scores = self.output_dense(self.output_dropout(pooled))
        super().__init__(
            inputs=inputs,
            outputs=_Choices(name="choices")(scores, inputs["token_ids"]),
            **kwargs,
        )

        # === Config ===
        self.dropout = dropout

    def compile(  # type: ignore[override]
        self, optimizer="auto", loss="auto", *, metrics="auto", **kwargs
    ):
        """As `keras.Model.compile`.

        Args:
            optimizer: `"auto"` is `keras.optimizers.Adam(1e-5)`.
            loss: `"auto"` is the cross entropy over the choices.
            metrics: `"auto"` is the accuracy that fits the loss.
            **kwargs: As `keras.Model.compile`.
        """
        if isinstance(optimizer, str) and optimizer == "auto":
            optimizer = keras.optimizers.Adam(1e-5)
        if isinstance(loss, str) and loss == "auto":
            loss = "sparse_categorical_crossentropy"
        loss = resolved_loss(loss, True)
        if isinstance(metrics, str) and metrics == "auto":
            metrics = fitting_metrics(loss, "accuracy")
        super().compile(optimizer, loss, metrics=metrics, **kwargs)

    _NOUN = "questions"

    def read_rows(self, x):
        if not is_table(x):
            raise ValueError(
                "Questions must be a table with the columns question and "
                f"options. Received: {x!r:.60}."
            )
        table = table_of(x)
        require_columns(
            table, ("question", "options"), ("context", "label", "id")
        )
        if not table["question"]:
            raise ValueError("There must be at least one text. Received: none.")
        contexts = table.get("context", [""] * len(table["question"]))
        rows = []
        for number, (context, question, options) in enumerate(
            zip(contexts, table["question"], table["options"], strict=True)
        ):
            options = plain(options)
            if not isinstance(options, list):
                raise ValueError(
                    "`options` must be a list for each question. Received: "
                    f"{options!r:.60} in row {number}."
                )
            rows.append(
                ChoiceExample(
                    str(number),
                    text_in(context, "context", number),
                    text_in(question, "question", number),
                    tuple(text_in(o, "options", number) for o in options),
                    None,
                    "",
                    f"question {number}",
                )
            )
        return rows, table.get("label")

    def read_targets(self, rows, y):
        require_as_many(rows, y)
        return rows, self._targets(y, len(rows[0].options))

    def encode(self, rows, y, sample_weight, width):
        tokenizer, length = self.text_tools()
        features = choice_features(
            rows, tokenizer, length, min(128, length // 2)
        )
        width = width or self.width_of(features.lengths.max())
        x = {
            name: ids.reshape(len(rows), -1, width)
            for name, ids in encoder_inputs(features, width).items()
        }
        cut = features.rows["num_cut"].reshape(len(rows), -1)
        is_cut = np.asarray(cut.any(axis=1))
        return Encoded(x, y, sample_weight, is_cut)

    def check_ids(self, x, y, sample_weight, class_weight):
        if y is not None:
            y = self._targets(y, np.shape(x["token_ids"])[1])
        return x, y, sample_weight, class_weight

    def class_weights_of(self, rows, y, class_weight):
        each = class_weights(class_weight, len(rows[0].options), None)
        return each[y if y.ndim == 1 else y.argmax(-1)]

    def _targets(self, y: Any, num_options: int) -> Any:
        """Return labels as the loss takes them, checked."""
        found = labels_of(self.loss)
        if self.takes_own_labels() or found not in ("class", "one-hot"):
            return np.asarray(plain(y))
        if found == "one-hot":
            return class_sets(y, num_options, None)
        return class_numbers(one_number_per_row(y), num_options)

    def get_config(self):
        return {**super().get_config(), "dropout": self.dropout}


class _OneARow(keras.layers.Layer):
    """`[batch, choices, sequence]` to `[batch * choices, sequence]`."""

    def call(self, tensor):
        return ops.reshape(tensor, (-1, ops.shape(tensor)[2]))

    def compute_output_spec(self, tensor):
        return keras.KerasTensor((None, tensor.shape[2]), dtype=tensor.dtype)


class _Choices(keras.layers.Layer):
    """Scores `[batch * choices, 1]` to `[batch, choices]`."""

    def call(self, scores, token_ids):
        return ops.cast(
            ops.reshape(scores, (-1, ops.shape(token_ids)[1])), "float32"
        )

    def compute_output_spec(self, scores, token_ids):
        return keras.KerasTensor(token_ids.shape[:2], dtype="float32")


def _one_a_row(tensor):
    return _OneARow(name=f"{tensor.name}_rows", dtype="int32")(tensor)
