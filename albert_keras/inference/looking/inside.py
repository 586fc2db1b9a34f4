"""What a model computes of one text, from pieces to the last layer."""

import dataclasses
from typing import Any

import keras
import numpy as np

from albert_keras.checkpoints.temporary_presets import as_own_model
from albert_keras.layers.encoder_trace import trace_encoder
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.text.normalization import replace_lone_surrogates


@dataclasses.dataclass(frozen=True)
class Token:
    """A token of a text.

    Attributes:
        piece: As the vocabulary has it, `"▁modeling"`.
        id: Its id.
        start: Where it begins in the text, in characters; None for the
            [CLS] and [SEP] that a model is given beside the text.
        end: Behind its last character, or None.
        is_unknown: Whether the vocabulary has nothing for these characters.
    """

    piece: str
    id: int
    start: int | None = None
    end: int | None = None
    is_unknown: bool = False


@dataclasses.dataclass(frozen=True, eq=False)
class Inside:
    """What `look_inside` found.

    Attributes:
        text: The text; halves of surrogate pairs are U+FFFD.
        tokens: Its S tokens, [CLS] first and [SEP] last.
        hidden_states: float32 `[L + 1, S, H]`: what goes into the first
            layer, and what comes out of each of the L layers (with inner
            repetitions, of each block).
        attention: float32 `[L, heads, S, S]`: how much the token of the
            third axis attends to that of the fourth, which sums to 1.
    """

    text: str
    tokens: list[Token]
    hidden_states: np.ndarray
    attention: np.ndarray


def look_inside(
    model: keras.Model, text: str, tokenizer: Any | None = None
) -> Inside:
    """Runs a model on a text, and keeps what it computes on the way.

    Args:
        model: A backbone or a task of this package.
        text: A text, which may hold `[MASK]`.
        tokenizer: An `ak.AlbertTokenizer` or `ak.AlbertWordPieceTokenizer`;
            by default that of the model's preprocessor.

    Returns:
        An `Inside`: tokens, hidden states and attention.

    Raises:
        TypeError: `model` is no model of this package, or `text` no string.
        ValueError: The text has no tokens, or more than the model takes;
            there is no tokenizer.

    Example:

    ```python
    model = ak.AlbertMaskedLM.from_preset("preset")
    inside = ak.look_inside(model, "Return the [MASK] of the list.")
    inside.attention[0, 3]  # the first layer's fourth head
    ```
    """
    model = as_own_model(model)
    backbone = backbone_of(model)
    if isinstance(text, str):  # `tokens_of` refuses anything else
        text = replace_lone_surrogates(text)
    tokens = tokens_of(text, tokenizer or tokenizer_of(model))
    if len(tokens) > backbone.max_sequence_length:
        raise ValueError(
            f"`text` must have at most {backbone.max_sequence_length - 2} "
            f"tokens. Received: {len(tokens) - 2} tokens, beginning with "
            f"{text[:40]!r}."
        )
    ids = np.array([[token.id for token in tokens]], "int32")
    embedded = backbone.embeddings(ids, np.zeros_like(ids), training=False)
    trace = trace_encoder(backbone.encoder, embedded, np.ones_like(ids))
    return Inside(
        text, tokens, _first(trace.hidden_states), _first(trace.attention)
    )


def tokens_of(text: str, tokenizer: Any) -> list[Token]:
    """A text's tokens, between [CLS] and [SEP].

    Args:
        text: A text.
        tokenizer: A tokenizer of this package.

    Raises:
        TypeError: `text` is no string.
        ValueError: It has no tokens.
    """
    if not isinstance(text, str):
        raise TypeError(
            f"`text` must be a string. Received: {text!r} "
            f"({type(text).__name__})."
        )
    ids = tokenizer.encode(text)
    if not ids:
        raise ValueError(
            f"`text` must have at least one token. Received: {text!r}."
        )
    inner = [
        Token(
            tokenizer.id_to_token(id),
            id,
            start,
            end,
            is_unknown=id == tokenizer.unk_token_id,
        )
        for id, (start, end) in zip(ids, tokenizer.offsets(text), strict=True)
    ]
    first, last = (
        Token(tokenizer.id_to_token(id), id)
        for id in (tokenizer.cls_token_id, tokenizer.sep_token_id)
    )
    return [first, *inner, last]


def backbone_of(model: Any) -> AlbertBackbone:
    """The encoder of a model of this package.

    Raises:
        TypeError: It is none.
    """
    backbone = getattr(model, "backbone", model)
    if not isinstance(backbone, AlbertBackbone):
        raise TypeError(
            "`model` must be an AlbertBackbone, or a task on one. "
            f"Received: {type(model).__name__}."
        )
    return backbone


def tokenizer_of(model: Any) -> Any:
    """The tokenizer that a model brings.

    Raises:
        ValueError: It brings none.
    """
    preprocessor = getattr(model, "preprocessor", None)
    if preprocessor is None:
        raise ValueError(
            "A model without a preprocessor needs a `tokenizer` (--tokenizer) "
            "to be looked into with a text. Received: "
            f"{type(model).__name__} alone."
        )
    return preprocessor.tokenizer


def _first(batches: list[Any]) -> np.ndarray:
    """The only row of each batch, as float32."""
    return np.stack(
        [
            keras.ops.convert_to_numpy(keras.ops.cast(batch, "float32"))[0]
            for batch in batches
        ]
    )
