"""Vocabularies of languages other than English, on text kept from training."""

import hashlib
import json
import math
import unicodedata
from typing import NamedTuple

import pytest
from made_languages import made_lines

from albert_keras.text.normalization import normalize
from albert_keras.text.sentencepiece import SentencePieceTokenizer
from albert_keras.text.vocabulary import train_vocabulary

OPTIONS = {
    "german": {"lowercase": False, "keep_accents": True},
    "arabic": {"keep_accents": True},
    "japanese": {"keep_accents": True},
}
SHARE = 0.1


class Trained(NamedTuple):
    tokenizer: SentencePieceTokenizer
    made: dict
    held_out: list[str]
    training: list[str]


def is_held_out(line, language):
    """By the documented rule."""
    sentence = normalize(line, **OPTIONS[language])
    digest = hashlib.sha256(sentence.encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < SHARE


@pytest.fixture(scope="module", params=OPTIONS)
def language(request):
    return request.param


@pytest.fixture(scope="module")
def train(language, tmp_path_factory):
    lines = made_lines(language)

    def train(coverage):
        path = train_vocabulary(
            lines,
            tmp_path_factory.mktemp(language) / "vocabulary",
            vocab_size=1000,
            character_coverage=coverage,
            held_out_share=SHARE,
            show_progress=False,
            **OPTIONS[language],
        )
        description = path.with_name("vocabulary.json").read_text("utf-8")
        return Trained(
            SentencePieceTokenizer(path, **OPTIONS[language]),
            json.loads(description),
            [line for line in lines if is_held_out(line, language)],
            [line for line in lines if not is_held_out(line, language)],
        )

    return train


def composed(text):
    return unicodedata.normalize("NFKC", text)


def unknown_characters(tokenizer, lines):
    """Those of the text, as SentencePiece composes it, that are no piece."""
    known = set("".join(tokenizer.vocabulary[tokenizer.mask_id + 1 :]))
    text = "".join(map(composed, lines))
    return [char for char in text if char not in known and char != " "]


def test_all_characters_covered(train, language):
    tokenizer, made, held_out, training = train(1.0)
    assert 200 < len(held_out) < 400
    for line in held_out + training:
        ids = tokenizer.encode(line)
        assert tokenizer.unk_id not in ids
        sentence = normalize(line, **OPTIONS[language])
        normalized = tokenizer.processor.normalize(sentence)
        decoded = tokenizer.decode(ids)
        assert decoded == normalized.removeprefix("▁").replace("▁", " ")
        # Marks of several classes on one letter may change their order.
        assert composed(decoded) == composed(line)
    # What the defaults would have lost.
    kept = {"german": "äöüßBDK", "arabic": "أإآؤئ", "japanese": "がパ"}
    assert set(kept[language]) <= set("".join(tokenizer.vocabulary))

    fertility = made["held_out"]["fertility"]
    assert fertility["sentences"] == len(held_out)
    assert fertility["words"] == sum(len(line.split()) for line in held_out)
    pieces = sum(len(tokenizer.encode(line)) for line in held_out)
    assert fertility["pieces"] == pieces
    assert fertility["pieces_per_word"] == pieces / fertility["words"]
    assert fertility["unknown_pieces"] == 0
    assert fertility["unknown_characters"] == 0
    assert fertility["commonest_unknown"] == {}
    assert made["corpus"]["trained_sentences"] == len(training)


def test_rare_characters_left_out(train):
    tokenizer, made, held_out, training = train(0.9995)
    unknown = unknown_characters(tokenizer, training)
    characters = sum(len("".join(tokenizer.pieces(t))) for t in training)
    assert 0 < len(unknown) / characters <= 0.0005

    fertility = made["held_out"]["fertility"]
    unknown = unknown_characters(tokenizer, held_out)
    characters = sum(len("".join(tokenizer.pieces(t))) for t in held_out)
    # These lines are a sample, with its deviation.
    allowed = 0.0005 * characters
    assert 0 < len(unknown) <= allowed + 2 * math.sqrt(allowed)
    assert fertility["characters"] == characters
    assert fertility["unknown_characters"] == len(unknown)
    assert fertility["unknown_character_share"] == len(unknown) / characters
    unknown_pieces = sum(
        tokenizer.encode(line).count(tokenizer.unk_id) for line in held_out
    )
    assert fertility["unknown_pieces"] == unknown_pieces
    for char, count in fertility["commonest_unknown"].items():
        assert unknown.count(char) == count
