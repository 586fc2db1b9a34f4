"""The tokenizers on text of all kinds.

Both give the ids of the definition, the same ids, and offsets that lead back
into the text. `benchmarks/tokenizer` shows it on whole corpora and compares
with peers.
"""

import json
import unicodedata

import pytest
import tensorflow as tf
from definition import encode_pieces, preprocess_text
from generated_texts import LONG, generated_texts, long_texts
from hypothesis import example, given
from raw_texts import fuzz, raw_texts
from span_outcomes import EMPTY, EXACT, SHARED, span_outcomes

from albert_keras.text.graph_tokenizer import GraphTokenizer
from albert_keras.text.sentencepiece import SentencePieceTokenizer


@pytest.fixture(scope="module")
def with_options(tokenizer):
    """Every option other than by default."""
    return SentencePieceTokenizer(
        tokenizer.proto,
        lowercase=False,
        keep_accents=True,
        replace_quotes=True,
        special_symbols=False,
    )


@pytest.fixture(scope="module")
def released(shared_data):
    return SentencePieceTokenizer(shared_data("albert/spiece.model"))


@pytest.fixture(scope="module")
def real_texts(shared_data):
    """Every tenth text of some corpora."""
    squad = json.loads(shared_data("squad/dev-v2.0.json").read_text("utf-8"))
    texts = [
        paragraph["context"]
        for article in squad["data"]
        for paragraph in article["paragraphs"]
    ]
    for name in ("wikitext-2/wiki.valid.tokens", "glue/SST-2/dev.tsv"):
        texts += shared_data(name).read_text("utf-8").splitlines()
    return texts[::10]


def known_to_both(texts):
    """The texts without characters that one side's Unicode does not assign."""
    chars = sorted(set("".join(texts)))
    scripts = tf.strings.unicode_script([ord(char) for char in chars]).numpy()
    unknown = {
        ord(char): None
        for char, script in zip(chars, scripts, strict=True)
        # ICU gives 103 to what it does not know, and to private use.
        if unicodedata.category(char) == "Cn"
        or (script == 103 and unicodedata.category(char) != "Co")
    }
    return [text.translate(unknown) for text in texts]


def differing(tokenizer, texts):
    found = GraphTokenizer(tokenizer).tokenize(tf.constant(texts)).to_list()
    expected = tokenizer.encode_batch(texts)
    return [
        text
        for text, x, y in zip(texts, found, expected, strict=True)
        if x != y
    ]


def span_kinds(tokenizer, texts):
    return [
        outcome.kind
        for text in texts
        for outcome in span_outcomes(tokenizer, text)
    ]


def test_real_text_equals_the_definition(tokenizer, library_lines):
    processor = tokenizer.processor
    for line in library_lines:
        pieces = encode_pieces(processor, preprocess_text(line))
        assert tokenizer.pieces(line) == pieces


def test_corpora_equal_the_definition(released, real_texts):
    processor = released.processor
    for text, ids in zip(
        real_texts, released.encode_batch(real_texts), strict=True
    ):
        pieces = encode_pieces(processor, preprocess_text(text))
        assert [released.piece_to_id(piece) for piece in pieces] == ids


def test_graph_equals_python_on_generated_texts(tokenizer, with_options):
    texts = known_to_both([*generated_texts(3000, 1, tokenizer.vocabulary)])
    assert max(map(max, filter(None, texts))) > "\U00100000"
    assert not differing(tokenizer, texts)
    assert not differing(with_options, texts)


def test_graph_equals_python_on_long_texts(tokenizer):
    texts = known_to_both([*long_texts(2, 1, tokenizer.vocabulary)])
    assert min(len(text.encode()) for text in texts) > 0.8 * LONG
    assert not differing(tokenizer, texts)


def test_graph_equals_python_on_corpora(released, real_texts):
    assert not differing(released, real_texts)


@fuzz
@given(raw_texts())
@example("a[MASK]B ½ ﷺ6½ \u0301x… ''``'")
def test_slices_normalise_to_the_tokens_text(tokenizer, with_options, text):
    assert {*span_kinds(tokenizer, [text])} <= {EXACT, SHARED, EMPTY}
    assert {*span_kinds(with_options, [text])} <= {EXACT, SHARED, EMPTY}


def test_slices_of_generated_texts(tokenizer):
    texts = generated_texts(1000, 1, tokenizer.vocabulary)
    assert {*span_kinds(tokenizer, texts)} <= {EXACT, SHARED, EMPTY}


def test_slices_of_corpora(released, real_texts):
    kinds = span_kinds(released, real_texts)
    assert {*kinds} <= {EXACT, SHARED, EMPTY}
    # Hardly any token shares a character with another in English text.
    assert kinds.count(SHARED) <= len(kinds) / 1000
    assert kinds.count(EMPTY) <= len(kinds) / 5
