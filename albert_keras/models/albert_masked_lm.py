"""ALBERT with the masked-LM head."""

import keras
import keras_hub
import numpy as np

from albert_keras.layers.masked_lm_head import AlbertMaskedLMHead
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_masked_lm_preprocessor import (
    AlbertMaskedLMPreprocessor,
)
from albert_keras.models.albert_pretrainer import AlbertPretrainer
from albert_keras.models.arguments import arguments_of
from albert_keras.models.compilation import (
    CompileForDevice,
    MeanOverTokens,
    fitting_metrics,
    resolved_loss,
)
from albert_keras.models.labels import class_numbers
from albert_keras.models.preset import (
    StrictPreset,
    as_preset,
    check_preset,
    given_path,
    is_elsewhere,
    saved_task_class,
)
from albert_keras.models.sequence_length import shorten_to_model
from albert_keras.models.takes_strings import Encoded, TakesStrings
from albert_keras.models.text_columns import text_examples
from albert_keras.models.text_encoding import (
    columns_of,
    encode_texts,
    has_known_preprocessor,
)
from albert_keras.models.text_streams import ShuffledBatches
from albert_keras.models.unused_pooler import LeavesPooler


@keras.saving.register_keras_serializable(package="albert_keras")
class AlbertMaskedLM(
    StrictPreset,
    TakesStrings,
    LeavesPooler,
    MeanOverTokens,
    CompileForDevice,
    keras_hub.models.MaskedLM,
):
    """Guesses masked tokens; what `ak.FillMask` asks.

    Args:
        backbone: An `ak.AlbertBackbone`.
        preprocessor: An `AlbertMaskedLMPreprocessor`, or None to pass ids.
        head_layer_norm_epsilon: Epsilon of the head's layer norm; None is
            the backbone's, which is the original's 1e-12. A checkpoint of
            KerasHub brings 1e-5.

    Call arguments:
        inputs: Those of the backbone, and `mask_positions` int32
            `[batch, predictions]`.

    Returns:
        float32 logits `[batch, predictions, vocabulary_size]`.

    Labels are int32 `[batch, predictions]`, the ids of the masked tokens.
    Which of them count is said by a sample weight of that shape. The loss and
    the metrics are means over those that count, so that the loss's
    exponential is a perplexity.

    `fit`, `evaluate` and `predict` also take texts, in the same containers as
    `ak.AlbertTextClassifier`, without labels. Tokens are masked at random,
    other ones in each epoch. A sample weight for each text multiplies the
    weights of its masked tokens.

    Example:

    ```python
    masked_lm = ak.AlbertMaskedLM.from_preset("preset")
    masked_lm.fit(["a text of the domain", "another one"], epochs=3)
    ```
    """

    backbone_cls = AlbertBackbone
    preprocessor_cls = AlbertMaskedLMPreprocessor

    def __init__(
        self,
        backbone,
        preprocessor=None,
        head_layer_norm_epsilon=None,
        **kwargs,
    ):
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

        # === Functional model ===
        inputs = {
            **backbone.input,
            "mask_positions": keras.Input(
                (None,), dtype="int32", name="mask_positions"
            ),
        }
        logits = self.masked_lm_head(
            backbone(backbone.input)["sequence_output"],
            inputs["mask_positions"],
        )
        super().__init__(inputs=inputs, outputs=logits, **kwargs)

        # === Config ===
        self.head_layer_norm_epsilon = head_layer_norm_epsilon

    def compile(  # type: ignore[override]
        self,
        optimizer="auto",
        loss="auto",
        *,
        weighted_metrics="auto",
        **kwargs,
    ):
        """As `keras_hub.models.MaskedLM.compile`.

        Args:
            optimizer: `"auto"` is KerasHub's choice.
            loss: `"auto"` is the cross entropy, as a mean over the masked
                tokens.
            weighted_metrics: `"auto"` is the accuracy over the masked tokens.
            **kwargs: As `keras.Model.compile`.
        """
        if isinstance(loss, str) and loss == "auto":
            loss = "sparse_categorical_crossentropy"
        loss = resolved_loss(loss, True, reduction="mean_with_sample_weight")
        if isinstance(weighted_metrics, str) and weighted_metrics == "auto":
            weighted_metrics = fitting_metrics(loss)
        super().compile(
            optimizer, loss, weighted_metrics=weighted_metrics, **kwargs
        )

    def read_rows(self, x):
        return text_examples(x)

    def read_targets(self, rows, y):
        if y is not None:
            raise ValueError(
                "Masked tokens are their own labels. Received: texts with "
                "labels; pass the texts alone."
            )
        return rows, None

    def encode(self, rows, y, sample_weight, width):
        if sample_weight is None:
            sample_weight = np.ones(len(rows), "float32")
        if has_known_preprocessor(self):
            return encode_texts(self, rows, None, sample_weight, width)
        texts = columns_of(rows)
        x = {"texts": np.array(texts, "object").reshape(-1, len(rows)).T}
        return Encoded(x, None, sample_weight, np.zeros(len(rows), "bool"))

    def as_source(self, found, batch_size, shuffle):
        return ShuffledBatches(
            (found.x, found.sample_weight),
            batch_size,
            shuffle,
            lambda batch: self.complete(*batch),
        )

    def complete(self, x, sample_weight):
        """Mask tokens of a batch at random."""
        if "texts" in x:
            columns = tuple(column.tolist() for column in x["texts"].T)
            x, y, weight = self.preprocessor(
                columns[0] if len(columns) == 1 else columns
            )
            x = {name: np.asarray(values) for name, values in x.items()}
        else:
            if self.preprocessor.masker is None:
                self.preprocessor.build(None)
            masked = self.preprocessor.masker(x["token_ids"])
            y, weight = masked["mask_ids"], masked["mask_weights"]
            x = {
                **x,
                "token_ids": np.asarray(masked["token_ids"], "int32"),
                "mask_positions": np.asarray(masked["mask_positions"], "int32"),
            }
        weight = np.asarray(weight, "float32") * sample_weight[:, None]
        return x, np.asarray(y, "int32"), weight

    def check_ids(self, x, y, sample_weight, class_weight):
        if class_weight is not None:
            self.class_weights_of([], y, class_weight)
        if y is not None:
            y = class_numbers(y, self.backbone.vocabulary_size)
            if sample_weight is not None and np.ndim(sample_weight) == 1:
                sample_weight = np.broadcast_to(
                    np.asarray(sample_weight)[:, None], y.shape
                )
        return x, y, sample_weight, None

    def get_config(self):
        return {
            **super().get_config(),
            "head_layer_norm_epsilon": self.head_layer_norm_epsilon,
        }

    @classmethod
    def from_preset(
        cls, preset, load_weights=True, init_missing_heads=False, **kwargs
    ):
        """Loads a masked LM, out of a pretrainer's preset too.

        Args:
            preset: Folder that `save_to_preset` wrote, or a handle.
            load_weights: Whether to load weights, or keep random ones.
            init_missing_heads: Allow a preset without a masked-LM head, and
                give the model a random one.
            **kwargs: Arguments of the constructor that override the
                preset's; `dtype` is passed to the backbone.

        Raises:
            FileNotFoundError: The preset or its weights are missing.
            ValueError: The preset has no masked-LM head.
        """
        if is_elsewhere(preset):
            return super().from_preset(
                preset, load_weights, init_missing_heads, **kwargs
            )
        preset = as_preset(preset)
        check_preset(cls, preset, load_weights)
        saved = saved_task_class(preset)
        if saved is not None and issubclass(saved, AlbertPretrainer):
            names = arguments_of(cls) - {"backbone", "preprocessor"}
            own = {name: kwargs.pop(name) for name in names & set(kwargs)}
            pretrainer = AlbertPretrainer.from_preset(
                preset, load_weights=load_weights, compile=False, **kwargs
            )
            own.setdefault(
                "head_layer_norm_epsilon", pretrainer.head_layer_norm_epsilon
            )
            masked_lm = cls(pretrainer.backbone, pretrainer.preprocessor, **own)
            masked_lm.masked_lm_head.set_weights(
                pretrainer.masked_lm_head.get_weights()
            )
            return masked_lm
        has_head = saved is not None and issubclass(saved, cls)
        if load_weights and not has_head and not init_missing_heads:
            raise ValueError(
                f"Preset `{given_path(preset)}` must hold a masked-LM head, "
                "unless "
                "init_missing_heads=True asks for a random one. "
                f"Received: {saved.__name__ if saved else 'a backbone'}."
            )
        return super().from_preset(preset, load_weights=load_weights, **kwargs)
