"""Many texts as ids, each different one once."""

import os
from collections.abc import Iterable
from typing import Any

# Texts of one call: some megabytes, so that memory stays flat.
_AT_ONCE = 4096


def encode_each(tokenizer: Any, texts: Iterable[str]) -> dict[str, list[int]]:
    """Encodes texts of which many may be the same, on all cores.

    Args:
        tokenizer: a `SentencePieceTokenizer` or `WordPieceTokenizer`.
        texts: the texts.

    Returns:
        The ids by text.
    """
    different = list(dict.fromkeys(texts))
    threads = os.cpu_count() or 1
    found: dict[str, list[int]] = {}
    for begin in range(0, len(different), _AT_ONCE):
        part = different[begin : begin + _AT_ONCE]
        ids = tokenizer.encode_batch(part, num_threads=threads)
        found.update(zip(part, ids, strict=True))
    return found
