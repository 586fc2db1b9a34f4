"""Strings to masked examples."""

import keras
import keras_hub

from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_tokenizer import AlbertTokenizer
from albert_keras.models.arguments import KnowsArguments


@keras.saving.register_keras_serializable(package="albert_keras")
class AlbertMaskedLMPreprocessor(
    KnowsArguments, keras_hub.models.MaskedLMPreprocessor
):
    """Tokenizes strings and masks single tokens at random, fresh each time.

    KerasHub's preprocessor with ALBERT's exact tokenizer: good to fine-tune
    a masked LM on sentences of a domain. For pretraining, whole-word n-gram
    masks and sentence order come from `albert_keras.pretraining`.

    Args:
        tokenizer: An `ak.AlbertTokenizer` or `ak.AlbertWordPieceTokenizer`.
        sequence_length: Tokens every example is padded or cut to.
        **kwargs: As `keras_hub.models.MaskedLMPreprocessor`.
    """

    backbone_cls = AlbertBackbone
    tokenizer_cls = AlbertTokenizer
