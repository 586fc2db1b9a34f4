"""Damaged vocabularies and strange texts in Java: one sentence, or an answer.

`VocabularyProcess` ends at any exception but the documented one, which the
tests notice.
"""

import random
import struct
import subprocess

import pytest
from java_tokenizer import JavaError, JavaTokenizer
from unicode_texts import generated_texts

from albert_keras.text.sentencepiece import SentencePieceTokenizer

pytestmark = pytest.mark.jvm

TEXTS = ["Hello (world). 2010, [MASK]x Élan ﬁ ½", "a" * 300, "\u4e00\u0301 ﷺ"]


def open_each(classes, models: list[bytes]) -> list:
    """For each model the ids of `TEXTS`, or the sentence."""
    found = subprocess.run(
        [
            *("java", "-cp", classes),
            *("albertkeras.jvm.text.VocabularyProcess", *TEXTS),
        ],
        input=b"".join(struct.pack(">i", len(m)) + m for m in models),
        capture_output=True,
    )
    assert found.returncode == 0, found.stderr.decode()
    answers, at = [], 0
    while at < len(found.stdout):
        (count,) = struct.unpack_from(">i", found.stdout, at)
        at += 4
        if count < 0:
            (size,) = struct.unpack_from(">i", found.stdout, at)
            at += 4
            answers.append(found.stdout[at : at + size].decode())
            at += size
        else:
            answers.append(
                list(struct.unpack_from(f">{count}i", found.stdout, at))
            )
            at += 4 * count
    assert len(answers) == len(models)
    return answers


def changed(model: bytes, generator: random.Random) -> bytes:
    """A model with some bits flipped, bytes lost, or put in twice."""
    content = bytearray(model)
    at = generator.randrange(len(content))
    size = generator.choice([1, 4, 100])
    kind = generator.randrange(4)
    if kind == 0:
        for _ in range(generator.choice([1, 8, 64])):
            place = generator.randrange(len(content))
            content[place] ^= 1 << generator.randrange(8)
    elif kind == 1:
        content[at : at + size] = generator.randbytes(size)
    elif kind == 2:
        del content[at : at + size]
    else:
        content[at:at] = content[-size:]
    return bytes(content)


def without_character_map(model: bytes) -> bytes:
    """Of what is left, most are the pieces."""
    from sentencepiece import sentencepiece_model_pb2

    proto = sentencepiece_model_pb2.ModelProto.FromString(model)
    proto.normalizer_spec.precompiled_charsmap = b""
    return proto.SerializeToString()


def test_a_truncated_vocabulary(classes, vocabulary):
    model = without_character_map(vocabulary.read_bytes())
    whole, *cut = open_each(
        classes, [model, *(model[:end] for end in range(0, len(model), 7))]
    )
    tokenizer = SentencePieceTokenizer(model)
    assert whole == [i for text in TEXTS for i in tokenizer.encode(text)]
    # Behind what is read, of the trainer's settings, some may be missing.
    assert all(isinstance(each, str) for each in cut[:-40])
    for sentence in cut:
        if isinstance(sentence, str):
            assert ". Received: " in sentence
            assert sentence.endswith(".")


@pytest.mark.parametrize(("strip", "count"), [(False, 150), (True, 1000)])
def test_a_changed_vocabulary(classes, vocabulary, strip, count):
    model = vocabulary.read_bytes()
    model = without_character_map(model) if strip else model
    generator = random.Random(count)
    models = [changed(model, generator) for _ in range(count)]
    answers = open_each(classes, models)
    sentences = [each for each in answers if isinstance(each, str)]
    assert len(sentences) > 50
    assert all(
        ". Received: " in each and each.endswith(".") for each in sentences
    )


def a_field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2, len(content)]) + content


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (b"", "one of 0 bytes"),
        (b"not a model", "a file that"),
        (b"\x0a\xff\xff\xff\xff\x0f", "breaks off"),
        (b"\x0b" * 5000, "has groups in groups"),
        (b"\x80" * 20, "number that does not end"),
        (a_field(3, b""), "without pieces of text"),
        (a_field(1, a_field(1, b"\xff")), "no UTF-8"),
    ],
)
def test_what_is_no_vocabulary(classes, model, sentence):
    [answer] = open_each(classes, [model])
    assert sentence in answer


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"type": "BYTE"}, "fall back to bytes"),
        ({"type": "UNKNOWN"}, "two pieces for what is unknown"),
        ({"score": float("nan")}, "no finite score"),
        ({"piece": "a\0b"}, "is empty or has a NUL"),
        ({"piece": "("}, "holds the piece ( twice"),
    ],
)
def test_pieces_that_are_refused(classes, vocabulary, change, sentence):
    from sentencepiece import sentencepiece_model_pb2

    proto = sentencepiece_model_pb2.ModelProto.FromString(
        vocabulary.read_bytes()
    )
    for name, value in change.items():
        if name == "type":
            value = proto.SentencePiece.Type.Value(value)
        setattr(proto.pieces[-1], name, value)
    [answer] = open_each(classes, [proto.SerializeToString()])
    assert sentence in answer


def test_symbols_that_are_missing(classes, vocabulary):
    model = vocabulary.read_bytes().replace(b"[MASK]", b"[MUSK]")
    [answer] = open_each(classes, [model])
    assert answer.endswith("Received: a model without [MASK].")


def test_models_of_another_kind(classes, vocabulary):
    from sentencepiece import sentencepiece_model_pb2

    proto = sentencepiece_model_pb2.ModelProto.FromString(
        vocabulary.read_bytes()
    )
    proto.trainer_spec.model_type = proto.trainer_spec.BPE
    [answer] = open_each(classes, [proto.SerializeToString()])
    assert "no unigram model" in answer


def test_strange_texts(classes, vocabulary):
    texts = [
        "\0" * 1000,
        "\ud800" * 1000 + "\udc00\ud800",
        "a" * 1_000_000,
        "\U0001d518" * 50_000,
        "\ufdfa" * 30_000,  # each becomes 18 characters
        "\u0301" * 50_000,
        "[MASK]" * 20_000,
        " " * 100_000,
        "▁" * 100_000,
        *generated_texts(2000, seed=4),
    ]
    with JavaTokenizer(classes, vocabulary) as java:
        for text, found in zip(texts, java(texts), strict=True):
            assert not isinstance(found, JavaError), found
            assert all(
                0 <= start <= end <= len(text) for start, end in found.spans
            )
        [refused] = java(["x" * 1_000_001])
        assert str(refused) == (
            "A text must have at most 1000000 characters. Received: 1000001."
        )
        assert next(java(["x"])).ids  # it still answers
