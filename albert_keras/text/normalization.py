"""ALBERT's text normalisation, in Python and in the TensorFlow graph.

The rule is `preprocess_text` of google-research/albert (`tokenization.py`):
collapse whitespace, decompose (NFKD), drop the combining characters unless
`keep_accents`, lower-case unless the vocabulary is cased. Quotes stay as they
are, unless `replace_quotes` asks for what the XLNet tokenizer and those derived
from it, Hugging Face's among them, do first: `` and '' become ".

`graph_normalize` is held equal to `normalize` on every character that both
sides know. They know different ones: TensorFlow 2.21 lower-cases by ICU 69
(Unicode 13), so 40 capitals of Vithkuqi, Latin and Glagolitic that Python 3.11
knows stay as they are; TensorFlow Text decomposes by a newer ICU, so 118
letters that Python 3.11 (Unicode 14) does not know come apart in the graph
alone. The noncharacter U+FDD0 becomes NUL there.
"""

from __future__ import annotations

import functools
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable
from itertools import filterfalse
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import tensorflow as tf

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_NON_ASCII = re.compile(r"[^\x00-\x7f]+")
_WORD = re.compile(r"\S+")
_DOUBLE_QUOTE = re.compile("``|''")
# What `normalize_with_spans` takes for one: a character, or such a quote.
_UNIT = re.compile(r"\S")
_UNIT_OR_QUOTE = re.compile(rf"{_DOUBLE_QUOTE.pattern}|\S")

# ICU's lower-casing, as TensorFlow calls it, ends a string at its first NUL.
# This noncharacter (never assigned, no case) stands in for it meanwhile.
_NUL_STAND_IN = "\ufdd0"


def normalize(
    text: str,
    *,
    lowercase: bool = True,
    keep_accents: bool = False,
    replace_quotes: bool = False,
) -> str:
    r"""Normalises text as ALBERT does before SentencePiece sees it.

    A lone surrogate, which no encoding can carry on, becomes U+FFFD.

    Args:
        text: The raw text. Line breaks count as whitespace.
        lowercase: Whether to lower-case. `False` for a cased vocabulary.
        keep_accents: Whether combining characters stay. They stay
            decomposed: composing them again is SentencePiece's own work.
        replace_quotes: Whether `` and '' become ", as in Hugging Face's
            tokenizer and not in the original.

    Returns:
        The normalised text. It can begin with a space where a character
        decomposes into one (`´`), as in the original.

    Example:

    ```python
    normalize("Ünïcode  is\n½ the fun")  # "unicode is 1⁄2 the fun"
    ```
    """
    text = " ".join(text.split())
    if replace_quotes and ("``" in text or "''" in text):
        text = _DOUBLE_QUOTE.sub('"', text)
    if not text.isascii():
        text = replace_lone_surrogates(text)
        # ASCII neither decomposes nor combines, so it may be left out.
        decompose = _decomposed if keep_accents else _decomposed_without_accents
        text = _NON_ASCII.sub(decompose, text)
    return text.lower() if lowercase else text


def _decomposed(run: re.Match[str]) -> str:
    return unicodedata.normalize("NFKD", run[0])


def _decomposed_without_accents(run: re.Match[str]) -> str:
    return "".join(filterfalse(unicodedata.combining, _decomposed(run)))


def replace_lone_surrogates(text: str) -> str:
    """The text with U+FFFD for each surrogate, which no encoding can carry.

    Args:
        text: A string.

    Returns:
        A string of the same length.
    """
    return _LONE_SURROGATE.sub("\ufffd", text)


class AlignedText(NamedTuple):
    """Normalised text and where each of its characters comes from.

    Attributes:
        text: What `normalize` returns.
        spans: For each character of `text`, the half-open span of the raw
            text that it stands for. Characters that decomposed from one share
            its span; a dropped accent belongs to the character it sat on.
    """

    text: str
    spans: list[tuple[int, int]]


