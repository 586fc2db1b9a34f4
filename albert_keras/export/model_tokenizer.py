"""The tokenizer that belongs to a model."""

import keras

from albert_keras.models.albert_tokenizer import AlbertTokenizer
from albert_keras.models.albert_word_piece_tokenizer import (
    AlbertWordPieceTokenizer,
)
from albert_keras.models.serving import backbone_of

Tokenizer = AlbertTokenizer | AlbertWordPieceTokenizer


def preprocessor_tokenizer(model: keras.Model) -> Tokenizer | None:
    """The tokenizer of a model's preprocessor; None if it has none."""
    # A backbone has no preprocessor, and a head of one's own may have none.
    owner = getattr(model, "preprocessor", None) or model
    return getattr(owner, "tokenizer", None)


def tokenizer_of(
    model: keras.Model, given: Tokenizer | None, unless: str
) -> Tokenizer:
    """The tokenizer that was given, or that of the model's preprocessor.

    Args:
        model: The model.
        given: What the caller gave.
        unless: Without what none would be needed, as `"unless text=False"`.

    Raises:
        TypeError: It isn't a tokenizer of this package.
        ValueError: There is none, or it has more pieces than the model.
    """
    if given is None:
        given = preprocessor_tokenizer(model)
    if given is None:
        raise ValueError(
            "`tokenizer` must be given for a model without preprocessor, "
            f"{unless}. Received: tokenizer=None."
        )
    if not isinstance(given, AlbertTokenizer | AlbertWordPieceTokenizer):
        raise TypeError(
            "`tokenizer` must be an ak.AlbertTokenizer or an "
            "ak.AlbertWordPieceTokenizer, made of the same vocabulary file. "
            f"Received: {type(given).__module__}.{type(given).__name__}."
        )
    pieces = given.vocabulary_size()
    rows = backbone_of(model).vocabulary_size
    if pieces > rows:
        raise ValueError(
            "The tokenizer must not have more pieces than the model has "
            f"embeddings. Received: {pieces} pieces, {rows} embeddings."
        )
    return given
