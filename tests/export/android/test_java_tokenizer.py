"""The tokenizer in Java beside Python's."""

import argparse
import inspect
import random
import subprocess
from itertools import permutations, product

import java_build
import pytest
from java_tokenizer import JavaError, JavaTokenizer
from unicode_texts import generated_texts

from albert_keras.text.sentencepiece import SentencePieceTokenizer

pytestmark = pytest.mark.jvm

OPTIONS = {
    (): {},
    ("cased",): {"lowercase": False},
    ("accents",): {"keep_accents": True},
    ("quotes",): {"replace_quotes": True},
    ("plain",): {"special_symbols": False},
    ("cased", "accents", "quotes", "plain"): {
        "lowercase": False,
        "keep_accents": True,
        "replace_quotes": True,
        "special_symbols": False,
    },
}


def assert_equal(tokenizer, java, texts):
    """Java's ids and offsets are Python's."""
    for text, found in zip(texts, java(texts), strict=True):
        assert not isinstance(found, JavaError), (text, found)
        assert found.ids == tokenizer.encode(text), text
        assert found.spans == tokenizer.offsets(text), text
        units = text.encode("utf-16-le", "surrogatepass")
        for (low, high), (start, end) in zip(
            found.units, found.spans, strict=True
        ):
            shown = units[2 * low : 2 * high].decode(
                "utf-16-le", "surrogatepass"
            )
            assert shown == text[start:end], text


@pytest.mark.parametrize("words", OPTIONS)
def test_ids_and_offsets_of_generated_texts(
    classes, vocabulary, is_known, words
):
    texts = list(filter(is_known, generated_texts(3000, seed=len(words))))
    assert len(texts) > 1500
    with JavaTokenizer(classes, vocabulary, *words) as java:
        assert_equal(
            SentencePieceTokenizer(vocabulary, **OPTIONS[words]), java, texts
        )


def test_ids_and_offsets_of_real_text(classes, vocabulary):
    texts = inspect.getsource(argparse).splitlines()
    with JavaTokenizer(classes, vocabulary) as java:
        tokenizer = SentencePieceTokenizer(vocabulary)
        assert java.vocabulary_size == tokenizer.vocabulary_size
        assert_equal(tokenizer, java, [*texts, "\n".join(texts)])


def test_the_released_vocabulary(classes, is_known, shared_data):
    proto = shared_data("albert/spiece.model")
    path = shared_data("wikitext-2/wiki.valid.tokens")
    texts = path.read_text(encoding="utf-8").splitlines()[:1000]
    texts += filter(is_known, generated_texts(5000, seed=9))
    tokenizer = SentencePieceTokenizer(proto)
    with JavaTokenizer(classes, proto) as java:
        assert_equal(tokenizer, java, texts)
        [tokens] = java(["This is a test"])
    assert tokens.ids == [48, 25, 21, 1289]


@pytest.mark.parametrize(
    "words",
    [
        ("abc", "bcd", "cde"),  # nothing that can be a boundary
        ("aaa", "aaaa", "aa"),  # ties
        ("▁", "a▁b", "x"),
        ("5,", "55,", "x5,", "٣,", "²,"),
    ],
)
def test_small_vocabularies(classes, tiny_vocabulary, is_known, words):
    path = tiny_vocabulary(*words)
    texts = [*filter(is_known, generated_texts(500, seed=1)), *words]
    texts += ["[MASK]abc", "[MASK]\u4e00abc", "aaaaaaa" * 9, "5, 55,x5,", ""]
    with JavaTokenizer(classes, path) as java:
        assert_equal(SentencePieceTokenizer(path), java, texts)


def test_marks_that_change_places(classes, tiny_vocabulary):
    """Each mark is a piece here, so that each has a span of its own."""
    marks = ["\u05b0", "\u05bc", "\u05bd", "\u0591", "\u0316", "\u0345"]
    path = tiny_vocabulary("אבa", *marks, *(f"א{mark}ב" for mark in marks))
    texts = [f"a{''.join(order)}ב" for order in permutations(marks, 3)] + [
        f"{''.join(order)} a" for order in permutations(marks, 2)
    ]
    with JavaTokenizer(classes, path, "accents") as java:
        assert_equal(
            SentencePieceTokenizer(path, keep_accents=True), java, texts
        )


@pytest.mark.parametrize("scores", ["equal", "rounded"])
def test_segmentations_that_score_the_same(
    classes, tiny_vocabulary, tmp_path, scores
):
    """Which of them is taken hangs on the last bit of each sum."""
    from sentencepiece import sentencepiece_model_pb2

    letters = "abcdefgh"
    proto = sentencepiece_model_pb2.ModelProto.FromString(
        tiny_vocabulary(letters, "xyz").read_bytes()
    )
    generator = random.Random(3)
    single = {
        letter: -1.0 if scores == "equal" else -generator.uniform(3, 9)
        for letter in letters
    }
    del proto.pieces[5:]
    for piece in ["▁", *letters, *map("".join, product(letters, repeat=2))]:
        score = sum(single.get(letter, -2.0) for letter in piece)
        proto.pieces.add(piece=piece, score=score)
    path = tmp_path / "ties.model"
    path.write_bytes(proto.SerializeToString())
    texts = [
        "".join(generator.choices(letters + " ", k=generator.randint(1, 60)))
        for _ in range(500)
    ]
    with JavaTokenizer(classes, path) as java:
        assert_equal(SentencePieceTokenizer(path), java, texts)


def test_models_with_other_normalizers(classes, vocabulary, is_known, tmp_path):
    from sentencepiece import sentencepiece_model_pb2

    texts = [*filter(is_known, generated_texts(500, seed=2)), " a  b ", " "]
    for number, settings in enumerate(
        [
            {"add_dummy_prefix": False},
            {"remove_extra_whitespaces": False},
            {"escape_whitespaces": False},
            {"precompiled_charsmap": b""},
        ]
    ):
        model = sentencepiece_model_pb2.ModelProto.FromString(
            vocabulary.read_bytes()
        )
        for name, value in settings.items():
            setattr(model.normalizer_spec, name, value)
        path = tmp_path / f"{number}.model"
        path.write_bytes(model.SerializeToString())
        tokenizer = SentencePieceTokenizer(path)
        with JavaTokenizer(classes, path) as java:
            for text, found in zip(texts, java(texts), strict=True):
                assert found.ids == tokenizer.encode(text), (settings, text)


def test_the_library_needs_no_newer_java_than_phones_have(jdk, tmp_path):
    """Android 6 has the classes of Java 7, which few compilers still know."""
    built = subprocess.run(
        [
            *("javac", "--release", "7", "-encoding", "UTF-8", "-d", tmp_path),
            *java_build.LIBRARY.rglob("*.java"),
        ],
        capture_output=True,
        text=True,
    )
    if "release version 7 not supported" in built.stderr:
        pytest.skip("needs a JDK that compiles for Java 7 (19 or older)")
    assert built.returncode == 0, built.stderr
    assert list(tmp_path.rglob("AlbertTokenizer.class"))


def test_the_unicode_tables_are_those_of_python():
    import unicodedata

    import make_unicode_tables

    written = make_unicode_tables.TARGET.read_text()
    version = f"by Unicode {unicodedata.unidata_version}."
    if version not in written:
        pytest.skip(f"needs a Python whose tables are not newer: {version}")
    assert written == make_unicode_tables.source()
