"""ALBERT with both pretraining heads."""

import keras
import keras_hub
from keras import ops

from albert_keras.layers.dense import Dense
from albert_keras.layers.masked_lm_head import AlbertMaskedLMHead
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_masked_lm_preprocessor import (
    AlbertMaskedLMPreprocessor,
)
from albert_keras.models.compilation import CompileForDevice
from albert_keras.models.preset import StrictPreset
from albert_keras.models.sequence_length import shorten_to_model


@keras.saving.register_keras_serializable(package="albert_keras")
class AlbertPretrainer(StrictPreset, CompileForDevice, keras_hub.models.Task):
    """Masked language model and sentence-order prediction.

    The loss is the sum of both: `Σ w·ce / (Σ w + 1e-5)` over the masked
    tokens, and the mean cross entropy of the order times `sop_loss_weight`.
    It needs no `loss` in `compile`; metrics carry the names of
    google's evaluation: `masked_lm_loss`, `masked_lm_accuracy`,
    `sentence_order_loss`, `sentence_order_accuracy`. All are exact over
    whatever they were measured on, and `loss` is the sum of both losses.

    Under `tf.distribute`, compile with `ak.training.compile_for`.

    Args:
        backbone: An `ak.AlbertBackbone`.
        preprocessor: An `AlbertMaskedLMPreprocessor`, which carries the
            tokenizer into a preset; `fit` takes records and not strings, so
            it is not applied to training data.
        head_layer_norm_epsilon: Epsilon of the masked-LM head's layer norm;
            None is that of the backbone.
        sop_loss_weight: Weight of the sentence-order loss. The original has
            1. With 0, the model learns masked LM alone: labels of the order
            are not needed, and its metrics are not measured.

    Call arguments:
        inputs: Those of the backbone, and `mask_positions` int32
            `[batch, predictions]`.

    Returns:
        Dictionary of float32 tensors: `mlm_logits`
        `[batch, predictions, vocabulary_size]` and `sop_logits`
        `[batch, 2]`, in which 1 means that the segments are swapped.

    Labels have the same keys, with int32 `[batch, predictions]` and
    `[batch]`; the sample weight of `mlm_logits` is 1 for a prediction and 0
    for padding, that of `sop_logits` 1 for an example and 0 for one that only
    fills the batch.

    Source: google-research/albert, `run_pretraining.py`,
    `get_masked_lm_output`, `get_sentence_order_output`, `model_fn_builder`.
    """

    backbone_cls = AlbertBackbone
    preprocessor_cls = AlbertMaskedLMPreprocessor

    def __init__(
        self,
        backbone,
        preprocessor=None,
        head_layer_norm_epsilon=None,
        sop_loss_weight=1.0,
        **kwargs,
    ):
        if not 0 <= sop_loss_weight < float("inf"):
            raise ValueError(
                "`sop_loss_weight` must be a number of at least 0. Received: "
                f"sop_loss_weight={sop_loss_weight}."
            )
        if head_layer_norm_epsilon is None:
            head_layer_norm_epsilon = backbone.layer_norm_epsilon

        # === Layers ===
        shorten_to_model(preprocessor, backbone)
        self.backbone = backbone
        self.preprocessor = preprocessor
        self.masked_lm_head = AlbertMaskedLMHead(
            backbone.token_embedding,
            activation=backbone.activation,
            initializer_range=backbone.initializer_range,
            layer_norm_epsilon=head_layer_norm_epsilon,
            dtype=backbone.dtype_policy,
            name="masked_lm_head",
        )
        # No dropout before it, as in the original (Hugging Face adds 0.1).
        self.sentence_order_head = Dense(
            2,
            kernel_initializer=keras.initializers.TruncatedNormal(
                stddev=backbone.initializer_range
            ),
            dtype=backbone.dtype_policy,
            name="sentence_order_head",
        )

        # === Functional model ===
        inputs = {
            **backbone.input,
            "mask_positions": keras.Input(
                (None,), dtype="int32", name="mask_positions"
            ),
        }
        hidden = backbone(backbone.input)
        outputs = {
            "mlm_logits": self.masked_lm_head(
                hidden["sequence_output"], inputs["mask_positions"]
            ),
            "sop_logits": ops.cast(
                self.sentence_order_head(hidden["pooled_output"]), "float32"
            ),
        }
        super().__init__(inputs=inputs, outputs=outputs, **kwargs)

        # === Config ===
        self.head_layer_norm_epsilon = head_layer_norm_epsilon
        self.sop_loss_weight = sop_loss_weight

        # === Metrics ===
        mean = keras.metrics.Mean
        self.masked_lm_loss = mean(name="masked_lm_loss")
        self.masked_lm_accuracy = mean(name="masked_lm_accuracy")
        self.sentence_order_loss = mean(name="sentence_order_loss")
        self.sentence_order_accuracy = mean(name="sentence_order_accuracy")

    def get_config(self):
        return {
            **super().get_config(),
            "head_layer_norm_epsilon": self.head_layer_norm_epsilon,
            "sop_loss_weight": self.sop_loss_weight,
        }

    @property
    def _learned(self):
        """The outputs that the loss is made of."""
        return _OUTPUTS if self.sop_loss_weight else _OUTPUTS[:1]

    def compile(self, optimizer="auto", *args, **kwargs):
        """As `keras.Model.compile`; the loss is the model's own.

        Args:
            optimizer: `"auto"` is `keras.optimizers.Adam(1e-4)`. ALBERT's
                own LAMB is `albert_keras.training.optimizers.Lamb`.
            *args: As `keras.Model.compile`.
            **kwargs: Likewise.
        """
        if optimizer == "auto":
            optimizer = keras.optimizers.Adam(1e-4)
        super().compile(optimizer, *args, **kwargs)

    def preprocess_samples(self, x, y=None, sample_weight=None):
        return keras.utils.pack_x_y_sample_weight(x, y, sample_weight)

    def make_train_function(self, force=False):
        """Refuses Keras' own step where it would add up whole losses.

        Raises:
            ValueError: Several replicas, without `ak.training.compile_for`.
        """
        strategy = getattr(self, "_distribute_strategy", None)
        replicas = getattr(strategy, "num_replicas_in_sync", 1)
        if replicas > 1:
            raise ValueError(
                "Under tf.distribute an AlbertPretrainer must be compiled by "
                "`ak.training.compile_for`. Received: a model compiled by "
                f"`compile` and {replicas} replicas."
            )
        return super().make_train_function(force)

    def loss_denominators(self, y, sample_weight=None):
        """What the losses divide by, for a batch that comes in parts.

        Args:
            y: Labels.
            sample_weight: Their weights, or None for ones.

        Returns:
            Dictionary of float32 `[]`: the sums of weights. Summed over the
            parts they are the `denominators` of `compute_loss`.
        """
        return {
            key: ops.sum(_weights(key, y, sample_weight))
            for key in self._learned
        }

    def compute_loss(
        self,
        x=None,
        y=None,
        y_pred=None,
        sample_weight=None,
        training=True,
        denominators=None,
    ):
        """The loss, or what a part of a batch contributes to it.

        Args:
            x: Not used.
            y: Labels.
            y_pred: What the model put out.
            sample_weight: Weights, or None for ones.
            training: Not used.
            denominators: `loss_denominators` of the whole batch, if this is
                a part of one.

        Returns:
            float32 `[]`.
        """
        if denominators is None:
            denominators = self.loss_denominators(y, sample_weight)
        scale = {"mlm_logits": 1.0, "sop_logits": self.sop_loss_weight}
        return sum(
            scale[key]
            * ops.sum(
                _cross_entropy(y[key], y_pred[key])
                * _weights(key, y, sample_weight)
            )
            # 1e-5 as in run_pretraining.py: a batch may have no mask. The
            # order's loss is a plain mean there; only padding may be all.
            / _positive(key, denominators[key])
            for key in self._learned
        )

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        for key, loss, accuracy in (
            ("mlm_logits", self.masked_lm_loss, self.masked_lm_accuracy),
            (
                "sop_logits",
                self.sentence_order_loss,
                self.sentence_order_accuracy,
            ),
        ):
            if key not in self._learned:
                continue
            labels, logits = y[key], y_pred[key]
            weights = _weights(key, y, sample_weight)
            loss.update_state(_cross_entropy(labels, logits), weights)
            right = ops.equal(
                ops.argmax(logits, axis=-1), ops.cast(labels, "int32")
            )
            accuracy.update_state(ops.cast(right, "float32"), weights)
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def get_metrics_result(self):
        results = super().get_metrics_result()
        # Keras' own is a mean of the batches' losses, and the last batch of
        # an evaluation has fewer examples than the others.
        results["loss"] = self.masked_lm_loss.result()
        if self.sop_loss_weight:
            results["loss"] += (
                self.sop_loss_weight * self.sentence_order_loss.result()
            )
        else:
            for metric in (
                self.sentence_order_loss,
                self.sentence_order_accuracy,
            ):
                del results[metric.name]
        return results


_OUTPUTS = ("mlm_logits", "sop_logits")


def _weights(key, y, sample_weight):
    if sample_weight is None:
        return ops.ones_like(y[key], dtype="float32")
    return ops.cast(sample_weight[key], "float32")


def _positive(key, denominator):
    if key == "mlm_logits":
        return denominator + 1e-5
    return ops.maximum(denominator, 1e-5)


def _cross_entropy(labels, logits):
    return ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)
