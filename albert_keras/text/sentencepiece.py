"""ALBERT's SentencePiece tokenizer without TensorFlow.

`albert_keras.text.graph_tokenizer` does the same inside the graph.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from albert_keras.artefact_names import SENTENCE_PIECE_FILE
from albert_keras.text.normalization import normalize, normalize_with_spans
from albert_keras.text.piece_rules import (
    WORD_START,
    digit_comma_pieces,
    find_boundary,
)
from albert_keras.text.piece_tokenizer import (
    PieceTokenizer,
    refuse_single_text,
)
from albert_keras.text.segments import SPECIAL_SYMBOLS, Segment
from albert_keras.text.sentencepiece_model import PAD_PIECE, load_model
from albert_keras.text.word_cache import WordCache


class SentencePieceTokenizer(PieceTokenizer):
    """Turns text into ALBERT's token ids and back.

    Text is cut at the special symbols, normalised (see `normalize`) and
    encoded by SentencePiece. On top of that come two rules of ALBERT:

    - A special symbol in the text becomes its id and takes the space before
      it along. Text right behind a `[MASK]`, without a space, begins no new
      word.
    - A piece that ends in a digit and a comma is cut apart: `2010,` becomes
      what `2010` gives, and `,` (`encode_pieces` in `tokenization.py` of
      google-research/albert). Where the piece stood inside a word, the `▁`
      that the digits get on their own is removed, as that function means to
      and, comparing text to bytes, does not under Python 3.

    Args:
        proto: Path of a SentencePiece model, or its serialized bytes. It has
            to hold the pieces `<pad>`, `[CLS]`, `[SEP]` and `[MASK]`.
        lowercase: Whether text is lower-cased. `False` for a cased vocabulary.
        keep_accents: Whether combining characters are kept.
        replace_quotes: Whether `` and '' become ", as in Hugging Face's
            tokenizer and not in the original.
        special_symbols: Whether `[MASK]`, `[CLS]` and `[SEP]` in a text become
            their ids. `False` for text of people who are not trusted, in
            which they are letters and brackets like any others.
        remember_words: Whether to keep the ids of words that were met, the
            same ids as without. That is faster where words come again and
            again, and slower on text that is read once: see `WordCache`.

    Raises:
        FileNotFoundError: If there is no file at the path.
        ValueError: If the file is no SentencePiece model, or one without the
            special pieces or with pieces for single bytes.

    Example:

    ```python
    tokenizer = SentencePieceTokenizer("spiece.model")
    tokenizer.encode("This is a test")  # [48, 25, 21, 1289]
    tokenizer.pieces("a [MASK].")  # ["▁a", "[MASK]", "."]
    ```
    """

    vocabulary_file = SENTENCE_PIECE_FILE

    def __init__(
        self,
        proto: str | os.PathLike[str] | bytes,
        *,
        lowercase: bool = True,
        keep_accents: bool = False,
        replace_quotes: bool = False,
        special_symbols: bool = True,
        remember_words: bool = False,
    ):
        self.proto, self.processor, vocabulary = load_model(proto)
        super().__init__(
            vocabulary,
            pad_piece=PAD_PIECE,
            unk_id=self.processor.unk_id(),
            special_symbols=special_symbols,
        )
        self.lowercase = lowercase
        self.keep_accents = keep_accents
        self.replace_quotes = replace_quotes
        self.boundary = find_boundary(self.processor, self.vocabulary)
        self.boundary_length = len(self.processor.encode(self.boundary))
        self._split_pieces = digit_comma_pieces(self.processor, self.vocabulary)
        self.digit_comma_ids = {
            i: [self.piece_to_id(piece) for piece in pieces]
            for i, pieces in self._split_pieces.items()
        }
        self.remember_words = remember_words
        self._words = self._no_words()

    def _no_words(self) -> WordCache | None:
        if not self.remember_words:
            return None
        return WordCache(
            self.processor, self.vocabulary, self._split_digit_commas
        )

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_words": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._words = self._no_words()

    @property
    def vocabulary_bytes(self) -> bytes:
        """The content of the vocabulary's file, a SentencePiece model."""
        return self.proto

    @property
    def normalization(self) -> dict[str, bool]:
        """The options of `normalize`."""
        return {
            "lowercase": self.lowercase,
            "keep_accents": self.keep_accents,
            "replace_quotes": self.replace_quotes,
        }

    def encode(self, text: str | bytes) -> list[int]:
        """Token ids of the text alone, without `[CLS]` and `[SEP]` around it.

        Args:
            text: The raw text; bytes are taken for UTF-8, see `as_text`.

        Returns:
            The token ids.

        Raises:
            TypeError: If `text` is neither a string nor bytes.
        """
        segments = self._segments(text)
        prepared = [self._prepare(part) for part in segments]
        known = self._known(prepared)
        if known is not None:
            return known
        # One string at a time: for a list SentencePiece starts threads.
        return self._join(segments, list(map(self.processor.encode, prepared)))

    def encode_batch(
        self, texts: Iterable[str | bytes], *, num_threads: int = 1
    ) -> list[list[int]]:
        """Token ids of each text, faster than one `encode` after another.

        Args:
            texts: The raw texts.
            num_threads: How many threads SentencePiece may use.

        Returns:
            A list of token ids for each text.

        Raises:
            TypeError: If `texts` is a single text, or one of them is neither
                a string nor bytes.
        """
        refuse_single_text(texts)
        rows = [self._segments(text) for text in texts]
        prepared = [list(map(self._prepare, segments)) for segments in rows]
        known = list(map(self._known, prepared))
        encoded = iter(
            self.processor.encode(
                [
                    part
                    for ids, parts in zip(known, prepared, strict=True)
                    if ids is None
                    for part in parts
                ],
                num_threads=num_threads,
            )
        )
        return [
            self._join(segments, list(islice(encoded, len(segments))))
            if ids is None
            else ids
            for ids, segments in zip(known, rows, strict=True)
        ]

    def decode(self, ids: Sequence[int]) -> str:
        """The normalised text that token ids stand for.

        Special symbols are shown, with a space before them; padding is left
        out. Decoding what `encode` gave and encoding it again gives the same
        ids as long as no token is unknown.

        Args:
            ids: Token ids.

        Returns:
            The text.

        Raises:
            ValueError: If an id is outside the vocabulary.
        """
        text = ""
        run: list[int] = []

        def close_run() -> str:
            if not run:
                return text
            starts_word = self.vocabulary[run[0]].startswith(WORD_START)
            space = " " if text and starts_word else ""
            return text + space + self.processor.decode(run)

        for i in ids:
            piece = self.id_to_piece(i)
            if piece in SPECIAL_SYMBOLS:
                text = close_run()
                text += (" " if text else "") + piece
                run = []
            elif i != self.pad_id:
                run.append(int(i))
        return close_run()

    def _prepare(self, segment: Segment) -> str:
        """What SentencePiece is given for a segment.

        SentencePiece begins every text as a word. A segment that continues
        gets a character in front which no piece holds but at its end, so that
        any segmentation has a boundary behind it, and the best one is that of
        the character followed by that of the segment.
        """
        text = normalize(segment.text, **self.normalization)
        return self.boundary + text if segment.continues else text

    def _known(self, prepared: list[str]) -> list[int] | None:
        """The ids of a text that is one segment of known words."""
        if self._words is None or len(prepared) > 1:
            return None
        return self._words.encode(prepared[0])

    def _join(
        self, segments: list[Segment], encoded: list[list[int]]
    ) -> list[int]:
        if len(segments) == 1:  # and no symbol, as in nearly every text
            return self._split_digit_commas(encoded[0])
        ids: list[int] = []
        for segment, found in zip(segments, encoded, strict=True):
            if segment.symbol is not None:
                ids.append(self._ids[segment.symbol])
            if segment.continues:
                found = found[self.boundary_length :]
            ids += self._split_digit_commas(found)
        return ids

    def _split_digit_commas(self, ids: list[int]) -> list[int]:
        if self.digit_comma_ids.keys().isdisjoint(ids):
            return ids
        split: list[int] = []
        for i in ids:
            split += self.digit_comma_ids.get(i, (i,))
        return split

    def _segment_pieces(self, segment: Segment) -> list[str]:
        prepared = self._prepare(segment)
        found = zip(
            self.processor.encode(prepared, out_type=str),
            self.processor.encode(prepared),
            strict=True,
        )
        first = self.boundary_length if segment.continues else 0
        pieces: list[str] = []
        for piece, i in islice(found, first, None):
            pieces += self._split_pieces.get(i, [piece])
        return pieces

    def _segment_offsets(self, segment: Segment) -> list[tuple[int, int]]:
        aligned = normalize_with_spans(segment.text, **self.normalization)
        prefix = self.boundary if segment.continues else ""
        # SentencePiece normalises once more: `origins[j]` is where its
        # character `j` begins in the text it was given.
        normalized, origins = self.processor.normalize(
            prefix + aligned.text, with_offsets=True
        )
        cursor = normalized.index(prefix) + len(prefix)
        offsets = []
        for piece in self._segment_pieces(segment):
            stop = cursor + len(piece)
            while cursor < stop and normalized[cursor] == WORD_START:
                cursor += 1
            low = origins[cursor] - len(prefix)
            high = origins[stop] - len(prefix)
            offsets.append(
                _raw_span(aligned.spans, low, high, cursor == stop, segment)
            )
            cursor = stop
        return offsets


def _raw_span(
    spans: list[tuple[int, int]],
    low: int,
    high: int,
    is_empty: bool,
    segment: Segment,
) -> tuple[int, int]:
    if low >= len(spans):
        end = segment.start + len(segment.text)
        return end, end
    start = segment.start + spans[low][0]
    if is_empty:
        return start, start
    covered = spans[low : max(high, low + 1)]
    return (
        segment.start + min(first for first, _ in covered),
        segment.start + max(last for _, last in covered),
    )
