"""ALBERT with the masked-LM head."""

import keras
import keras_hub

from albert_keras.layers.masked_lm_head import AlbertMaskedLMHead
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_masked_lm_preprocessor import (
    AlbertMaskedLMPreprocessor,
)
from albert_keras.models.albert_pretrainer import AlbertPretrainer
from albert_keras.models.arguments import arguments_of
from albert_keras.models.compilation import CompileForDevice
from albert_keras.models.preset import (
    StrictPreset,
    check_preset,
    is_elsewhere,
    saved_task_class,
)
from albert_keras.models.sequence_length import shorten_to_model


@keras.saving.register_keras_serializable(package="albert_keras")
class AlbertMaskedLM(StrictPreset, CompileForDevice, keras_hub.models.MaskedLM):
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
        check_preset(cls, preset, load_weights)
        saved = saved_task_class(preset)
        if saved is not None and issubclass(saved, AlbertPretrainer):
            names = arguments_of(cls) - {"backbone", "preprocessor"}
            own = {name: kwargs.pop(name) for name in names & set(kwargs)}
            pretrainer = AlbertPretrainer.from_preset(
                preset, load_weights=load_weights, compile=False, **kwargs
            )
            masked_lm = cls(pretrainer.backbone, pretrainer.preprocessor, **own)
            masked_lm.masked_lm_head.set_weights(
                pretrainer.masked_lm_head.get_weights()
            )
            return masked_lm
        has_head = saved is not None and issubclass(saved, cls)
        if load_weights and not has_head and not init_missing_heads:
            raise ValueError(
                f"Preset `{preset}` must hold a masked-LM head, unless "
                "init_missing_heads=True asks for a random one. "
                f"Received: {saved.__name__ if saved else 'a backbone'}."
            )
        return super().from_preset(preset, load_weights=load_weights, **kwargs)
