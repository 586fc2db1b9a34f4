import hashlib
from collections import Counter
from dataclasses import replace
from itertools import chain

import pytest

from albert_keras.pretraining.examples import ExampleOptions
from albert_keras.pretraining.manifest import Manifest, Shard
from albert_keras.pretraining.shards import ShardWriter
from albert_keras.pretraining.tfrecord import frame_record

MANIFEST = Manifest(
    examples=0,
    documents=0,
    sentences=0,
    tokens=0,
    masked_tokens=0,
    shards=(),
    options=ExampleOptions(),
    tokenizer_sha256="",
    vocabulary_size=5,
    special_ids={"[CLS]": 2, "[SEP]": 3, "[MASK]": 4},
    lowercase=True,
    keep_accents=False,
    versions={},
)
RECORDS = [frame_record(bytes([n, n + 1])) for n in range(200)]


def writer_of(folder, shards=3, seed=1, overwrite=False, **options):
    return ShardWriter(
        folder,
        shards=shards,
        seed=seed,
        inputs={"corpus": "the numbers"},
        overwrite=overwrite,
        **options,
    )


def write(folder, shards=3, seed=1, overwrite=False, records=RECORDS):
    """Writes the records in two portions; returns those of each shard."""
    with writer_of(folder, shards, seed, overwrite) as writer:
        writer.add(0, records[:50], [1, 50])
        writer.close_part()
        writer.add(7, records[50:], [1, 150])
        writer.close_part()
        entries = tuple(writer.assemble(shard) for shard in range(shards))
        writer.finish(replace(MANIFEST, shards=entries))
    return read(folder, entries)


def read(folder, entries):
    size = len(RECORDS[0])
    shards = []
    for entry in entries:
        content = (folder / entry.file).read_bytes()
        assert len(content) == entry.bytes == entry.examples * size
        assert hashlib.sha256(content).hexdigest() == entry.sha256
        shards.append(
            [content[i : i + size] for i in range(0, len(content), size)]
        )
    return shards


def write_half(folder, overwrite=False, error=RuntimeError):
    with writer_of(folder, overwrite=overwrite) as writer:
        writer.add(0, RECORDS[:50], [1, 50])
        writer.close_part()
        writer.add(7, RECORDS[50:], [1, 150])
        raise error


def test_every_record_is_in_one_shard(tmp_path):
    shards = write(tmp_path / "out")
    assert sorted(chain.from_iterable(shards)) == sorted(RECORDS)
    assert min(map(len, shards)) > 40
    assert Manifest.read(tmp_path / "out").shards[1].examples == len(shards[1])
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {
        "manifest.json",
        "examples-00000-of-00003.tfrecord",
        "examples-00001-of-00003.tfrecord",
        "examples-00002-of-00003.tfrecord",
    }


def test_the_order_is_random_and_decided_by_the_seed(tmp_path):
    one = write(tmp_path / "a", seed=1)
    assert write(tmp_path / "b", seed=1) == one
    assert write(tmp_path / "c", seed=2) != one
    place = Counter()
    for seed in range(60):
        (shard,) = write(tmp_path / f"s{seed}", shards=1, seed=seed)
        place[shard.index(RECORDS[0]) // 50] += 1
    # 15 expected in each quarter.
    assert all(3 <= place[quarter] <= 27 for quarter in range(4))


def test_a_shard_may_stay_empty(tmp_path):
    shards = write(tmp_path / "out", records=RECORDS[:1])
    assert sorted(map(len, shards)) == [0, 0, 1]


def test_nothing_stays_of_what_failed(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(RuntimeError):
        write_half(out)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_run_is_gone_on_with(tmp_path):
    whole = write(tmp_path / "whole")
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        write_half(out, error=KeyboardInterrupt)
    assert [path.name for path in tmp_path.glob(".*")] == [".out.parts"]
    with writer_of(out, resume=True) as writer:
        assert writer.chunks_done == 1
        assert [part.totals for part in writer.parts] == [[1, 50]]
        writer.add(7, RECORDS[50:], [1, 150])
        writer.close_part()
        entries = tuple(writer.assemble(shard) for shard in range(3))
        writer.finish(replace(MANIFEST, shards=entries))
    assert read(out, entries) == whole
    assert not list(tmp_path.glob(".*"))


def test_a_run_goes_on_only_with_what_it_was_begun_with(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        write_half(out, error=KeyboardInterrupt)
    kept = sorted((tmp_path / ".out.parts").iterdir())
    for options, name in (
        ({"seed": 2}, "seed"),
        ({"shards": 2}, "number of shards"),
    ):
        writer = writer_of(out, resume=True, **options)
        with pytest.raises(ValueError, match=f"Received: another {name} than"):
            writer.__enter__()
        assert sorted((tmp_path / ".out.parts").iterdir()) == kept
    write(out)  # without resume it begins anew, and leaves nothing
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_exists_is_replaced_only_when_asked_and_whole(tmp_path):
    out = tmp_path / "out"
    before = write(out, seed=1)
    with pytest.raises(FileExistsError, match=r"out', which holds pretrain"):
        write(out)
    with pytest.raises(RuntimeError):
        write_half(out, overwrite=True)
    assert sum(map(len, before)) == 200
    assert len(Manifest.read(out).shards) == 3
    write(out, shards=1, overwrite=True)
    assert len(Manifest.read(out).shards) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_only_examples_are_ever_overwritten(tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("all of it")
    file = precious / "thesis.txt"
    for place in (precious, file):
        with pytest.raises(FileExistsError, match=r"something else|a file"):
            write(place, overwrite=True)
    assert file.read_text() == "all of it"


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "out").mkdir()
    write(tmp_path / "out")
    assert len(Manifest.read(tmp_path / "out").shards) == 3


def test_folders_above_are_made(tmp_path):
    folder = tmp_path / "new" / "deep" / "out"
    write(folder)
    assert len(Manifest.read(folder).shards) == 3


def test_a_manifest_survives_the_disk(tmp_path):
    MANIFEST.write(tmp_path)
    assert Manifest.read(tmp_path) == MANIFEST


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"format": "else", "format_version": 1}',
        '{"format": "albert_keras.pretraining.examples", "format_version": 9}',
        '{"format": "albert_keras.pretraining.examples", "format_version": 1}',
    ],
)
def test_what_is_no_manifest_is_refused(tmp_path, content):
    (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(ValueError, match="must be a manifest"):
        Manifest.read(tmp_path)


@pytest.mark.parametrize("file", ["../secret", "/etc/passwd", "a/b", "", ".."])
def test_shards_lie_beside_their_manifest(tmp_path, file):
    shard = Shard(file=file, examples=1, bytes=1, sha256="")
    replace(MANIFEST, shards=(shard,)).write(tmp_path)
    with pytest.raises(ValueError, match="must be a manifest"):
        Manifest.read(tmp_path)


def test_a_folder_without_manifest_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"manifest\.json"):
        Manifest.read(tmp_path)
