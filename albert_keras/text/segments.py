"""Cutting raw text at ALBERT's special symbols, in Python and in the graph.

SentencePiece never produces a control symbol from text: `"[MASK]"` would come
out as pieces of its letters and brackets. So the raw text is cut at the
symbols before it is normalised, which would lower-case them, and what lies
between is tokenized on its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from albert_keras.text.normalization import whitespace_class

if TYPE_CHECKING:
    import tensorflow as tf

MASK_SYMBOL = "[MASK]"
SPECIAL_SYMBOLS = ("[CLS]", "[SEP]", MASK_SYMBOL)
_SYMBOL = re.compile("|".join(map(re.escape, SPECIAL_SYMBOLS)))


class Segment(NamedTuple):
    """A stretch of raw text without special symbols.

    Attributes:
        symbol: The special symbol right before it, `None` at the beginning.
        text: The raw text up to the next symbol, possibly empty.
        start: Where `text` begins in the whole text, in characters.
    """

    symbol: str | None
    text: str
    start: int

    @property
    def continues(self) -> bool:
        """Whether the text goes on from a `[MASK]` without a space between.

        Then it begins no word: the `.` of `[MASK].` is the piece `.`, not
        the two pieces `▁` and `.`. Behind `[CLS]` and `[SEP]`, which stand
        around texts and not in one, a text always begins.
        """
        return self.symbol == MASK_SYMBOL and not self.text[:1].isspace()


def split_segments(text: str, *, at_symbols: bool = True) -> list[Segment]:
    """Cuts raw text at its special symbols.

    Args:
        text: The raw text.
        at_symbols: Whether to cut it at all. If not, the symbols are letters
            and brackets like any others.

    Returns:
        The segments, at least one. The first has no symbol before it.

    Example:

    ```python
    split_segments("a [MASK].")
    # [Segment(None, "a ", 0), Segment("[MASK]", ".", 8)]
    ```
    """
    if not at_symbols or "[" not in text:
        return [Segment(None, text, 0)]
    segments = []
    symbol, start = None, 0
    for match in _SYMBOL.finditer(text):
        segments.append(Segment(symbol, text[start : match.start()], start))
        symbol, start = match.group(), match.end()
    segments.append(Segment(symbol, text[start:], start))
    return segments


class GraphSegments(NamedTuple):
    """The segments of a batch of texts, in order.

    Attributes:
        texts: String `RaggedTensor` of shape `(batch, None)`.
        symbols: int32 tensor over the flat segments: 0 at the beginning of a
            text, else 1 + the index in `SPECIAL_SYMBOLS` of the symbol right
            before the segment.
        continues: bool tensor over the flat segments, as
            `Segment.continues`.
    """

    texts: tf.RaggedTensor
    symbols: tf.Tensor
    continues: tf.Tensor


def graph_split_segments(
    texts: tf.Tensor, *, at_symbols: bool = True
) -> GraphSegments:
    """`split_segments` as TensorFlow operations.

    Args:
        texts: String tensor of shape `(batch,)`.
        at_symbols: As in `split_segments`.

    Returns:
        A `GraphSegments`.
    """
    import tensorflow as tf

    flat = texts
    batch_size = tf.size(texts)
    rows = tf.range(batch_size)
    symbols = tf.zeros_like(rows)
    # No two symbols can overlap, so cutting at one after the other finds the
    # same segments as one search for all.
    for index, symbol in enumerate(
        SPECIAL_SYMBOLS if at_symbols else (), start=1
    ):
        parts = tf.strings.split(flat, sep=symbol)
        parents = tf.cast(parts.value_rowids(), tf.int32)
        firsts = tf.cast(tf.gather(parts.row_starts(), parents), tf.int32)
        is_first = tf.equal(tf.range(tf.size(parents)), firsts)
        symbols = tf.where(is_first, tf.gather(symbols, parents), index)
        rows = tf.gather(rows, parents)
        flat = parts.values
    # `\C` is any byte, valid UTF-8 or not.
    begins_word = tf.strings.regex_full_match(flat, rf"{whitespace_class()}\C*")
    mask_index = 1 + SPECIAL_SYMBOLS.index(MASK_SYMBOL)
    return GraphSegments(
        tf.RaggedTensor.from_value_rowids(
            flat,
            tf.cast(rows, tf.int64),
            nrows=tf.cast(batch_size, tf.int64),
            validate=False,
        ),
        symbols,
        tf.equal(symbols, mask_index) & ~begins_word,
    )
