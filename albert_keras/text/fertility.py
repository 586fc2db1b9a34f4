"""Into how many pieces a vocabulary cuts text, and what it does not know."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from albert_keras.text.sentencepiece import SentencePieceTokenizer

_COMMONEST = 20


@dataclass
class Fertility:
    """What was counted when a vocabulary encoded text.

    Attributes:
        sentences: Number of texts.
        words: What stands between spaces. In scripts without them, see
            `pieces_per_character`.
        characters: As the pieces hold them and `character_coverage` counts
            them: normalised, with accents composed where they are kept, and a
            `▁` before each word.
        pieces: All pieces, unknown ones included.
        unknown_pieces: Those that became `<unk>`, each a stretch of one or
            more characters.
        unknown: The characters in them, with their counts.
    """

    sentences: int = 0
    words: int = 0
    characters: int = 0
    pieces: int = 0
    unknown_pieces: int = 0
    unknown: Counter[str] = field(default_factory=Counter)

    @property
    def pieces_per_word(self) -> float:
        """Fertility: 1 if each word is a piece."""
        return self.pieces / self.words

    @property
    def pieces_per_character(self) -> float:
        """The same for scripts without spaces."""
        return self.pieces / self.characters

    @property
    def unknown_piece_share(self) -> float:
        """Share of the pieces that are `<unk>`, in [0, 1]."""
        return self.unknown_pieces / self.pieces

    @property
    def unknown_character_share(self) -> float:
        """Share of the characters that are part of an `<unk>`, in [0, 1].

        On the text a vocabulary was trained on it is at most 1 less
        `character_coverage`.
        """
        return self.unknown.total() / self.characters

    def description(self) -> dict[str, Any]:
        """Counts and shares, for a JSON file."""
        return {
            "sentences": self.sentences,
            "words": self.words,
            "characters": self.characters,
            "pieces": self.pieces,
            "pieces_per_word": self.pieces_per_word,
            "pieces_per_character": self.pieces_per_character,
            "unknown_pieces": self.unknown_pieces,
            "unknown_piece_share": self.unknown_piece_share,
            "unknown_characters": self.unknown.total(),
            "unknown_character_share": self.unknown_character_share,
            "commonest_unknown": dict(self.unknown.most_common(_COMMONEST)),
        }


def measure_fertility(
    tokenizer: SentencePieceTokenizer, texts: Iterable[str]
) -> Fertility:
    """Encodes texts, one at a time, and counts.

    Args:
        tokenizer: The vocabulary to measure, with its normalisation.
        texts: Raw texts, best such that it was not trained on. Those without
            text are passed over.

    Returns:
        The counts.

    Raises:
        ValueError: If there is no text.

    Example:

    ```python
    tokenizer = SentencePieceTokenizer("spiece.model")
    fertility = measure_fertility(tokenizer, ["Tokenization matters"])
    fertility.pieces_per_word  # 2.0: ▁to ken ization ▁matters
    ```
    """
    counts = Fertility()
    for text in texts:
        pieces = tokenizer.pieces(text)
        if not pieces:
            continue
        counts.sentences += 1
        counts.words += len(text.split())
        counts.pieces += len(pieces)
        for piece in pieces:
            counts.characters += len(piece)
            if tokenizer.piece_to_id(piece) == tokenizer.unk_id:
                counts.unknown_pieces += 1
                counts.unknown.update(piece)
    if not counts.sentences:
        raise ValueError(
            "The held-out text must hold words to measure a vocabulary on. "
            "Received: none."
        )
    return counts
