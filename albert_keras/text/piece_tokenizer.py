"""What the tokenizers of all vocabularies have in common."""

from __future__ import annotations

from collections.abc import Iterable

from albert_keras.text.inputs import as_text
from albert_keras.text.segments import (
    SPECIAL_SYMBOLS,
    Segment,
    split_segments,
)


class PieceTokenizer:
    """A vocabulary, and texts cut at its special symbols.

    A subclass says what becomes of a segment, the text between two symbols:
    `_segment_pieces` and `_segment_offsets`.

    Args:
        vocabulary: The pieces, in the order of their ids.
        pad_piece: The one that fills up.
        unk_id: The id of what is in no piece.
        special_symbols: Whether special symbols in a text become their ids.

    Attributes:
        lowercase: Whether text is lower-cased.
        keep_accents: Whether accents are kept.
        vocabulary_file: What the vocabulary's file is called by convention.
        suffix_mark: What a piece that continues a word begins with; "" where
            the vocabulary marks the beginnings of words instead.
    """

    lowercase: bool
    keep_accents: bool
    vocabulary_file: str
    suffix_mark = ""

    def __init__(
        self,
        vocabulary: list[str],
        *,
        pad_piece: str,
        unk_id: int,
        special_symbols: bool,
    ):
        self.vocabulary = vocabulary
        self.vocabulary_size = len(vocabulary)
        self.special_symbols = special_symbols
        self._ids = {piece: i for i, piece in enumerate(vocabulary)}
        self.pad_id = self._ids[pad_piece]
        self.unk_id = unk_id
        self.cls_id, self.sep_id, self.mask_id = (
            self._ids[symbol] for symbol in SPECIAL_SYMBOLS
        )

    @property
    def normalization(self) -> dict[str, bool]:
        """How text is normalized: `lowercase`, `keep_accents` and others."""
        raise NotImplementedError

    @property
    def vocabulary_bytes(self) -> bytes:
        """The content of the vocabulary's file."""
        raise NotImplementedError

    def encode(self, text: str | bytes) -> list[int]:
        """Return the token ids of a text."""
        raise NotImplementedError

    def encode_batch(
        self, texts: Iterable[str | bytes], *, num_threads: int = 1
    ) -> list[list[int]]:
        """Return the token ids of each text."""
        raise NotImplementedError

    def pieces(self, text: str | bytes) -> list[str]:
        """The pieces that `encode` gives the ids of.

        Args:
            text: The raw text.

        Returns:
            The pieces. What is not in the vocabulary is shown as it stands in
            the text; its id is `unk_id`.
        """
        pieces: list[str] = []
        for segment in self._segments(text):
            if segment.symbol is not None:
                pieces.append(segment.symbol)
            pieces += self._segment_pieces(segment)
        return pieces

    def offsets(self, text: str | bytes) -> list[tuple[int, int]]:
        """Where in the raw text each token of `encode(text)` stands.

        A span leaves out the space before a word: `text[start:end]` is what
        the token shows. A token without characters of its own (a lone `▁`)
        has an empty span. Tokens that share a character (`½` gives `1`, `⁄`
        and `2`) share its span; an accent belongs to the letter it sits on.

        Args:
            text: The raw text.

        Returns:
            Half-open spans `(start, end)`, in characters of `text`.
        """
        offsets: list[tuple[int, int]] = []
        for segment in self._segments(text):
            if segment.symbol is not None:
                begin = segment.start - len(segment.symbol)
                offsets.append((begin, segment.start))
            offsets += self._segment_offsets(segment)
        return offsets

    def id_to_piece(self, i: int) -> str:
        """The piece with the id `i`.

        Raises:
            ValueError: If the id is outside the vocabulary.
        """
        if not 0 <= i < self.vocabulary_size:
            raise ValueError(
                "A token id must be in the vocabulary. Received: "
                f"{i}, expected 0 to {self.vocabulary_size - 1}."
            )
        return self.vocabulary[i]

    def piece_to_id(self, piece: str) -> int:
        """The id of a piece, `unk_id` if it is not in the vocabulary."""
        return self._ids.get(piece, self.unk_id)

    def _segments(self, text: str | bytes) -> list[Segment]:
        return split_segments(as_text(text), at_symbols=self.special_symbols)

    def _segment_pieces(self, segment: Segment) -> list[str]:
        raise NotImplementedError

    def _segment_offsets(self, segment: Segment) -> list[tuple[int, int]]:
        raise NotImplementedError


def refuse_single_text(texts: Iterable[str | bytes]) -> None:
    """Refuses a text where a list of texts is wanted.

    Raises:
        TypeError: If `texts` is one text, whose characters would be taken for
            texts.
    """
    if isinstance(texts, str | bytes):
        raise TypeError(
            "`texts` must be a list of texts. Received: "
            f"{texts!r:.100}, which is one."
        )
