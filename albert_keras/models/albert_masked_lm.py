"""ALBERT with the masked-LM head."""

import keras
import keras_hub

from albert_keras.layers.masked_lm_head import AlbertMaskedLMHead
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_masked_lm_preprocessor import (
    AlbertMaskedLMPreprocessor,
)


@keras.saving.register_keras_serializable(package="albert_keras")
class AlbertMaskedLM(keras_hub.models.MaskedLM):
    """Guesses masked tokens; what `ak.FillMask` asks.

    Args:
        backbone: An `ak.AlbertBackbone`.
        preprocessor: An `AlbertMaskedLMPreprocessor`, or None to pass ids.

    Call arguments:
        inputs: Those of the backbone, and `mask_positions` int32
            `[batch, predictions]`.

    Returns:
        float32 logits `[batch, predictions, vocabulary_size]`.

    The head has the original's epsilon of 1e-12, where KerasHub's has 1e-5.
    """

    backbone_cls = AlbertBackbone
    preprocessor_cls = AlbertMaskedLMPreprocessor

    def __init__(self, backbone, preprocessor=None, **kwargs):
        # === Layers ===
        self.backbone = backbone
        self.preprocessor = preprocessor
        self.masked_lm_head = AlbertMaskedLMHead(
            backbone.token_embedding,
            activation=backbone.activation,
            initializer_range=backbone.initializer_range,
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
