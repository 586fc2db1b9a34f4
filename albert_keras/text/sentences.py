"""A corpus as the sentences that a vocabulary is trained on."""

import hashlib
import os
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

from albert_keras.text.corpus import read_text_lines, text_files
from albert_keras.text.normalization import normalize

# SentencePiece drops sentences of more than 4192 bytes, its default; a
# character has 4 at most.
LONGEST_SENTENCE = 4192 // 4
# What is read at once of a file that is a single line, as text8 is.
LONGEST_LINE = 2**20


class Sentences:
    """Reads a corpus once, normalised, and counts what it consists of.

    Args:
        texts_or_files: The corpus, one `str` a text and one path object a
            file or folder. Each line is a sentence.
        lowercase: As in `normalize`.
        keep_accents: As in `normalize`.

    Attributes:
        texts: Number of texts read so far; likewise the other counts.
        files: Of files.
        sentences: Of lines in which there is text.
        words: Of what stands between spaces.
        characters: Spaces included, after normalisation.
    """

    def __init__(
        self,
        texts_or_files: Iterable[str | os.PathLike[str]],
        *,
        lowercase: bool,
        keep_accents: bool,
    ):
        self._texts_or_files = texts_or_files
        self._lowercase = lowercase
        self._keep_accents = keep_accents
        self._paths: list[str] = []
        self._hash = hashlib.sha256()
        self.texts = 0
        self.files = 0
        self.sentences = 0
        self.words = 0
        self.characters = 0

    def __iter__(self) -> Iterator[bytes]:
        """Yields them in UTF-8, none longer than SentencePiece takes."""
        for line in self._lines():
            text = normalize(
                line,
                lowercase=self._lowercase,
                keep_accents=self._keep_accents,
            ).strip()
            if text:
                self.sentences += 1
                self.words += text.count(" ") + 1
                self.characters += len(text)
                for part in cut(text):
                    sentence = part.encode()
                    self._hash.update(sentence + b"\n")
                    yield sentence

    def description(self) -> dict[str, Any]:
        """What was read, for a JSON file.

        Returns:
            The counts, the paths as they were given, and the SHA-256 of the
            sentences, each with a line feed behind it: the same for the same
            text, however it is spread over files.
        """
        return {
            "paths": self._paths,
            "texts": self.texts,
            "files": self.files,
            "sentences": self.sentences,
            "words": self.words,
            "characters": self.characters,
            "sha256": self._hash.hexdigest(),
        }

    def _lines(self) -> Iterator[str]:
        for item in self._texts_or_files:
            if isinstance(item, str):
                self.texts += 1
                yield from item.splitlines()
            else:
                self._paths.append(os.fspath(item))
                for path in text_files([item]):
                    self.files += 1
                    yield from read_text_lines(path, longest=LONGEST_LINE)


def cut(text: str, longest: int = LONGEST_SENTENCE) -> Iterator[str]:
    """Cuts normalised text into parts, at spaces if there are any.

    Without a space near, it is cut before a character that stands by itself:
    a combining one, as が has after NFKD, stays with the one before it.

    Args:
        text: The text.
        longest: The most characters of a part.

    Yields:
        The parts, which together are the text.
    """
    start = 0
    while len(text) - start > longest:
        end = text.rfind(" ", start + 1, start + longest)
        if end == -1:
            places = range(start + longest, start, -1)
            end = next(
                (p for p in places if not unicodedata.combining(text[p])),
                places[0],
            )
        yield text[start:end]
        start = end
    yield text[start:]
