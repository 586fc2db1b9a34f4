"""ALBERT with a class for each token."""

from typing import Any

import keras
import keras_hub

from albert_keras.layers.dense import Dense
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_text_classifier_preprocessor import (
    AlbertTextClassifierPreprocessor,
)
from albert_keras.models.compilation import CompileForDevice
from albert_keras.models.labels import HasLabels
from albert_keras.models.preset import StrictPreset
from albert_keras.models.sequence_length import shorten_to_model
from albert_keras.models.takes_strings import TakesStrings, require_as_many
from albert_keras.text.examples import TaggedExample
from albert_keras.text.rows.arrays import encoder_inputs, padded
from albert_keras.text.rows.table import Features
from albert_keras.text.rows.tags import NO_WORD, tag_features


@keras.saving.register_keras_serializable(package="albert_keras")
class AlbertTokenClassifier(
    StrictPreset,
    HasLabels,
    TakesStrings,
    CompileForDevice,
    keras_hub.models.Task,
):
    """Classifies every token of a text: names, parts of speech.

    Args:
        backbone: An `ak.AlbertBackbone`.
        num_classes: Number of classes.
        preprocessor: An `AlbertTextClassifierPreprocessor`, whose tokenizer
            and length are used for words; None to pass ids.
        dropout: Dropout before the output.
        labels: Names of the classes in order, or None. The attribute
            `labels` holds them as a tuple and can be assigned.

    Call arguments:
        inputs: Those of the backbone, `[batch, sequence]`.

    Returns:
        float32 logits `[batch, sequence, num_classes]`.

    Labels are int32 `[batch, sequence]`. Which of them count is said by a
    sample weight of that shape: 1 for the first piece of a word, 0 for other
    pieces, special tokens and padding. The loss is the mean over those that
    count, as Hugging Face's over labels other than -100.

    `fit`, `evaluate` and `predict` also take sentences, each a list of words,
    and for each word the number of its class. `predict` then gives a list
    with float32 logits `[words, num_classes]` of each sentence. A long one is
    read in several rows.

    Example:

    ```python
    tagger = ak.AlbertTokenClassifier(backbone, 3, preprocessor)
    tagger.compile()
    tagger.fit([["Anna", "saw", "Paris"]], [[1, 0, 2]])
    tagger.predict([["Paris", "burns"]])[0].argmax(-1)  # [2]
    ```

    Source: Hugging Face's `AlbertForTokenClassification`; the original has
    no such task.
    """

    backbone_cls = AlbertBackbone
    preprocessor_cls = AlbertTextClassifierPreprocessor

    def __init__(
        self,
        backbone,
        num_classes,
        preprocessor=None,
        dropout=0.1,
        labels=None,
        **kwargs,
    ):
        self.num_classes = num_classes
        self.labels = labels

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

    def is_text(self, x):
        return (
            isinstance(x, list | tuple)
            and len(x) > 0
            and all(isinstance(row, list | tuple) for row in x)
            and any(isinstance(word, str) for row in x for word in row)
        )

    def training_arrays(self, x, y):
        require_as_many(x, y)
        for words, tags in zip(x, y, strict=True):
            require_as_many(words, tags)
        features = self._rows(x, y)
        weight = padded(features, "word_index", NO_WORD) != NO_WORD
        x = encoder_inputs(features)
        return x, padded(features, "tags"), weight.astype("float32")

    def predict_texts(self, x, *args, **kwargs):
        features = self._rows(x, None)
        logits = self.predict_ids(encoder_inputs(features), *args, **kwargs)
        firsts = padded(features, "word_index", NO_WORD) != NO_WORD
        of = features.rows["example_index"]
        return [
            logits[of == number][firsts[of == number]]
            for number in range(len(x))
        ]

    def _rows(self, x: Any, y: Any) -> Features:
        names = tuple(map(str, range(self.num_classes)))
        examples = []
        for number, words in enumerate(x):
            tags = None if y is None else tuple(str(int(t)) for t in y[number])
            if tags and set(tags) - set(names):
                raise ValueError(
                    f"A class must be from 0 to {self.num_classes - 1}. "
                    f"Received: {', '.join(sorted(set(tags) - set(names)))}, "
                    f"in sentence {number}."
                )
            source = f"sentence {number}"
            examples.append(
                TaggedExample(str(number), tuple(words), tags, source)
            )
        return tag_features(examples, *self.text_tools(), names)

    def get_config(self):
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "dropout": self.dropout,
            "labels": self.labels and list(self.labels),
        }
