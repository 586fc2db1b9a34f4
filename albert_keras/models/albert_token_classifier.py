"""ALBERT with a class for each token."""

import keras
import keras_hub

from albert_keras.layers.dense import Dense
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_text_classifier_preprocessor import (
    AlbertTextClassifierPreprocessor,
)
from albert_keras.models.compilation import CompileForDevice
from albert_keras.models.ids_only import TakesIds
from albert_keras.models.preset import StrictPreset
from albert_keras.models.sequence_length import shorten_to_model


@keras.saving.register_keras_serializable(package="albert_keras")
class AlbertTokenClassifier(
    StrictPreset, TakesIds, CompileForDevice, keras_hub.models.Task
):
    """Classifies every token of a text: names, parts of speech.

    Args:
        backbone: An `ak.AlbertBackbone`.
        num_classes: Number of classes.
        preprocessor: An `AlbertTextClassifierPreprocessor`, which carries the
            tokenizer into a preset; `fit` takes ids and not strings yet.
        dropout: Dropout before the output.

    Call arguments:
        inputs: Those of the backbone, `[batch, sequence]`.

    Returns:
        float32 logits `[batch, sequence, num_classes]`.

    Labels are int32 `[batch, sequence]`. Which of them count is said by a
    sample weight of that shape: 1 for the first piece of a word, 0 for other
    pieces, special tokens and padding. The loss is the mean over those that
    count, as Hugging Face's over labels other than -100.

    Example:

    ```python
    tagger = ak.AlbertTokenClassifier(backbone, num_classes=9)
    tagger.fit(inputs, labels, sample_weight=is_first_piece)
    tagger.predict(inputs).argmax(-1)  # [batch, sequence]
    ```

    Source: Hugging Face's `AlbertForTokenClassification`; the original has
    no such task.
    """

    backbone_cls = AlbertBackbone
    preprocessor_cls = AlbertTextClassifierPreprocessor

    def __init__(
        self, backbone, num_classes, preprocessor=None, dropout=0.1, **kwargs
    ):
        # === Layers ===
        shorten_to_model(preprocessor, backbone)
        self.backbone = backbone
        self.preprocessor = preprocessor
        self.output_dropout = keras.layers.Dropout(
            dropout, dtype=backbone.dtype_policy, name="output_dropout"
        )
        self.output_dense = Dense(
            num_classes,
            kernel_initializer=keras.initializers.TruncatedNormal(
                stddev=backbone.initializer_range
            ),
            dtype=backbone.dtype_policy,
            name="logits",
        )

        # === Functional model ===
        hidden = backbone(backbone.input)["sequence_output"]
        logits = self.output_dense(self.output_dropout(hidden))
        super().__init__(
            inputs=backbone.input,
            outputs=keras.ops.cast(logits, "float32"),
            **kwargs,
        )

        # === Config ===
        self.num_classes = num_classes
        self.dropout = dropout

    def compile(  # type: ignore[override]
        self, optimizer="auto", loss="auto", *, metrics=(), **kwargs
    ):
        """As `keras.Model.compile`.

        Args:
            optimizer: `"auto"` is `keras.optimizers.Adam(5e-5)`.
            loss: `"auto"` is the cross entropy over tokens that count.
            metrics: Weighted metrics; the accuracy over tokens that count is
                always among them.
            **kwargs: As `keras.Model.compile`.
        """
        if optimizer == "auto":
            optimizer = keras.optimizers.Adam(5e-5)
        if loss == "auto":
            loss = keras.losses.SparseCategoricalCrossentropy(
                from_logits=True, reduction="mean_with_sample_weight"
            )
        accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")
        super().compile(
            optimizer,
            loss,
            weighted_metrics=[accuracy, *metrics],
            **kwargs,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "dropout": self.dropout,
        }
