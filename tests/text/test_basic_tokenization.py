import unicodedata

import pytest
import tensorflow as tf
from hypothesis import example, given
from hypothesis import strategies as st
from raw_texts import fuzz, raw_texts

from albert_keras.text.basic_tokenization import (
    graph_split_words,
    split_words,
    split_words_with_spans,
)

OPTIONS = [
    {"lowercase": lowercase, "keep_accents": keep_accents}
    for lowercase in (True, False)
    for keep_accents in (True, False)
]


def in_graph(texts, **options):
    rows = graph_split_words(tf.constant(texts, tf.string), **options)
    return [[word.decode() for word in row] for row in rows.to_list()]


def test_every_character_by_its_category():
    """What `a` + character + `b` is cut into follows from its category."""
    codes = [*range(0x10000), *range(0x10000, 0x110000, 13)]
    for code in codes:
        char = chr(code)
        category = unicodedata.category(char)
        if char in "\t\n\r" or category in ("Zs", "Zl", "Zp"):
            expected = ["a", "b"]
        elif char == "\ufffd" or category in ("Cc", "Cf", "Cs"):
            expected = ["ab"]
        elif category == "Cn" or "IDEOGRAPH-" in unicodedata.name(char, ""):
            continue  # which of them are Chinese characters, the goldens know
        elif category[0] == "P" or char in "$+<=>^`|~":
            expected = ["a", char, "b"]
        else:
            expected = [f"a{char}b"]
        found = split_words(f"a{char}b", lowercase=False, keep_accents=True)
        assert found == expected, f"U+{code:04X}"


def test_chinese_characters_are_words():
    assert split_words("a\u4e00\u9fff\u3400b") == [*"a\u4e00\u9fff\u3400b"]
    # The library `tokenizers` takes this one for a letter.
    assert split_words("a\U0002b820b") == [*"a\U0002b820b"]
    # Of Japanese and Korean only what is written with Chinese characters.
    assert split_words("いろは仮名〇〇") == ["いろは", "仮", "名", "〇〇"]
    # Set apart before they are decomposed.
    assert split_words("\uf900\uf901") == ["\u8c48", "\u66f4"]


def test_case_and_accents():
    text = "Élan ΑΣ İ Ａ"
    assert split_words(text) == ["elan", "ας", "i", "ａ"]
    assert split_words(text, lowercase=False) == ["Elan", "ΑΣ", "I", "Ａ"]
    kept = split_words(text, keep_accents=True)
    assert kept == ["élan", "ας", "i\u0307", "ａ"]
    # Cut at punctuation that only decomposition makes.
    assert split_words("a\u037eb≠c") == ["a", ";", "b", "=", "c"]


@fuzz
@given(raw_texts())
@example("e\u0301E\u0301 !\u0301 一\u0301 a\u200b\u0301b \u0301c İ 각")
def test_spans_lead_back(text):
    """A word is what its slice of the text gives on its own."""
    for options in OPTIONS:
        aligned = split_words_with_spans(text, **options)
        assert [word for word, _ in aligned] == split_words(text, **options)
        for word, spans in aligned:
            assert len(spans) == len(word)
            part = text[spans[0][0] : spans[-1][1]]
            (found,) = split_words(part, **options)
            # Which small sigma it is depends on what follows.
            assert found.replace("ς", "σ") == word.replace("ς", "σ")


def test_spans_of_accents_and_expansions():
    text = "e\u0301 \u0301a 一\u0301!\u0301\u200b\u0301b각"
    spans = dict(split_words_with_spans(text))
    assert spans.pop("e") == [(0, 2)]
    # Nothing stands before this accent, nor in a word before the next.
    assert spans.pop("a") == [(4, 5)]
    assert spans.pop("一") == [(6, 7)]
    assert spans.pop("!") == [(8, 12)]
    assert spans == {"b\u1100\u1161\u11a8": [(12, 13), *[(13, 14)] * 3]}


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_graph_equals_python_on_every_character(options):
    chars = [
        char
        for char in map(chr, range(0x110000))
        if unicodedata.category(char) not in ("Cn", "Cs", "Co")
    ]
    texts = [f"a{char}B" for char in chars]
    different = [
        (char, words)
        for char, text, words in zip(
            chars, texts, in_graph(texts, **options), strict=True
        )
        if words != split_words(text, **options)
    ]
    assert len(chars) > 140_000
    # Letters that are younger than TensorFlow's ICU: it leaves them alone.
    assert len(different) <= 100
    for char, (word,) in different:
        assert char in word
        assert split_words(char, **options) != [char]


@fuzz
@given(st.lists(raw_texts(), max_size=8))
@example(["ÌÍĨĮİ ìíĩįı J\u0301"])
def test_graph_equals_python(texts):
    for options in OPTIONS:
        expected = [split_words(text, **options) for text in texts]
        assert in_graph(texts, **options) == expected


@fuzz
@given(st.binary(max_size=12))
def test_graph_leaves_out_what_is_no_utf8(data):
    expected = split_words("A" + data.decode("utf-8", "replace") + "B")
    assert in_graph([b"A" + data + b"B"]) == [expected]
