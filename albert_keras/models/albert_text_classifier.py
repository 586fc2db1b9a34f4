"""ALBERT with a classification or regression head."""

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

PROBLEM_TYPES = (
    "single_label_classification",
    "multi_label_classification",
    "regression",
)


@keras.saving.register_keras_serializable(package="albert_keras")
class AlbertTextClassifier(
    StrictPreset, HasLabels, CompileForDevice, keras_hub.models.TextClassifier
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
            loss: `"auto"` is the cross entropy over the classes; where there
                is one class, regression, the squared error.
            metrics: `"auto"` is the accuracy, of regression none.
            **kwargs: As `keras.Model.compile`.
        """
        if self.output_dense.units == 1:  # called before it is configured
            loss = keras.losses.MeanSquaredError() if loss == "auto" else loss
            metrics = [] if metrics == "auto" else metrics
        super().compile(optimizer, loss, metrics=metrics, **kwargs)

    def get_config(self):
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "activation": keras.activations.serialize(self.activation),
            "dropout": self.dropout,
            "labels": self.labels and list(self.labels),
            "problem_type": self.problem_type,
        }
