import hashlib
import shutil
import zipfile

import numpy as np
import pytest
from export_models import backbone, randomize

import albert_keras as ak
from albert_keras.models.albert_text_classifier_preprocessor import (
    AlbertTextClassifierPreprocessor,
)

TEXTS = ["Élan vital", "a  value, 1,234", "a [MASK] of it", "", "ＡＢＣ ½"]
LABELS = ["a", "b, c", "ü"]


@pytest.fixture(scope="module")
def path(models, tmp_path_factory):
    path = tmp_path_factory.mktemp("packed") / "classifier.tflite"
    ak.export.tflite(models["classifier"], path, labels=LABELS)
    return path


@pytest.fixture
def contents(path):
    return ak.export.LiteContents(path)


def test_what_is_told(contents, models):
    told = contents.description
    assert told["model"] == "AlbertTextClassifier"
    assert (
        told["config"]["vocab_size"]
        == models["classifier"].backbone.vocabulary_size
    )
    assert told["sequence_length"] == 32
    assert told["quantization"] == "float32"
    assert told["text"] == {
        "lowercase": True,
        "keep_accents": False,
        "replace_quotes": False,
        "special_symbols": True,
        "max_tokens": 24,  # of the preprocessor, less than the row
    }
    assert told["signatures"]["serve_ids"]["outputs"] == {
        "scores": "float32 [1, 3]"
    }
    assert contents.labels == told["labels"] == LABELS


def test_any_reader_of_archives_reads_it(path, contents):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == list(contents.files)
        # MediaPipe takes no others.
        assert {each.compress_type for each in archive.infolist()} == {0}
    digest = hashlib.sha256(contents.files["spiece.model"]).hexdigest()
    assert contents.description["vocabulary"]["sha256"] == digest


def test_ids_are_those_of_the_model(contents, tokenizer):
    packed = contents.tokenizer()
    for text in TEXTS:
        assert packed.encode(text) == tokenizer.encode(text)


def test_a_vocabulary_beside_the_file(contents, tokenizer, tmp_path):
    original = tmp_path / "spiece.model"
    original.write_bytes(tokenizer.proto)
    unpacked = tmp_path / "unpacked.model"
    unpacked.write_bytes(contents.files["spiece.model"])
    for vocabulary in (original, unpacked):
        found = contents.tokenizer(vocabulary)
        for text in TEXTS:
            assert found.encode(text) == tokenizer.encode(text)
    original.write_bytes(tokenizer.proto + b"\n")
    with pytest.raises(ValueError, match="must be the vocabulary that the mod"):
        contents.tokenizer(original)
    with pytest.raises(FileNotFoundError):
        contents.tokenizer(tmp_path / "absent.model")


def test_what_is_packed_is_all_that_is_added(models, tmp_path, path, contents):
    bare = tmp_path / "bare.tflite"
    ak.export.tflite(models["classifier"], bare, text=False)
    added = path.stat().st_size - bare.stat().st_size
    assert added == pytest.approx(len(contents.files["spiece.model"]), abs=1000)
    without = ak.export.LiteContents(bare)
    assert without.labels == ["0", "1", "2"]
    assert without.description["vocabulary"] is None
    with pytest.raises(ValueError, match="exported without one"):
        without.tokenizer()


def test_word_pieces(tmp_path):
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "有", "層", "al"]
    tokenizer = ak.AlbertWordPieceTokenizer(pieces)
    model = randomize(
        ak.AlbertTextClassifier(
            backbone(num_layers=1),
            2,
            AlbertTextClassifierPreprocessor(tokenizer, sequence_length=16),
        )
    )
    ak.export.tflite(model, tmp_path / "model.tflite")
    contents = ak.export.LiteContents(tmp_path / "model.tflite")
    assert contents.files["vocab.txt"].decode().split("\n")[:-1] == pieces
    for text in ("有[MASK]層。AL", ""):
        assert contents.tokenizer().encode(text) == tokenizer.encode(text)


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("classifier", {"labels": ["a", "b"]}, "must be 3 different names"),
        ("classifier", {"labels": list("aab")}, "must be 3 different names"),
        ("classifier", {"labels": "abc"}, "must be 3 different names"),
        ("classifier", {"labels": ["a", "", "b"]}, "one line .*: ''"),
        ("classifier", {"labels": ["a\n", "b", "c"]}, r"one line .*: 'a\\n'"),
        ("reader", {"labels": ["a"]}, "for AlbertQuestionAnswering"),
        ("classifier", {"pooling": "mean"}, "for AlbertTextClassifier"),
        ("backbone", {"pooling": "max"}, "one of mean, cls, pooled"),
    ],
)
def test_what_does_not_go_together(models, tmp_path, name, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        ak.export.tflite(models[name], tmp_path / "model.tflite", **options)
    assert list(tmp_path.iterdir()) == []


def test_a_vocabulary_larger_than_the_model(tokenizer, tmp_path):
    small = backbone(vocabulary_size=100)
    with pytest.raises(ValueError, match="300 pieces, 100 embeddings"):
        ak.export.tflite(small, tmp_path / "m.tflite", tokenizer=tokenizer)


def test_files_that_have_nothing_packed(tmp_path):
    other = tmp_path / "other.tflite"
    with pytest.raises(FileNotFoundError):
        ak.export.LiteContents(other)
    for content in (b"", b"TFL3" * 99, b"PK\x03\x04" * 99):
        other.write_bytes(content)
        with pytest.raises(ValueError, match=r"one without albert\.json"):
            ak.export.LiteContents(other)


def test_damage_is_told(path, tmp_path):
    whole = path.read_bytes()
    damaged = tmp_path / "damaged.tflite"
    first = whole.index(b"PK\x03\x04")
    generator = np.random.default_rng(2)
    for size in [*generator.integers(first + 100, len(whole), 20), -1]:
        damaged.write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"damaged\.tflite` is damaged"):
            ak.export.LiteContents(damaged)
    refused = 0
    for _ in range(300):
        content = bytearray(whole)
        # The directory at the end, most of which matters.
        place = int(generator.integers(len(whole) - 300, len(whole)))
        content[place] ^= 1 << int(generator.integers(8))
        damaged.write_bytes(content)
        try:
            ak.export.LiteContents(damaged).tokenizer()
        except ValueError as error:
            assert "damaged.tflite" in str(error)  # noqa: PT017
            refused += 1
    assert refused > 100


def test_the_same_model_gives_the_same_file(models, path, tmp_path):
    again = tmp_path / "again.tflite"
    ak.export.tflite(models["classifier"], again, labels=LABELS)
    assert again.read_bytes() == path.read_bytes()
    shutil.copy(again, tmp_path / "copy.tflite")
    assert ak.export.LiteContents(tmp_path / "copy.tflite").labels == LABELS
