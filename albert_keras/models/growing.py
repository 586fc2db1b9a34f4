"""Models with more tokens, or more positions, than they were trained with."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.text.added_tokens import text_of, with_added_tokens
from albert_keras.text.piece_rules import WORD_START


def add_tokens(model: Any, tokens: Sequence[str], tokenizer: Any = None) -> Any:
    """Return a model that has learned nothing yet of some new tokens.

    Each new row of the embedding table is the mean of the rows of the pieces
    that the token was divided into so far, and so is its bias in a masked-LM
    head: the new token is as likely as its pieces are on average (Hewitt
    2021, "Initializing new word embeddings for pretrained language models").
    Unknown pieces don't count; where nothing else is left, the mean is that of
    the whole vocabulary. All other weights stay what they are, bit by bit.

    New tokens get the ids after the tokenizer's last. Rows of a table that
    was padded beyond the vocabulary are used before the table grows.

    Args:
        model: A backbone or a task of this package. It stays as it is.
        tokens: The tokens, spelled as the vocabulary spells its pieces: see
            `albert_keras.text.added_tokens.with_added_tokens`.
        tokenizer: An `ak.AlbertTokenizer` or `ak.AlbertWordPieceTokenizer`
            for a model without a preprocessor.

    Returns:
        A new model of the same class. The tokenizer of its preprocessor has
        the tokens; that of a backbone comes from `with_tokens`.

    Raises:
        TypeError: It isn't a model of this package, or a token isn't a string.
        ValueError: The model has no tokenizer, or a token can't be added.

    Example:

    ```python
    model = ak.AlbertMaskedLM.from_preset("albert_base_v2")
    model = ak.models.add_tokens(model, ["▁remdesivir", "▁cytokine"])
    model.save_to_preset("biomedical")
    ```
    """
    _check_model(model)
    preprocessor = getattr(model, "preprocessor", None)
    if tokenizer is None and preprocessor is not None:
        tokenizer = preprocessor.tokenizer
    if tokenizer is None:
        raise ValueError(
            "`tokenizer` must be given for a model without a preprocessor. "
            "Received: tokenizer=None."
        )
    before = tokenizer.python_tokenizer
    grown = with_tokens(tokenizer, tokens)
    first, size = before.vocabulary_size, grown.vocabulary_size()
    pieces = [
        _ids_so_far(before, grown.id_to_token(i)) for i in range(first, size)
    ]
    backbone = getattr(model, "backbone", model)
    if preprocessor is not None:
        preprocessor = type(preprocessor).from_config(
            {**preprocessor.get_config(), "tokenizer": grown}
        )
    elif model is not backbone:
        preprocessor = type(model).preprocessor_cls(grown)
    rows = max(backbone.vocabulary_size, size)
    made = _copied(model, {"vocabulary_size": rows}, preprocessor)
    for variable in _token_rows(made):
        values = np.array(keras.ops.convert_to_numpy(variable.value))
        known = values[:first].astype("float32")
        for row, ids in zip(range(first, size), pieces, strict=True):
            values[row] = known[ids or slice(None)].mean(axis=0)
        variable.assign(values)
    return made


def lengthen_positions(model: Any, max_sequence_length: int) -> Any:
    """Return a model that takes longer sequences.

    The new rows of the position table repeat the old ones from the first: row
    512 is row 0 again, 513 is row 1. A model that continues training finds the
    order of neighbors as it knows it, which works far better than random rows
    (Beltagy et al. 2020, "Longformer", section 5). All other weights stay what
    they are, bit by bit. Before it is used, train the model on long sequences.

    Args:
        model: A backbone or a task of this package. It stays as it is.
        max_sequence_length: int. Tokens that the new model takes at most.

    Returns:
        A new model of the same class. A preprocessor that made sequences of
        the old limit makes such of the new one.

    Raises:
        TypeError: It isn't a model of this package, or the length isn't an
            integer.
        ValueError: The length is not greater than the model's.

    Example:

    ```python
    model = ak.AlbertPretrainer.from_preset("albert_base_v2")
    model = ak.models.lengthen_positions(model, 1024)
    ```
    """
    _check_model(model)
    backbone = getattr(model, "backbone", model)
    before = backbone.max_sequence_length
    if isinstance(max_sequence_length, bool) or not isinstance(
        max_sequence_length, int
    ):
        raise TypeError(
            "`max_sequence_length` must be an integer. Received: "
            f"{max_sequence_length!r}."
        )
    if max_sequence_length <= before:
        raise ValueError(
            "`max_sequence_length` must be more than the model's "
            f"{before} tokens. Received: {max_sequence_length}."
        )
    preprocessor = getattr(model, "preprocessor", None)
    if preprocessor is not None:
        config = preprocessor.get_config()
        if config["sequence_length"] == before:
            config["sequence_length"] = max_sequence_length
        preprocessor = type(preprocessor).from_config(
            {**config, "tokenizer": preprocessor.tokenizer}
        )
    made = _copied(
        model, {"max_sequence_length": max_sequence_length}, preprocessor
    )
    table = _positions(made)
    values = keras.ops.convert_to_numpy(table.value)
    table.assign(values[np.arange(max_sequence_length) % before])
    return made


def with_tokens(tokenizer: Any, tokens: Sequence[str]) -> Any:
    """Return a tokenizer layer with more tokens; the ids of all others stay.

    Args:
        tokenizer: An `ak.AlbertTokenizer` or `ak.AlbertWordPieceTokenizer`.
        tokens: As for `add_tokens`.

    Raises:
        TypeError: A token isn't a string.
        ValueError: A token can't be added.
    """
    python = with_added_tokens(tokenizer.python_tokenizer, tokens)
    made = type(tokenizer).from_config(tokenizer.get_config())
    if python.suffix_mark:
        made.set_vocabulary(python.vocabulary)
    else:
        made.set_proto(python.vocabulary_bytes)
    return made


def _check_model(model: Any) -> None:
    if not isinstance(getattr(model, "backbone", model), AlbertBackbone):
        raise TypeError(
            "`model` must be a backbone or a task of this package; "
            "`ak.checkpoints.load` makes one of a preset of keras_hub. "
            f"Received: {type(model).__module__}.{type(model).__name__}."
        )


def _ids_so_far(tokenizer: Any, token: str) -> list[int]:
    """Return the known pieces that a token was divided into."""
    ids = tokenizer.encode(text_of(tokenizer, token))
    if len(ids) > 1 and tokenizer.id_to_piece(ids[0]) == WORD_START:
        ids = ids[1:]
    return [i for i in ids if i != tokenizer.unk_id]


def _token_rows(model: Any) -> list[Any]:
    """Return the variables that have a row for each token."""
    backbone = getattr(model, "backbone", model)
    rows = [backbone.token_embedding.embeddings]
    if hasattr(model, "masked_lm_head"):
        rows.append(model.masked_lm_head.output_bias)
    return rows


def _positions(model: Any) -> Any:
    backbone = getattr(model, "backbone", model)
    return backbone.embeddings.position_embedding.embeddings


def _copied(model: Any, changes: dict[str, int], preprocessor: Any) -> Any:
    """Return a model of other sizes with the weights of a model.

    Tables that grew have zeros in their new rows.
    """
    backbone = getattr(model, "backbone", model)
    made = type(backbone).from_config({**backbone.get_config(), **changes})
    if model is not backbone:
        made = type(model).from_config(
            {
                **model.get_config(),
                "backbone": made,
                "preprocessor": preprocessor,
            }
        )
    old = {variable.path: variable for variable in model.weights}
    if old.keys() != {variable.path for variable in made.weights}:
        raise ValueError(
            "`model` must have plain weights, without LoRA or quantization. "
            "Received: a model with others."
        )
    for variable in made.weights:
        values = keras.ops.convert_to_numpy(old[variable.path].value)
        if values.shape != tuple(variable.shape):
            larger = np.zeros(variable.shape, values.dtype)
            larger[: len(values)] = values
            values = larger
        variable.assign(values)
    return made
