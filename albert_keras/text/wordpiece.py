"""The tokenizer of the Chinese ALBERT models without TensorFlow.

`albert_keras.text.graph_wordpiece` does the same inside the graph.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterable, Sequence
from typing import Any

from tokenizers.models import WordPiece

from albert_keras.artefact_names import WORD_PIECE_FILE
from albert_keras.text.basic_tokenization import (
    CHINESE_CHARACTERS,
    is_punctuation,
    split_words,
    split_words_with_spans,
)
from albert_keras.text.piece_tokenizer import (
    PieceTokenizer,
    refuse_single_text,
)
from albert_keras.text.segments import Segment
from albert_keras.text.wordpiece_vocabulary import (
    PAD_PIECE,
    SUFFIX_MARK,
    UNK_PIECE,
    load_pieces,
)

LONGEST_WORD = 200
"""Characters of the longest word that is not unknown, from the original."""

# Words that are kept with their ids: few words make up most of a text.
_CACHED_WORDS = 2**16

# Chinese is written without spaces. Only of what is a word of its own wherever
# it stands can they be left out, or decoded text would not be encoded alike.
_WIDE_PUNCTUATION = "".join(
    char
    for block in (range(0x3000, 0x3040), range(0xFF00, 0xFFF0))
    for char in map(chr, block)
    if is_punctuation(char)
)
SPACED_CHINESE = f" ?([{CHINESE_CHARACTERS}{_WIDE_PUNCTUATION}]) ?"
"""Regular expression, for `re` and RE2, of such a word and its spaces."""


class WordPieceTokenizer(PieceTokenizer):
    """Turns text into the token ids of a `vocab.txt` and back.

    It has the interface of `SentencePieceTokenizer` and gives the ids of
    google-research/albert's `FullTokenizer` without a SentencePiece model,
    which the Chinese models were trained with: text is cut at the special
    symbols and into words (see `split_words`), and words into the longest
    pieces from left to right, by the library `tokenizers`. A word that is not
    made of pieces, or longer than 200 characters, is one unknown token.

    The library's own rule for words, `BertNormalizer` with `BertPreTokenizer`,
    is not used. It departs from the original in the sigma that ends a word, in
    characters for private use, which it drops, and in 760 of 144,762 others,
    mostly marks and ideographs younger than its tables; though in none of
    319,000 lines of WikiText-2 and CoNLL-2003.

    Args:
        vocabulary: Path of a `vocab.txt`, or its pieces in the order of their
            ids. It has to hold `[PAD]`, `[UNK]`, `[CLS]`, `[SEP]` and
            `[MASK]`.
        lowercase: Whether text is lower-cased. `False` for a cased vocabulary.
        keep_accents: Whether accents are kept. `True` for a cased vocabulary.
        special_symbols: Whether `[MASK]`, `[CLS]` and `[SEP]` in a text become
            their ids, as they do not in the original. `False` for text of
            people who are not trusted, in which they are letters and brackets
            like any others.

    Raises:
        FileNotFoundError: If there is no file at the path.
        ValueError: If the file is empty or not UTF-8, a piece occurs twice or
            holds white space, or one of the special pieces is missing.
        TypeError: If `vocabulary` is neither a path nor a list of strings.

    Example:

    ```python
    tokenizer = WordPieceTokenizer("vocab.txt")
    tokenizer.pieces("ALBERT有[MASK]層。")
    # ["albert", "有", "[MASK]", "層", "。"]
    ```
    """

    vocabulary_file = WORD_PIECE_FILE
    suffix_mark = SUFFIX_MARK

    def __init__(
        self,
        vocabulary: str | os.PathLike[str] | Sequence[str],
        *,
        lowercase: bool = True,
        keep_accents: bool = False,
        special_symbols: bool = True,
    ):
        pieces = load_pieces(vocabulary)
        super().__init__(
            pieces,
            pad_piece=PAD_PIECE,
            unk_id=pieces.index(UNK_PIECE),
            special_symbols=special_symbols,
        )
        self.lowercase = lowercase
        self.keep_accents = keep_accents
        self._model = WordPiece(
            self._ids,
            unk_token=UNK_PIECE,
            continuing_subword_prefix=SUFFIX_MARK,
            max_input_chars_per_word=LONGEST_WORD,
        )
        self._word_ids = functools.lru_cache(_CACHED_WORDS)(self._find_ids)

    def __reduce__(self) -> tuple[Any, ...]:
        # What a worker gets, instead of the cache.
        restore = functools.partial(
            type(self),
            lowercase=self.lowercase,
            keep_accents=self.keep_accents,
            special_symbols=self.special_symbols,
        )
        return restore, (self.vocabulary,)

    @property
    def vocabulary_bytes(self) -> bytes:
        """The content of a `vocab.txt` with these pieces."""
        return "".join(f"{piece}\n" for piece in self.vocabulary).encode()

    @property
    def normalization(self) -> dict[str, bool]:
        """The options of `split_words`."""
        return {"lowercase": self.lowercase, "keep_accents": self.keep_accents}

    def encode(self, text: str | bytes) -> list[int]:
        """Token ids of the text alone, without `[CLS]` and `[SEP]` around it.

        Args:
            text: The raw text.

        Returns:
            The token ids.
        """
        ids: list[int] = []
        for segment in self._segments(text):
            if segment.symbol is not None:
                ids.append(self._ids[segment.symbol])
            for word in split_words(segment.text, **self.normalization):
                ids += self._word_ids(word)
        return ids

    def encode_batch(
        self, texts: Iterable[str | bytes], *, num_threads: int = 1
    ) -> list[list[int]]:
        """Token ids of each text.

        Args:
            texts: The raw texts.
            num_threads: Is there for the interface. One thread does all: most
                of the work is Python's, which runs one at a time.

        Returns:
            A list of token ids for each text.

        Raises:
            TypeError: If `texts` is a single text, or one of them is neither
                a string nor bytes.
        """
        refuse_single_text(texts)
        return [self.encode(text) for text in texts]

    def decode(self, ids: Sequence[int]) -> str:
        """The text that token ids stand for.

        There is a space between words, but not beside Chinese characters and
        the punctuation that goes with them. Special symbols and `[UNK]` are
        shown, padding is left out. Decoding what `encode` gave and encoding it
        again gives the same ids as long as no token is unknown.

        Args:
            ids: Token ids.

        Returns:
            The text.

        Raises:
            ValueError: If an id is outside the vocabulary.
        """
        text = " ".join(self.id_to_piece(i) for i in ids if i != self.pad_id)
        text = text.replace(f" {SUFFIX_MARK}", "")
        return re.sub(SPACED_CHINESE, r"\1", text)

    def _segment_pieces(self, segment: Segment) -> list[str]:
        pieces: list[str] = []
        for word in split_words(segment.text, **self.normalization):
            pieces += self._word_pieces(word)
        return pieces

    def _segment_offsets(self, segment: Segment) -> list[tuple[int, int]]:
        offsets: list[tuple[int, int]] = []
        for word, spans in split_words_with_spans(
            segment.text, **self.normalization
        ):
            cursor = 0
            for piece in self._word_pieces(word):
                length = len(piece)
                if cursor:
                    length -= len(SUFFIX_MARK)
                first, last = spans[cursor], spans[cursor + length - 1]
                offsets.append(
                    (segment.start + first[0], segment.start + last[1])
                )
                cursor += length
        return offsets

    def _find_ids(self, word: str) -> tuple[int, ...]:
        return tuple(token.id for token in self._model.tokenize(word))

    def _word_pieces(self, word: str) -> list[str]:
        ids = self._word_ids(word)
        if ids == (self.unk_id,):
            return [word]
        return [self.vocabulary[i] for i in ids]
