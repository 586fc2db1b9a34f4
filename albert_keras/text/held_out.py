"""Sentences that are kept from training, to measure a vocabulary on."""

import hashlib
import heapq
from collections.abc import Iterable, Iterator
from itertools import repeat

# About as many as show a share of unknown characters of 1 in 100,000.
MOST_SENTENCES = 10_000
# Fewer say nothing, and are worth more in training.
FEWEST_SENTENCES = 10


class HeldOut:
    """Holds sentences out of a stream by their hashes.

    A sentence is held out if its SHA-256, whose first 8 bytes are read as a
    big-endian fraction of 2**64, is below `share`; of more than
    `MOST_SENTENCES`, those with the lowest. So all copies of a sentence are
    on one side, and neither the order of the corpus nor the seed nor the size
    of the vocabulary has an influence: vocabularies of the same corpus are
    measured on the same sentences. Where there would be fewer than
    `FEWEST_SENTENCES`, none is held out.

    Args:
        share: Share of the different sentences to hold out.

    Raises:
        ValueError: If `share` is not between 0 and 0.5.
    """

    def __init__(self, share: float):
        if not 0 <= share <= 0.5:
            raise ValueError(
                "`held_out_share` must be between 0 and 0.5. Received: "
                f"held_out_share={share!r}."
            )
        # Hashes from here on are not held out.
        self._limit = int(share * 2**64)
        # The highest hash first, of which a heap in Python knows nothing.
        self._heap: list[tuple[int, bytes]] = []
        self._copies: dict[bytes, int] = {}

    def rest_of(self, sentences: Iterable[bytes]) -> Iterator[bytes]:
        """Takes out the held-out sentences.

        Args:
            sentences: All sentences.

        Yields:
            Those to train on. Some that were held out at first come later.
        """
        for sentence in sentences:
            fraction = _hash(sentence)
            if fraction >= self._limit:
                yield sentence
            elif sentence in self._copies:
                self._copies[sentence] += 1
            else:
                self._copies[sentence] = 1
                heapq.heappush(self._heap, (-fraction, sentence))
                if len(self._heap) > MOST_SENTENCES:
                    negative, highest = heapq.heappop(self._heap)
                    self._limit = -negative
                    yield from repeat(highest, self._copies.pop(highest))
        if len(self._heap) < FEWEST_SENTENCES:
            for sentence, copies in self._copies.items():
                yield from repeat(sentence, copies)
            self._heap, self._copies = [], {}

    def __len__(self) -> int:
        """How many sentences are held out so far."""
        return len(self._heap)

    def __iter__(self) -> Iterator[str]:
        """The held-out sentences, once each, when all have been read."""
        for _, sentence in sorted(self._heap):
            yield sentence.decode()


def _hash(sentence: bytes) -> int:
    return int.from_bytes(hashlib.sha256(sentence).digest()[:8], "big")
