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
from albert_keras.models.compilation import CompileForDevice
from albert_keras.models.preset import StrictPreset
from albert_keras.models.sequence_length import shorten_to_model
from albert_keras.models.takes_strings import TakesStrings, require_as_many
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

    `fit`, `evaluate` and `predict` also take texts: a dictionary of lists,
    `question`, `options` (a list for each question, all equally long) and, if
    there are passages, `context`. An option takes the place of the question's
    `_`, or follows it; of both the last 128 tokens stay, or half of a shorter
    row.

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
            metrics: `"auto"` is the accuracy.
            **kwargs: As `keras.Model.compile`.
        """
        if optimizer == "auto":
            optimizer = keras.optimizers.Adam(1e-5)
        if loss == "auto":
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        if metrics == "auto":
            metrics = [keras.metrics.SparseCategoricalAccuracy("accuracy")]
        super().compile(optimizer, loss, metrics=metrics, **kwargs)

    def is_text(self, x):
        return isinstance(x, dict) and "options" in x

    def training_arrays(self, x, y):
        require_as_many(x["question"], y)
        return self._arrays(x), np.asarray(y, "int32"), None

    def predict_texts(self, x, *args, **kwargs):
        return self.predict_ids(self._arrays(x), *args, **kwargs)

    def _arrays(self, x: Any) -> dict[str, np.ndarray]:
        questions = x["question"]
        contexts = x.get("context", [""] * len(questions))
        tokenizer, length = self.text_tools()
        examples = [
            ChoiceExample(
                str(number),
                context,
                question,
                tuple(options),
                None,
                "",
                f"question {number}",
            )
            for number, (context, question, options) in enumerate(
                zip(contexts, questions, x["options"], strict=True)
            )
        ]
        features = choice_features(
            examples, tokenizer, length, min(128, length // 2)
        )
        return {
            name: rows.reshape(len(examples), -1, rows.shape[1])
            for name, rows in encoder_inputs(features).items()
        }

    def get_config(self):
        return {**super().get_config(), "dropout": self.dropout}


@keras.saving.register_keras_serializable(package="albert_keras")
class _OneARow(keras.layers.Layer):
    """`[batch, choices, sequence]` to `[batch * choices, sequence]`."""

    def call(self, tensor):
        return ops.reshape(tensor, (-1, ops.shape(tensor)[2]))

    def compute_output_spec(self, tensor):
        return keras.KerasTensor((None, tensor.shape[2]), dtype=tensor.dtype)


@keras.saving.register_keras_serializable(package="albert_keras")
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
