"""ALBERT with a class for each token."""

from dataclasses import replace
from typing import Any

import keras
import keras_hub
import numpy as np

from albert_keras.layers.dense import Dense
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_text_classifier_preprocessor import (
    AlbertTextClassifierPreprocessor,
)
from albert_keras.models.compilation import (
    CompileForDevice,
    MeanOverTokens,
    fitting_metrics,
    labels_of,
    resolved_loss,
)
from albert_keras.models.labels import (
    HasLabels,
    class_numbers,
    class_weights,
    names_in,
    row_weights,
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
from albert_keras.models.unused_pooler import LeavesPooler
from albert_keras.text.examples import TaggedExample
from albert_keras.text.rows.arrays import encoder_inputs, padded
from albert_keras.text.rows.table import Features
from albert_keras.text.rows.tags import NO_WORD, tag_features


@keras.saving.register_keras_serializable(package="albert_keras")
class AlbertTokenClassifier(
    StrictPreset,
    HasLabels,
    TakesStrings,
    LeavesPooler,
    MeanOverTokens,
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
    and for each word the number or the name of its class; or a table (a
    DataFrame, a dictionary of lists, a list of dictionaries) with the columns
    `words` and `tags`. If the model has no `labels` yet, `fit` makes them the
    sorted names. Sample weights are numbers, one for each sentence, or lists
    with one for each word. `predict` returns a list with float32 logits
    `[words, num_classes]` of each sentence. A long one is read in several
    rows.

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
        self,
        optimizer="auto",
        loss="auto",
        *,
        metrics=(),
        weighted_metrics=None,
        **kwargs,
    ):
        """As `keras.Model.compile`.

        Args:
            optimizer: `"auto"` is `keras.optimizers.Adam(5e-5)`.
            loss: `"auto"` is the cross entropy over tokens that count.
            metrics: Weighted metrics; the accuracy over tokens that count is
                always among them.
            weighted_metrics: More of them.
            **kwargs: As `keras.Model.compile`.
        """
        if isinstance(optimizer, str) and optimizer == "auto":
            optimizer = keras.optimizers.Adam(5e-5)
        if isinstance(loss, str) and loss == "auto":
            loss = "sparse_categorical_crossentropy"
        loss = resolved_loss(loss, True, reduction="mean_with_sample_weight")
        weighted = [*(weighted_metrics or ()), *(metrics or ())]
        if not any(getattr(m, "name", m) == "accuracy" for m in weighted):
            weighted = [*fitting_metrics(loss, "accuracy"), *weighted]
        super().compile(optimizer, loss, weighted_metrics=weighted, **kwargs)

    _NOUN = "sentences"

    def read_rows(self, x):
        tags = None
        if is_table(x):
            table = table_of(x)
            require_columns(table, ("words",), ("tags", "id"))
            x, tags = table["words"], table.get("tags")
        sentences = plain(x)
        if not isinstance(sentences, list) or not sentences:
            raise ValueError(
                "Sentences must be in a list, each a list of words. "
                f"Received: {x!r:.60}."
            )
        rows = []
        for number, words in enumerate(map(plain, sentences)):
            if not isinstance(words, list):
                raise ValueError(
                    "A sentence must be a list of words, such as "
                    f"`text.split()`. Received: {words!r:.60} in row {number}."
                )
            texts = tuple(text_in(word, "words", number) for word in words)
            source = f"sentence {number}"
            rows.append(TaggedExample(str(number), texts, None, source))
        return rows, tags

    def read_targets(self, rows, y):
        y = plain(y)
        require_as_many(rows, y)
        tags = [plain(row) for row in y]
        for row, of_words in zip(rows, tags, strict=True):
            if not isinstance(of_words, list):
                raise ValueError(
                    "The tags of a sentence must be a list, with one for each "
                    f"word. Received: {of_words!r:.60} in {row.source}."
                )
            if len(row.words) != len(of_words):
                raise ValueError(
                    "There must be one label for each text. Received: "
                    f"{len(row.words)} words, {len(of_words)} tags in "
                    f"{row.source}."
                )
        self.name_classes(names_in(tags))
        numbers = [
            class_numbers(
                of_words,
                self.num_classes,
                self.labels,
                f"{row.source}, word",
            )
            for row, of_words in zip(rows, tags, strict=True)
        ]
        return rows, numbers

    def read_weights(self, rows, y, sample_weight, class_weight):
        each = None
        if class_weight is not None:
            each = class_weights(class_weight, self.num_classes, self.labels)
        elif sample_weight is None:
            return None
        weights: list[Any] = [np.ones(len(row.words), "f4") for row in rows]
        given = plain(sample_weight)
        is_by_row = getattr(sample_weight, "shape", ())[1:] == (1,)
        if given is None:
            pass
        elif not is_by_row and any(isinstance(plain(w), list) for w in given):
            require_as_many(rows, given)
            weights = [
                row_weights(weight, len(row.words))
                for row, weight in zip(rows, given, strict=True)
            ]
        else:
            of_rows: Any = row_weights(given, len(rows))
            weights = [w * r for w, r in zip(weights, of_rows, strict=True)]
        if each is not None:
            weights = [w * each[t] for w, t in zip(weights, y, strict=True)]
        return weights

    def encode(self, rows, y, sample_weight, width):
        features, of_rows = self._features(rows, y)
        width = width or self.width_of(features.lengths.max())
        words = padded(features, "word_index", NO_WORD, width)
        weight = (words != NO_WORD).astype("float32")
        if sample_weight is not None:
            for row, number in enumerate(of_rows):
                read = words[row] != NO_WORD
                weight[row, read] = sample_weight[number][words[row, read]]
        tags = None
        if y is not None:
            tags = padded(features, "tags", width=width)
            if labels_of(self.loss) == "one-hot":
                tags = np.eye(self.num_classes, dtype="float32")[tags]
        return Encoded(
            encoder_inputs(features, width),
            tags,
            weight,
            np.zeros(len(rows), "bool"),  # a long one has several rows
        )

    def check_ids(self, x, y, sample_weight, class_weight):
        if y is None or self.takes_own_labels():
            return x, y, sample_weight, class_weight
        if labels_of(self.loss) == "class":
            y = class_numbers(y, self.num_classes)
        if sample_weight is not None:
            sample_weight = np.asarray(sample_weight, "float32")
            if sample_weight.ndim == 1:
                sample_weight = sample_weight[:, None]
            sample_weight = np.broadcast_to(sample_weight, np.shape(y)[:2])
        if class_weight is not None:
            each = class_weights(class_weight, self.num_classes, self.labels)
            of_tokens = each[y if np.ndim(y) == 2 else np.argmax(y, -1)]
            sample_weight = (
                of_tokens
                if sample_weight is None
                else sample_weight * of_tokens
            )
        return x, y, sample_weight, None

    def predict_rows(self, rows, cuts, batch_size=None, **options):
        features, of_rows = self._features(rows, None)
        width = self.width_of(features.lengths.max())
        logits = keras.Model.predict(
            self,
            encoder_inputs(features, width),
            batch_size=batch_size,
            **options,
        )
        firsts = padded(features, "word_index", NO_WORD, width) != NO_WORD
        return [
            logits[of_rows == number][firsts[of_rows == number]]
            for number in range(len(rows))
        ]

    def _features(self, rows: Any, y: Any) -> tuple[Features, np.ndarray]:
        names = tuple(map(str, range(self.num_classes)))
        if y is not None:
            rows = [
                replace(row, tags=tuple(map(str, tags.tolist())))
                for row, tags in zip(rows, y, strict=True)
            ]
        features = tag_features(rows, *self.text_tools(), names)
        return features, features.rows["example_index"]

    def get_config(self):
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "dropout": self.dropout,
            "labels": self.labels and list(self.labels),
        }