def normalize_with_spans(
    text: str,
    *,
    lowercase: bool = True,
    keep_accents: bool = False,
    replace_quotes: bool = False,
) -> AlignedText:
    """Like `normalize`, keeping the way back to the raw text.

    Args:
        text: The raw text.
        lowercase: As in `normalize`.
        keep_accents: As in `normalize`.
        replace_quotes: As in `normalize`.

    Returns:
        An `AlignedText`.
    """
    units = _UNIT_OR_QUOTE if replace_quotes else _UNIT
    chars: list[str] = []
    spans: list[tuple[int, int]] = []
    word_end = None
    for word in _WORD.finditer(text):
        if word_end is not None:
            chars.append(" ")
            spans.append((word_end, word.start()))
        word_end = word.end()
        for unit in units.finditer(text, word.start(), word_end):
            is_quote = len(unit[0]) > 1
            char = '"' if is_quote else replace_lone_surrogates(unit[0])
            for part in unicodedata.normalize("NFKD", char):
                if not keep_accents and unicodedata.combining(part):
                    if chars and chars[-1] != " ":
                        spans[-1] = (spans[-1][0], unit.end())
                else:
                    chars.append(part)
                    spans.append(unit.span())
    _reorder(chars, spans)
    aligned = "".join(chars)
    # Lower-casing keeps the length: the one capital with a longer lower case,
    # U+0130, has been decomposed by now.
    return AlignedText(aligned.lower() if lowercase else aligned, spans)


def _reorder(chars: list[str], spans: list[tuple[int, int]]) -> None:
    """Puts characters that were decomposed one by one in the order of NFKD.

    Runs of combining characters are sorted by combining class and are
    otherwise left in place (Unicode Standard, section 3.11, D109). Where that
    moves any, all of the run share its span, so that spans never go back.
    """
    classes = list(map(unicodedata.combining, chars))
    start = 0
    while start < len(chars):
        end = start + 1
        if classes[start]:
            while end < len(chars) and classes[end]:
                end += 1
            order = sorted(range(start, end), key=classes.__getitem__)
            if order != [*range(start, end)]:
                chars[start:end] = [chars[i] for i in order]
                span = (spans[start][0], spans[end - 1][1])
                spans[start:end] = [span] * (end - start)
        start = end


def graph_normalize(
    texts: tf.Tensor,
    *,
    lowercase: bool = True,
    keep_accents: bool = False,
    replace_quotes: bool = False,
) -> tf.Tensor:
    """`normalize` as TensorFlow operations.

    The operations are those which TF Serving links: `UnicodeTranscode`,
    `RegexReplace`, `StringStrip`, `StringLower` and TF Text's `NormalizeUTF8`.

    Args:
        texts: String tensor of any shape, UTF-8. Bytes that are not become
            U+FFFD.
        lowercase: As in `normalize`.
        keep_accents: As in `normalize`.
        replace_quotes: As in `normalize`.

    Returns:
        String tensor of the same shape, UTF-8.
    """
    import tensorflow as tf
    import tensorflow_text as tf_text

    texts = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8")
    texts = tf.strings.regex_replace(texts, whitespace_class() + "+", " ")
    texts = tf.strings.strip(texts)
    if replace_quotes:
        texts = tf.strings.regex_replace(texts, _DOUBLE_QUOTE.pattern, '"')
    texts = tf_text.normalize_utf8(texts, "NFKD")
    if not keep_accents:
        texts = tf.strings.regex_replace(texts, combining_class(), "")
    if lowercase:
        texts = tf.strings.regex_replace(texts, r"\x00", _NUL_STAND_IN)
        # ICU lower-cases by the rules of the process' locale, which for
        # Turkish turn "I" into "ı": ASCII goes first, by fixed rules.
        texts = tf.strings.lower(texts)
        texts = tf.strings.lower(texts, encoding="utf-8")
        texts = tf.strings.regex_replace(texts, _NUL_STAND_IN, b"\x00")
    return texts


@functools.cache
def whitespace_class() -> str:
    """RE2 character class of what `str.split` takes for whitespace."""
    return character_class(str.isspace)


@functools.cache
def combining_class() -> str:
    """Return the RE2 class of the characters that `keep_accents` keeps."""
    # Not `\p{Mn}`: most of its marks have combining class zero and stay, and
    # a few characters outside it have another class and go.
    return character_class(unicodedata.combining)


def character_class(belongs: Callable[[str], object]) -> str:
    """RE2 character class of all characters for which a function is true.

    Unlike a class by name, which RE2 fills from a Unicode version of its own,
    it is what Python takes it for.

    Args:
        belongs: The function, of one character.

    Returns:
        The class, in brackets.
    """
    return class_of(filter(belongs, map(chr, range(sys.maxunicode + 1))))


def class_of(characters: Iterable[str]) -> str:
    """RE2 character class of some characters.

    Args:
        characters: In the order of their codes.

    Returns:
        The class, in brackets.
    """
    ranges: list[list[int]] = []
    for code in map(ord, characters):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return (
        "["
        + "".join(rf"\x{{{low:x}}}-\x{{{high:x}}}" for low, high in ranges)
        + "]"
    )
