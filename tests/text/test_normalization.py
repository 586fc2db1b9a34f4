import unicodedata

import pytest
import tensorflow as tf
from definition import preprocess_text
from hypothesis import given
from hypothesis import strategies as st
from raw_texts import fuzz, raw_texts

from albert_keras.text.normalization import (
    graph_normalize,
    normalize,
    normalize_with_spans,
)

OPTIONS = [
    {"lowercase": lowercase, "keep_accents": keep_accents}
    for lowercase in (True, False)
    for keep_accents in (True, False)
]
OPTIONS.append({**OPTIONS[1], "replace_quotes": True})


def in_graph(texts, **options):
    normalized = graph_normalize(tf.constant(texts, tf.string), **options)
    return [text.decode() for text in normalized.numpy()]


@pytest.mark.parametrize(
    ("raw", "normalized"),
    [
        ("  Hello\tWorld \n again\x1c\u2028\u3000 ", "hello world again"),
        ("ﬁ ½ ① … ２", "fi 1⁄2 1 ... 2"),
        ("“quoted” ``so'' 'and' so", "“quoted” ``so'' 'and' so"),
        ("Café CAFE\u0301 Ångström", "cafe cafe angstrom"),
        ("İstanbul Straße ẞ", "istanbul straße ß"),
        ("がギ", "かキ"),
        ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
        ("\u200b\xada\x00B", "\u200b\xada\x00b"),
        ("´x", " x"),
        ("", ""),
    ],
)
def test_uncased_without_accents(raw, normalized):
    assert normalize(raw) == normalized
    assert in_graph([raw]) == [normalized]


def test_options():
    assert normalize("Café", lowercase=False) == "Cafe"
    assert normalize("Café", keep_accents=True) == "cafe\u0301"
    quoted = "``so'' ```x` '` '''"
    replaced = '"so" "`x` \'` "\''
    assert normalize(quoted, replace_quotes=True) == replaced
    assert in_graph([quoted], replace_quotes=True) == [replaced]
    aligned = normalize_with_spans("a ``é''", replace_quotes=True)
    assert aligned.text == 'a "e"'
    assert aligned.spans == [(0, 1), (1, 2), (2, 4), (4, 5), (5, 7)]


def test_lone_surrogates_become_encodable():
    assert normalize("a\ud83d B\udc00") == "a\ufffd b\ufffd"


@fuzz
@given(raw_texts())
def test_equals_the_definition(text):
    for options in OPTIONS:
        assert normalize(text, **options) == preprocess_text(text, **options)


@fuzz
@given(raw_texts())
def test_spans_lead_back(text):
    for options in OPTIONS:
        aligned = normalize_with_spans(text, **options)
        assert aligned.text == normalize(text, **options)
        assert len(aligned.spans) == len(aligned.text)
        for char, (start, end) in zip(aligned.text, aligned.spans, strict=True):
            source = text[start:end]
            if char == " " and source.isspace():
                continue
            # Which small sigma it is depends on what follows.
            assert char in normalize(source, **options).replace("σ", "σς")


def test_spans_of_accents_and_expansions():
    aligned = normalize_with_spans(" Cafe\u0301  ½")
    assert aligned.text == "cafe 1⁄2"
    assert aligned.spans == [
        *[(1, 2), (2, 3), (3, 4), (4, 6)],
        *[(6, 8), (8, 9), (8, 9), (8, 9)],
    ]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_graph_equals_python_on_every_character(options):
    chars = [
        char
        for char in map(chr, range(0x110000))
        if unicodedata.category(char) not in ("Cn", "Cs", "Co")
    ]
    texts = [f"a{char}B" for char in chars]
    different = [
        (char, graph)
        for char, text, graph in zip(
            chars, texts, in_graph(texts, **options), strict=True
        )
        if graph != normalize(text, **options)
    ]
    assert len(chars) > 140_000
    # Letters that are younger than TensorFlow's ICU: it leaves them alone.
    assert len(different) <= 100
    for char, graph in different:
        assert char in graph
        assert normalize(char) != char


@fuzz
@given(st.lists(raw_texts(), max_size=8))
def test_graph_equals_python(texts):
    for options in OPTIONS:
        expected = [normalize(text, **options) for text in texts]
        if options["lowercase"]:
            # It stands in for NUL, and is one afterwards.
            expected = [text.replace("\ufdd0", "\x00") for text in expected]
        assert in_graph(texts, **options) == expected


@fuzz
@given(st.binary(max_size=12))
def test_graph_replaces_what_is_no_utf8(data):
    expected = normalize("A " + data.decode("utf-8", "replace") + " B")
    assert in_graph([b"A " + data + b" B"]) == [expected]


def test_graph_normalizes_around_what_is_no_utf8():
    raw = [b"\xff \xc3\x89 \xef\xac\x81"]
    assert in_graph(raw) == ["\ufffd e fi"]
    assert in_graph(raw, lowercase=False) == ["\ufffd E fi"]


def test_graph_keeps_the_shape():
    texts = tf.constant([["A b", "C"], ["É", " "]])
    expected = [[b"a b", b"c"], [b"e", b""]]
    assert graph_normalize(texts).numpy().tolist() == expected
    assert graph_normalize(tf.constant("A")).numpy() == b"a"
