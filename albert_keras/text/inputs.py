"""What counts as a text, in Python and in the graph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from albert_keras.text.normalization import replace_lone_surrogates

if TYPE_CHECKING:
    import tensorflow as tf


def as_text(text: Any) -> str:
    """A text as a string.

    Args:
        text: A string, or UTF-8 bytes. Bytes that are no UTF-8 become U+FFFD,
            one for each longest stretch that begins a character, as in the
            graph (Unicode Standard, section 3.9, substitution of maximal
            subparts).

    Returns:
        The string.

    Raises:
        TypeError: If it is neither.
    """
    if isinstance(text, str):
        return text
    if isinstance(text, bytes):
        return text.decode("utf-8", "replace")
    raise TypeError(
        "A text must be a string or UTF-8 bytes. Received: "
        f"{text!r} of type {type(text).__name__}."
    )


def as_string_tensor(texts: Any) -> tf.Tensor | tf.RaggedTensor:
    """Texts as a tensor, with the same result and errors as `as_text`.

    Args:
        texts: A text, a list (of lists, of any lengths) of texts, a NumPy
            array of them, or a string tensor, dense or ragged.

    Returns:
        A string `Tensor`, or a `RaggedTensor` of lists in lists.

    Raises:
        TypeError: If something in it is no text.
        ValueError: If texts stand beside lists of texts.
    """
    import tensorflow as tf

    if isinstance(texts, tf.Tensor | tf.RaggedTensor):
        if texts.dtype != tf.string:
            raise TypeError(
                "Texts must be a tensor of strings. Received: a tensor of "
                f"{texts.dtype.name}."
            )
        return texts
    nested = _utf8(texts.tolist() if hasattr(texts, "tolist") else texts)
    if isinstance(nested, bytes):
        return tf.constant(nested)
    depths = set(_depths(nested))
    if len(depths) > 1:
        raise ValueError(
            "Texts must all be nested in lists to the same depth. Received: "
            f"{texts!r:.200}, with depths {min(depths)} to {max(depths)}."
        )
    return tf.ragged.constant(nested, tf.string, ragged_rank=max(depths) - 1)


def _utf8(texts: Any) -> Any:
    if isinstance(texts, list | tuple):
        return [_utf8(part) for part in texts]
    return replace_lone_surrogates(as_text(texts)).encode()


def _depths(nested: Any, depth: int = 0) -> Iterator[int]:
    """In how many lists each text stands; an empty list counts as one."""
    if isinstance(nested, bytes):
        yield depth
        return
    if not nested:
        yield depth + 1
    for part in nested:
        yield from _depths(part, depth + 1)
