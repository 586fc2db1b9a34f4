"""The tokenizer that goes with a model into an export."""

import keras

from albert_keras.models.albert_tokenizer import AlbertTokenizer
from albert_keras.models.albert_word_piece_tokenizer import (
    AlbertWordPieceTokenizer,
)
from albert_keras.models.serving import backbone_of

Tokenizer = AlbertTokenizer | AlbertWordPieceTokenizer


def preprocessor_tokenizer(model: keras.Model) -> Tokenizer | None:
    """The tokenizer of a model's preprocessor; None if it has none."""
    # A backbone has no preprocessor.
    return getattr(getattr(model, "preprocessor", None), "tokenizer", None)


def find_tokenizer(model: keras.Model, given: Tokenizer | None) -> Tokenizer:
    """The tokenizer that was given, or that of the model's preprocessor.

    Args:
        model: The model.
        given: The tokenizer; None for that of the preprocessor.

    Raises:
        ValueError: There is none, or it has ids that the model does not.
    """
    if given is None:
        given = preprocessor_tokenizer(model)
    if given is None:
        raise ValueError(
            "`tokenizer` must be given for a model without preprocessor, "
            "unless text=False. Received: tokenizer=None."
        )
    pieces = given.vocabulary_size()
    rows = backbone_of(model).vocabulary_size
    if pieces > rows:
        raise ValueError(
            "The tokenizer must not have more pieces than the model has "
            f"embeddings. Received: {pieces} pieces, {rows} embeddings."
        )
    return given
