"""ALBERT with a classification or regression head."""

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
    fitting_metrics,
    labels_of,
    resolved_loss,
)
from albert_keras.models.labels import (
    HasLabels,
    binary_targets,
    class_numbers,
    class_sets,
    class_weights,
    names_in,
    one_number_per_row,
    regression_targets,
)
from albert_keras.models.preset import StrictPreset
from albert_keras.models.sequence_length import shorten_to_model
from albert_keras.models.takes_strings import TakesStrings
from albert_keras.models.text_columns import (
    is_table,
    plain,
    require_as_many,
    table_of,
    text_examples,
)
from albert_keras.models.text_encoding import encode_texts

PROBLEM_TYPES = (
    "single_label_classification",
    "multi_label_classification",
    "regression",
)

_LOSSES = {
    "class": "sparse_categorical_crossentropy",
    "binary": "binary_crossentropy",
    "number": "mean_squared_error",
}


@keras.saving.register_keras_serializable(package="albert_keras")
class AlbertTextClassifier(
    StrictPreset,
    HasLabels,
    TakesStrings,
    CompileForDevice,
    keras_hub.models.TextClassifier,
):
    """Classifies a text or a pair of texts from the pooled output.

    Args:
        backbone: An `ak.AlbertBackbone`.
        num_classes: Number of classes; 1 for regression.
        preprocessor: An `AlbertTextClassifierPreprocessor`, or None to pass
            ids.
        activation: Activation of the output; None gives logits.
        dropout: Dropout before the output, 0.1 in the original.
        labels: Names of the classes in order, or None. The attribute
            `labels` holds them as a tuple and can be assigned.
        problem_type: What the classes mean, in Hugging Face's words:
            `"single_label_classification"`, `"multi_label_classification"`
            (every text has any number of the classes) or `"regression"`.
            None means regression if `num_classes` is 1, and otherwise a
            single label.

    Call arguments:
        inputs: Those of the backbone.

    Returns:
        float32 `[batch, num_classes]`.

    `fit`, `evaluate` and `predict` also take texts: a list of them, a list
    of pairs, a tuple of two such lists, or a table (a DataFrame, a
    dictionary of lists, a list of dictionaries) with the columns `text`,
    for pairs also `pair`, and `label`, unless labels are given apart.

    Labels are class numbers or the names of classes. If the model has no
    `labels` yet, `fit` makes them the sorted names. With
    `problem_type="multi_label_classification"` they are lists or sets of
    names, or rows `[batch, num_classes]` of 0 and 1; in a regression they
    are numbers.

    Example:

    ```python
    classifier = ak.AlbertTextClassifier.from_preset(
        "preset", num_classes=2
    )
    classifier.fit(["a fine film", "a waste of time"], [1, 0])
    classifier.predict(["a fine film"])
    ```

    Source: google-research/albert, `classifier_utils.py`, `create_model`.
    """

    backbone_cls = AlbertBackbone
    preprocessor_cls = AlbertTextClassifierPreprocessor

    def __init__(
        self,
        backbone,
        num_classes,
        preprocessor=None,
        activation=None,
        dropout=0.1,
        labels=None,
        problem_type=None,
        **kwargs,
    ):
        if problem_type not in (None, *PROBLEM_TYPES):
            raise ValueError(
                f"`problem_type` must be one of {', '.join(PROBLEM_TYPES)}, "
                f"or None. Received: problem_type={problem_type!r}."
            )
        # Its compilation asks for them.
        self.num_classes = num_classes
        self.problem_type = problem_type
        self.labels = labels

        # === Layers ===
        shorten_to_model(preprocessor, backbone)
        self.backbone = backbone
        self.preprocessor = preprocessor
        self.output_dropout = keras.layers.Dropout(
            dropout, dtype=backbone.dtype_policy, name="output_dropout"
        )
        # Low precision stops before the activation: a softmax in bfloat16
        # has two digits.
        is_low = backbone.compute_dtype != "float32"
        self.output_dense = Dense(
            num_classes,
            activation=None if is_low else activation,
            kernel_initializer=keras.initializers.TruncatedNormal(
                stddev=backbone.initializer_range
            ),
            dtype=backbone.dtype_policy,
            name="logits",
        )

        # === Functional model ===
        pooled = backbone(backbone.input)["pooled_output"]
        outputs = self.output_dense(self.output_dropout(pooled))
        if is_low:
            outputs = keras.layers.Activation(
                activation, dtype="float32", name="outputs"
            )(outputs)
        super().__init__(inputs=backbone.input, outputs=outputs, **kwargs)

        # === Config ===
        self.activation = keras.activations.get(activation)
        self.dropout = dropout

    def compile(  # type: ignore[override]
        self, optimizer="auto", loss="auto", *, metrics="auto", **kwargs
    ):
        """As `keras_hub.models.TextClassifier.compile`.

        Args:
            optimizer: `"auto"` is KerasHub's choice.
            loss: `"auto"` is the cross entropy over the classes, for each
                class of a multi-label model alone, or the squared error of
                a regression. The name of a cross entropy means that of
                logits, unless the model has a softmax or sigmoid.
            metrics: `"auto"` is the accuracy that fits the loss, or none.
            **kwargs: As `keras.Model.compile`.
        """
        from_logits = self.output_dense.activation not in (
            keras.activations.softmax,
            keras.activations.sigmoid,
        )
        if isinstance(loss, str) and loss == "auto":
            loss = _LOSSES[self._kind()]
        loss = resolved_loss(loss, from_logits)
        if isinstance(metrics, str) and metrics == "auto":
            metrics = fitting_metrics(loss)
        super().compile(optimizer, loss, metrics=metrics, **kwargs)

    def _kind(self):
        if self.problem_type == "single_label_classification":
            return "binary" if self.num_classes == 1 else "class"
        if self.problem_type == "multi_label_classification":
            return "binary"
        is_regression = self.problem_type or self.num_classes == 1
        return "number" if is_regression else "class"

    def read_rows(self, x):
        return text_examples(x)

    def read_targets(self, rows, y):
        require_as_many(rows, y)
        return rows, self._targets(y)

    def encode(self, rows, y, sample_weight, width):
        return encode_texts(self, rows, y, sample_weight, width)

    def check_ids(self, x, y, sample_weight, class_weight):
        if y is not None:
            y = self._targets(y)
        if class_weight is not None:
            weights = self.class_weights_of([], y, class_weight)
            if sample_weight is not None:
                weights = weights * np.asarray(sample_weight).reshape(-1)
            sample_weight = weights
        return x, y, sample_weight, None

    def class_weights_of(self, rows, y, class_weight):
        found = labels_of(self.loss)
        if found == "number" or (found == "binary" and self.num_classes > 1):
            raise ValueError(
                "`class_weight` is for one class per row; pass "
                "`sample_weight`. Received: `class_weight` with "
                f"{'numbers' if found == 'number' else 'several classes'} "
                "as labels."
            )
        each = class_weights(
            class_weight, max(2, self.num_classes), self.labels
        )
        if found == "one-hot":
            return each[y.argmax(-1)]
        return each[np.asarray(y).reshape(-1).round().astype("int32")]

    def _targets(self, y: Any) -> Any:
        """Return labels as the loss takes them, checked."""
        if self.takes_own_labels():
            return np.asarray(plain(y))
        if is_table(y):
            table = table_of(y)
            if self.labels and set(table) == set(self.labels):
                table = {name: table[name] for name in self.labels}
            y = list(map(list, zip(*table.values(), strict=True)))
        found = labels_of(self.loss)
        if found == "number":
            return regression_targets(y, self.num_classes)
        if found == "binary" and self.num_classes == 1:
            return binary_targets(y)
        plain_y = y if isinstance(y, np.ndarray) else plain(y)
        names = names_in(plain_y)
        if found == "binary" or (found == "one-hot" and not names):
            self.name_classes(names)
            return class_sets(y, self.num_classes, self.labels)
        if found is None and not names:
            return np.asarray(plain_y)
        rows = one_number_per_row(y)
        self.name_classes(names)
        numbers = class_numbers(rows, self.num_classes, self.labels)
        if found == "one-hot":
            return np.eye(self.num_classes, dtype="float32")[numbers]
        return numbers

    def get_config(self):
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "activation": keras.activations.serialize(self.activation),
            "dropout": self.dropout,
            "labels": self.labels and list(self.labels),
            "problem_type": self.problem_type,
        }
