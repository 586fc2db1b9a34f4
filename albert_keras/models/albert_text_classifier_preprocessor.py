"""Strings and pairs of strings to packed ids."""

import keras
import keras_hub

from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_tokenizer import AlbertTokenizer
from albert_keras.models.arguments import KnowsArguments


@keras.saving.register_keras_serializable(package="albert_keras")
class AlbertTextClassifierPreprocessor(
    KnowsArguments, keras_hub.models.TextClassifierPreprocessor
):
    """Tokenizes a string, or a pair, into `[CLS] a [SEP] b [SEP]`.

    KerasHub's preprocessor with ALBERT's exact tokenizer.

    Args:
        tokenizer: An `ak.AlbertTokenizer` or `ak.AlbertWordPieceTokenizer`.
        sequence_length: Tokens every example is padded or cut to.
        **kwargs: As `keras_hub.models.TextClassifierPreprocessor`.
    """

    backbone_cls = AlbertBackbone
    tokenizer_cls = AlbertTokenizer
