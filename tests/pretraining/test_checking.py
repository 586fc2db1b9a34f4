from dataclasses import replace

import pytest

from albert_keras.pretraining.checking import check_examples
from albert_keras.pretraining.examples import ExampleOptions
from albert_keras.pretraining.manifest import Manifest, sha256
from albert_keras.pretraining.runner import prepare
from albert_keras.pretraining.tfrecord import (
    first_damaged_record,
    frame_record,
    split_records,
)


@pytest.fixture
def shards(tmp_path, write_corpus, tokenizer, library_documents):
    corpus = write_corpus(tmp_path / "corpus.txt", library_documents[:4])
    prepare(
        [corpus],
        tokenizer,
        tmp_path / "shards",
        ExampleOptions(max_seq_length=48),
        shards=2,
        processes=1,
        show_progress=False,
    )
    return tmp_path / "shards"


def check(shards, **options):
    return check_examples(shards, show_progress=False, **options)


def test_what_was_written_is_right(shards, tokenizer):
    manifest = check(shards, tokenizer_sha256=sha256(tokenizer.proto))
    assert manifest == Manifest.read(shards)


def test_any_damage_is_named(shards):
    path = shards / "examples-00001-of-00002.tfrecord"
    content = path.read_bytes()
    records = list(split_records(content))
    assert len(records) > 6
    start = sum(map(len, records[:5]))
    for place in (0, 9, 12, len(records[5]) // 2, len(records[5]) - 1):
        damaged = bytearray(content)
        damaged[start + place] ^= 4
        path.write_bytes(damaged)
        with pytest.raises(
            ValueError,
            match=rf"'{path}' must .* number 5 of {len(records)}",
        ):
            check(shards)
    for length in (len(content) - 1, start + 3, start + 20):
        path.write_bytes(content[:length])
        number = len(records) - 1 if length == len(content) - 1 else 5
        with pytest.raises(ValueError, match=f"number {number} of"):
            check(shards)
    path.write_bytes(b"".join(records[:-1]))
    with pytest.raises(ValueError, match="Received: other records"):
        check(shards)
    path.unlink()
    with pytest.raises(FileNotFoundError, match="00001-of-00002"):
        check(shards)


def test_numbers_that_do_not_fit_are_named(shards):
    manifest = Manifest.read(shards)
    replace(manifest, examples=manifest.examples + 1).write(shards)
    with pytest.raises(ValueError, match=f"shards, {manifest.examples}. Rec"):
        check(shards)


def test_another_tokenizer_is_refused(shards):
    with pytest.raises(ValueError, match="SHA-256 0000"):
        check(shards, tokenizer_sha256="0" * 64)


def test_records_that_are_whole():
    records = [frame_record(bytes(range(n))) for n in (0, 1, 200)]
    assert first_damaged_record(b"".join(records)) is None
    assert first_damaged_record(b"") is None
    assert first_damaged_record(records[2] + b"\0") == 1
