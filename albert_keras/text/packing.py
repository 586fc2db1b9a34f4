"""Texts and pairs of texts as the arrays that a model takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from albert_keras.text.inputs import as_text

TRUNCATIONS = ("longest_first", "only_first", "only_second")
PADDINGS = ("longest", "max_length")


class TextTokenizer(Protocol):
    """What packing needs of a tokenizer."""

    cls_id: int
    sep_id: int
    pad_id: int

    def encode_batch(
        self, texts: Iterable[str | bytes], *, num_threads: int = 1
    ) -> list[list[int]]:
        """Token ids of each text alone."""
        ...

    def offsets(self, text: str | bytes) -> list[tuple[int, int]]:
        """A span of the text for each of its tokens."""
        ...


def pack(
    tokenizer: TextTokenizer,
    first: str | bytes | Sequence[str | bytes],
    second: str | bytes | Sequence[str | bytes] | None = None,
    *,
    max_length: int | None = None,
    truncation: str | None = "longest_first",
    padding: str = "longest",
    pad_to_multiple_of: int = 1,
    return_offsets: bool = False,
    num_threads: int = 1,
) -> dict[str, np.ndarray]:
    """Packs `[CLS] first [SEP]` or `[CLS] first [SEP] second [SEP]`.

    Args:
        tokenizer: Makes the ids and the offsets.
        first: A text, or a batch of them.
        second: The second text of the pair, or as many as there are first
            ones. `None` for single texts.
        max_length: Most tokens of a row, `[CLS]` and `[SEP]` included.
        truncation: Which text loses tokens at its end where there are too
            many: `"longest_first"` takes one after the other from the text
            that is the longer at the time, from the second when they are
            equally long, as the original (`_truncate_seq_pair` in
            `classifier_utils.py`); `"only_first"` and `"only_second"` leave
            the other text whole. `None` for an error.
        padding: Up to where rows are padded: `"longest"` for the longest row
            of the batch, `"max_length"`.
        pad_to_multiple_of: Rows are padded on to a multiple of this, but not
            beyond `max_length`.
        return_offsets: Whether to tell where in its text a token stands.
        num_threads: How many threads may encode a batch.

    Returns:
        A dict of int32 arrays of shape `(batch, length)`, or `(length,)` for
        a single text: `"token_ids"`; `"segment_ids"`, 0 for the first text
        with `[CLS]` and its `[SEP]`, 1 for the second with its own, 0 for
        padding; `"padding_mask"`, 1 for tokens. And `"offsets"` of shape
        `(..., length, 2)`, if asked for: the half-open span of each token in
        characters of the raw text which it comes from, `(0, 0)` for what is
        in neither text.

    Raises:
        TypeError: If a text is neither a string nor bytes.
        ValueError: If an option is unknown, the numbers of texts differ, or a
            row cannot be cut to `max_length`.

    Example:

    ```python
    tokenizer = SentencePieceTokenizer("spiece.model")
    pack(tokenizer, "This is a test", "a [MASK].")["token_ids"]
    # [2, 48, 25, 21, 1289, 3, 21, 4, 9, 3]
    ```
    """
    _check_options(max_length, truncation, padding, pad_to_multiple_of)
    is_single = isinstance(first, str | bytes)
    texts = _as_batches(first, second)
    ids = [tokenizer.encode_batch(t, num_threads=num_threads) for t in texts]
    rows = []
    for row_ids, row_texts in zip(
        zip(*ids, strict=True), zip(*texts, strict=True), strict=True
    ):
        kept = _kept_lengths([len(i) for i in row_ids], max_length, truncation)
        spans = [
            tokenizer.offsets(t) if return_offsets else [] for t in row_texts
        ]
        rows.append(
            [
                _Part(part_ids[:length], part_spans[:length])
                for part_ids, part_spans, length in zip(
                    row_ids, spans, kept, strict=True
                )
            ]
        )
    longest = max(map(_row_length, rows), default=0)
    length = _padded_length(longest, max_length, padding, pad_to_multiple_of)
    packed = _as_arrays(rows, length, tokenizer, return_offsets)
    if is_single:
        return {name: array[0] for name, array in packed.items()}
    return packed


def truncated_lengths(
    first: int, second: int, room: int, truncation: str
) -> tuple[int, int]:
    """How many tokens of two texts stay.

    Args:
        first: Tokens of the first text.
        second: Tokens of the second text.
        room: Tokens that may stay, of both together.
        truncation: One of `TRUNCATIONS`.

    Returns:
        The tokens that stay of each.

    Raises:
        ValueError: If the text that is left whole is longer than the room.
    """
    if first + second <= room:
        return first, second
    if truncation == "only_first":
        first = room - second
    elif truncation == "only_second":
        second = room - first
    else:
        first = min(first, max(room - second, -(-room // 2)))
        second = room - first
    if min(first, second) < 0:
        raise ValueError(
            f"`max_length` must leave room for the text that {truncation!r} "
            f"does not cut. Received: room for {room} tokens."
        )
    return first, second


class _Part(NamedTuple):
    """What stays of one text of a row."""

    token_ids: list[int]
    offsets: list[tuple[int, int]]


def _row_length(row: list[_Part]) -> int:
    return 1 + sum(len(part.token_ids) + 1 for part in row)


def _kept_lengths(
    lengths: list[int], max_length: int | None, truncation: str | None
) -> list[int]:
    """How many tokens stay of each text of a row."""
    around = 1 + len(lengths)
    if max_length is None or sum(lengths) + around <= max_length:
        return lengths
    if truncation is None:
        raise ValueError(
            "A row must not have more tokens than `max_length`, unless "
            f"`truncation` is given. Received: {sum(lengths) + around} tokens, "
            f"max_length={max_length}."
        )
    first, second = [*lengths, 0][:2]
    kept = truncated_lengths(first, second, max_length - around, truncation)
    return list(kept[: len(lengths)])


def _padded_length(
    longest: int, max_length: int | None, padding: str, multiple: int
) -> int:
    if padding == "max_length":
        assert max_length is not None  # was checked
        return max_length
    length = -(-longest // multiple) * multiple
    return length if max_length is None else min(length, max_length)


def _as_arrays(
    rows: list[list[_Part]],
    length: int,
    tokenizer: TextTokenizer,
    with_offsets: bool,
) -> dict[str, np.ndarray]:
    shape = (len(rows), length)
    packed = {
        "token_ids": np.full(shape, tokenizer.pad_id, "int32"),
        "segment_ids": np.zeros(shape, "int32"),
        "padding_mask": np.zeros(shape, "int32"),
    }
    if with_offsets:
        packed["offsets"] = np.zeros((*shape, 2), "int32")
    for number, row in enumerate(rows):
        packed["token_ids"][number, 0] = tokenizer.cls_id
        start = 1
        for segment, part in enumerate(row):
            end = start + len(part.token_ids)
            packed["token_ids"][number, start:end] = part.token_ids
            packed["token_ids"][number, end] = tokenizer.sep_id
            packed["segment_ids"][number, start : end + 1] = segment
            if with_offsets and part.offsets:
                packed["offsets"][number, start:end] = part.offsets
            start = end + 1
        packed["padding_mask"][number, :start] = 1
    return packed


def _check_options(
    max_length: int | None,
    truncation: str | None,
    padding: str,
    pad_to_multiple_of: int,
) -> None:
    if max_length is not None and max_length < 3:
        raise ValueError(
            "`max_length` must be 3 at least, for [CLS], [SEP] and [SEP]. "
            f"Received: max_length={max_length}."
        )
    if truncation is not None and truncation not in TRUNCATIONS:
        raise ValueError(
            f"`truncation` must be one of {', '.join(TRUNCATIONS)} or None. "
            f"Received: truncation={truncation!r}."
        )
    if padding not in PADDINGS:
        raise ValueError(
            f"`padding` must be one of {', '.join(PADDINGS)}. "
            f"Received: padding={padding!r}."
        )
    if padding == "max_length" and max_length is None:
        raise ValueError(
            "`max_length` must be given to pad up to it. Received: "
            "max_length=None, padding='max_length'."
        )
    if pad_to_multiple_of < 1:
        raise ValueError(
            "`pad_to_multiple_of` must be 1 at least. Received: "
            f"pad_to_multiple_of={pad_to_multiple_of}."
        )


def _as_batches(
    first: str | bytes | Sequence[str | bytes],
    second: str | bytes | Sequence[str | bytes] | None,
) -> list[list[str | bytes]]:
    """The first texts and, for pairs, the second ones."""
    if second is None:
        return [_as_batch(first)]
    batches = [_as_batch(first), _as_batch(second)]
    is_single = [isinstance(texts, str | bytes) for texts in (first, second)]
    if len(batches[0]) != len(batches[1]) or is_single[0] != is_single[1]:
        received = [
            "a single text" if single else f"{len(batch)} texts"
            for batch, single in zip(batches, is_single, strict=True)
        ]
        raise ValueError(
            "`second` must hold one text for each of `first`. Received: "
            f"{received[0]} in `first`, {received[1]} in `second`."
        )
    return batches


def _as_batch(texts: str | bytes | Sequence[str | bytes]) -> list[str | bytes]:
    if isinstance(texts, Sequence) and not isinstance(texts, str | bytes):
        return list(texts)
    return [as_text(texts)]
