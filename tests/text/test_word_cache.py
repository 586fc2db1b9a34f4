"""Encoding word by word gives what encoding the whole text gives."""

import io

import pytest
import sentencepiece as spm
from hypothesis import given
from raw_texts import fuzz, raw_texts

from albert_keras.text import word_cache
from albert_keras.text.normalization import normalize
from albert_keras.text.sentencepiece import SentencePieceTokenizer
from albert_keras.text.word_cache import WordCache


def cache_of(tokenizer):
    return WordCache(tokenizer.processor, tokenizer.vocabulary, list)


@pytest.fixture(scope="module")
def cache(tokenizer):
    return cache_of(tokenizer)


@fuzz
@given(raw_texts())
def test_any_text(tokenizer, cache, raw):
    text = normalize(raw)
    ids = cache.encode(text)
    assert ids in (None, tokenizer.processor.encode(text))


def test_real_text(tokenizer, cache, library_lines):
    texts = list(map(normalize, library_lines))
    for _ in range(2):  # when words are met first, and when they are known
        found = list(map(cache.encode, texts))
        for text, ids in zip(texts, found, strict=True):
            assert ids in (None, tokenizer.processor.encode(text))
        assert found.count(None) < len(texts) / 20


def test_nearly_equal_segmentations_are_left_to_the_whole_text(shared_data):
    released = SentencePieceTokenizer(shared_data("albert/spiece.model"))
    cache = cache_of(released)
    # "them" + "ed" and "the" + "med" score the same but for rounding.
    assert cache.encode("a themed park") is None
    assert cache.encode("a theme park") == released.encode("a theme park")
    assert cache.encode("0" * 30) is None


def test_long_texts_and_words_are_left_to_sentencepiece(cache):
    assert cache.encode("the " * 1023 + "the") is not None
    assert cache.encode("the " * 1023 + "the x") is None
    assert cache.encode("x" * 51) is None


def test_what_is_kept_is_bounded(tokenizer, monkeypatch):
    monkeypatch.setattr(word_cache, "_MOST_WORDS", 4)
    cache = cache_of(tokenizer)
    assert cache.encode("the value of") is not None
    assert cache.encode("the value of it") is None
    assert cache.encode("of value") == tokenizer.encode("of value")


def test_not_with_pieces_across_words():
    model = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(["in the end of the day"] * 50),
        model_writer=model,
        vocab_size=80,
        user_defined_symbols=["n▁t"],
        hard_vocab_limit=False,
        minloglevel=3,
    )
    processor = spm.SentencePieceProcessor(model_proto=model.getvalue())
    pieces = [processor.id_to_piece(i) for i in range(len(processor))]
    assert any("▁" in piece[1:] for piece in pieces)
    assert WordCache(processor, pieces, list).encode("the end") is None


def test_a_tokenizer_uses_it(tokenizer, monkeypatch):
    text = "the value of it"
    fresh = SentencePieceTokenizer(tokenizer.proto, remember_words=True)
    expected = fresh.encode(text)
    monkeypatch.setattr(fresh, "processor", None)  # no more to be asked
    assert fresh.encode(text) == expected
