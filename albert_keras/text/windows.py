"""A long passage in windows that overlap, as SQuAD is read."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Window(NamedTuple):
    """A part of a passage.

    Attributes:
        start: number of its first token in the passage.
        length: its tokens.
    """

    start: int
    length: int


def windows_of(tokens: int, room: int, stride: int) -> list[Window]:
    """Cuts a passage into windows.

    Args:
        tokens: tokens of the passage.
        room: most tokens of a window.
        stride: tokens from the beginning of one window to the next.

    Returns:
        One window at least; the last ends with the passage.

    Raises:
        ValueError: if `room` or `stride` is less than 1.

    Source: google-research/albert, `squad_utils.py`,
    `convert_examples_to_features`.
    """
    if room < 1 or stride < 1:
        raise ValueError(
            "A window must have room for a token of the passage, and begin "
            f"behind the one before. Received: room={room}, stride={stride}."
        )
    found = []
    start = 0
    while True:
        length = min(tokens - start, room)
        found.append(Window(start, length))
        if start + length >= tokens:
            return found
        start += min(length, stride)


def max_context(windows: Sequence[Window]) -> list[np.ndarray]:
    """Tells in which window each token has most context.

    That is where the shorter of its two sides is longest; of two equal
    windows the longer, then the first (`_check_is_max_context`).

    Args:
        windows: of a passage.

    Returns:
        For each window bool `[length]`. Each token is True in one of them.
    """
    tokens = max(window.start + window.length for window in windows)
    highest, owner = np.full(tokens, -1.0), np.zeros(tokens, int)
    for index, (start, length) in enumerate(windows):
        left = np.arange(length)
        score = np.minimum(left, left[::-1]) + 0.01 * length
        held = slice(start, start + length)
        better = score > highest[held]
        highest[held][better] = score[better]
        owner[held][better] = index
    return [
        owner[start : start + length] == index
        for index, (start, length) in enumerate(windows)
    ]
