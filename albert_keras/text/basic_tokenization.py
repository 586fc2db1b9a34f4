"""BERT's basic tokenization, in Python and in the TensorFlow graph.

The rule is `BasicTokenizer` of google-research/albert (`tokenization.py`), by
which the Chinese models cut text into words before WordPiece cuts the words:
control characters (Cc, Cf) and U+FFFD go, Chinese characters become words of
their own, the rest is lower-cased, loses its accents (NFD, category Mn) and is
cut at white space and around punctuation.

`graph_split_words` is held equal to `split_words` on every assigned character.
What is known to differ comes from the Unicode versions of the two sides, as in
`albert_keras.text.normalization`: letters younger than ICU's Unicode 13 are
neither lower-cased nor decomposed there.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING

from albert_keras.text.normalization import (
    AlignedText,
    character_class,
    whitespace_class,
)

if TYPE_CHECKING:
    import tensorflow as tf

# `_is_chinese_char` of the original. Kana, Hangul and `〇` are not in it.
_CHINESE_BLOCKS = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)
CHINESE_CHARACTERS = "".join(
    f"{chr(first)}-{chr(last)}" for first, last in _CHINESE_BLOCKS
)
"""What stands in the brackets of a character class, for `re` and RE2."""

# Their lower case depends on the process' locale in ICU, as TensorFlow calls
# it: Turkish, Azeri and Lithuanian have rules of their own.
_CAPITALS_OF_LOCALES = "ÌÍĨĮİ"


def split_words(
    text: str, *, lowercase: bool = True, keep_accents: bool = False
) -> list[str]:
    """Cuts text into the words that WordPiece is given.

    A lone surrogate, which no encoding can carry on, is left out as U+FFFD is.

    Args:
        text: The raw text.
        lowercase: Whether to lower-case. `False` for a cased vocabulary.
        keep_accents: Whether nonspacing marks (category Mn) stay. Characters
            are not decomposed then. The original has one option for both,
            `do_lower_case`: without it, it keeps the accents.

    Returns:
        The words, none of them empty.

    Example:

    ```python
    split_words("ALBERT 是個Élan!")  # ["albert", "是", "個", "elan", "!"]
    ```
    """
    return _normalize(text.translate(_CLEANED), lowercase, keep_accents).split()


def split_words_with_spans(
    text: str, *, lowercase: bool = True, keep_accents: bool = False
) -> list[AlignedText]:
    """Like `split_words`, keeping the way back to the raw text.

    Args:
        text: The raw text.
        lowercase: As in `split_words`.
        keep_accents: As in `split_words`.

    Returns:
        The words, each with the span in `text` of each of its characters.
    """
    spans: list[tuple[int, int]] = []
    takes_accents = False
    for position, char in enumerate(text):
        cleaned = char.translate(_CLEANED)
        if not cleaned:
            continue
        # The spaces around a Chinese character keep an accent away from it.
        ends_word = cleaned[-1].isspace()
        parts = _normalize(cleaned, lowercase, keep_accents).split()
        if parts:
            spans += [(position, position + 1)] * len("".join(parts))
        elif takes_accents and not ends_word:
            spans[-1] = (spans[-1][0], position + 1)
        takes_accents = not ends_word and (takes_accents or bool(parts))
    # One by one, the characters are as many as in context: there only marks
    # can change places, and a sigma its form.
    words = []
    start = 0
    for word in split_words(
        text, lowercase=lowercase, keep_accents=keep_accents
    ):
        words.append(AlignedText(word, spans[start : start + len(word)]))
        start += len(word)
    return words


def _normalize(cleaned: str, lowercase: bool, keep_accents: bool) -> str:
    if lowercase:
        cleaned = cleaned.lower()
    if keep_accents:
        return cleaned.translate(_DIVIDED)
    return unicodedata.normalize("NFD", cleaned).translate(_STRIPPED)


def graph_split_words(
    texts: tf.Tensor, *, lowercase: bool = True, keep_accents: bool = False
) -> tf.RaggedTensor:
    """`split_words` as TensorFlow operations.

    The operations are those which TF Serving links: `UnicodeTranscode`,
    `RegexReplace`, `StringLower`, `StringSplitV2` and TF Text's
    `NormalizeUTF8`.

    Args:
        texts: String tensor of shape `(batch,)`, UTF-8. Bytes that are not
            are left out.
        lowercase: As in `split_words`.
        keep_accents: As in `split_words`.

    Returns:
        String `RaggedTensor` of shape `(batch, None)`.
    """
    import tensorflow as tf
    import tensorflow_text as tf_text

    replace = tf.strings.regex_replace
    texts = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8")
    texts = replace(texts, dropped_class(), "")
    texts = replace(texts, f"[{CHINESE_CHARACTERS}]", r" \0 ")
    if lowercase:
        for capital in _CAPITALS_OF_LOCALES:
            texts = replace(texts, capital, capital.lower())
        # ASCII goes first, by rules that are the same everywhere.
        texts = tf.strings.lower(texts)
        texts = tf.strings.lower(texts, encoding="utf-8")
    if not keep_accents:
        texts = tf_text.normalize_utf8(texts, "NFD")
        texts = replace(texts, accent_class(), "")
    texts = replace(texts, punctuation_class(), r" \0 ")
    return tf.strings.split(replace(texts, whitespace_class(), " "))


def is_punctuation(char: str) -> bool:
    """Whether a word is cut around a character.

    Args:
        char: The character.

    Returns:
        Whether it is an ASCII character that is no letter, digit, space or
        control, or one of Unicode's punctuation (category P).
    """
    if char.isascii():
        return char.isprintable() and not char.isalnum() and char != " "
    return unicodedata.category(char).startswith("P")


def _is_dropped(char: str) -> bool:
    if char in "\t\n\r":
        return False
    # Cs, the surrogates, is not in the original.
    return char == "\ufffd" or unicodedata.category(char) in ("Cc", "Cf", "Cs")


def _is_accent(char: str) -> bool:
    return unicodedata.category(char) == "Mn"


def _is_chinese(char: str) -> bool:
    return any(first <= ord(char) <= last for first, last in _CHINESE_BLOCKS)


@functools.cache
def dropped_class() -> str:
    """Return the RE2 class of the characters that are left out."""
    # RE2 knows no surrogates, and no valid UTF-8 holds one.
    return character_class(
        lambda char: _is_dropped(char) and not "\ud800" <= char <= "\udfff"
    )


@functools.cache
def accent_class() -> str:
    """Return the RE2 class of the accents that are removed."""
    return character_class(_is_accent)


@functools.cache
def punctuation_class() -> str:
    """Return the RE2 class of the characters that are words of their own."""
    return character_class(is_punctuation)


class _Table(dict[int, str]):
    """What `str.translate` puts for a character, found when it is first met."""

    def __init__(
        self, drop: Callable[[str], bool], set_apart: Callable[[str], bool]
    ):
        super().__init__()
        self._drop = drop
        self._set_apart = set_apart

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if self._drop(char):
            found = ""
        elif self._set_apart(char):
            found = f" {char} "
        else:
            found = char
        self[code] = found
        return found


_CLEANED = _Table(drop=_is_dropped, set_apart=_is_chinese)
_STRIPPED = _Table(drop=_is_accent, set_apart=is_punctuation)
_DIVIDED = _Table(drop=lambda char: False, set_apart=is_punctuation)
