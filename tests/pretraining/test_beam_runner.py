import gzip
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

pytest.importorskip(
    "apache_beam", reason="needs Apache Beam: pip install '.[beam]'"
)
from apache_beam.io.filesystem import FileMetadata
from apache_beam.io.localfilesystem import LocalFileSystem

from albert_keras.pretraining import portions
from albert_keras.pretraining.beam_pipeline import write_shard
from albert_keras.pretraining.beam_runner import prepare_with_beam
from albert_keras.pretraining.examples import ExampleOptions
from albert_keras.pretraining.manifest import Manifest
from albert_keras.pretraining.runner import prepare
from albert_keras.pretraining.tfrecord import frame_record
from albert_keras.text.lines import SkippedLines

pytestmark = pytest.mark.beam

# What Beam's direct runner ends up with, having looked for another one on the
# network.
IN_PROCESS = ["--runner=FnApiRunner"]
OPTIONS = ExampleOptions(
    masking="static", max_seq_length=64, dupe_factor=2, seed=7
)


def run(corpus, tokenizer, out, options=OPTIONS, **arguments):
    arguments = {"beam_options": IN_PROCESS} | arguments
    return prepare_with_beam(corpus, tokenizer, out, options, **arguments)


def contents(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def corpus(tmp_path, write_corpus, library_documents, monkeypatch):
    """Two files, each of them a portion, compressed in part."""
    monkeypatch.setattr(portions, "PORTION_BYTES", 10_000)
    folder = tmp_path / "corpus"
    folder.mkdir()
    half = len(library_documents) // 2
    write_corpus(folder / "a.txt", library_documents[:half])
    plain = write_corpus(tmp_path / "b.txt", library_documents[half:])
    (folder / "b.txt.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    return folder


@pytest.mark.parametrize("masking", ["static", "dynamic"])
def test_it_writes_what_the_local_runner_writes(
    tmp_path, tokenizer, large_corpus, masking
):
    assert large_corpus.stat().st_size > 3 * 250_000  # several chunks
    options = replace(OPTIONS, masking=masking)
    local, beam = tmp_path / "local", tmp_path / "beam"
    manifest = prepare(
        [large_corpus],
        tokenizer,
        local,
        options,
        processes=1,
        shards=3,
        show_progress=False,
    )
    assert run([large_corpus], tokenizer, beam, options, shards=3) == manifest
    assert contents(beam) == contents(local)


def test_so_it_does_with_many_files_and_shards_and_bad_lines(
    tmp_path, tokenizer, corpus
):
    bad = b"caf\xe9\n"
    (corpus / "a.txt").write_bytes((corpus / "a.txt").read_bytes() + bad)
    (corpus / "c.txt").write_bytes(bad + b"One.\nTwo.\n")
    skipped = SkippedLines(), SkippedLines()
    local, beam = tmp_path / "local", tmp_path / "beam"
    prepare(
        [corpus],
        tokenizer,
        local,
        OPTIONS,
        shards=300,  # more than some of them get an example
        processes=1,
        show_progress=False,
        skipped_lines=skipped[0],
    )
    run([corpus], tokenizer, beam, shards=300, skipped_lines=skipped[1])
    assert contents(beam) == contents(local)
    assert skipped[0].count == skipped[1].count == 2
    assert skipped[0].first == skipped[1].first
    assert any(shard.bytes == 0 for shard in Manifest.read(beam).shards)


def test_two_worker_processes_write_the_same(tmp_path, tokenizer, corpus):
    """Here all that goes from step to step is encoded."""
    run([corpus], tokenizer, tmp_path / "one")
    run(
        [corpus],
        tokenizer,
        tmp_path / "two",
        beam_options=[
            *IN_PROCESS,
            "--direct_running_mode=multi_processing",
            "--direct_num_workers=2",
        ],
    )
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_records_are_gathered_in_any_order(tmp_path):
    parts = [
        (number, frame_record(bytes([number])) * 3) for number in range(40)
    ]
    entries = []
    for name in ("a", "b"):
        parts.reverse()
        folder = str(tmp_path / name)
        entries.append(write_shard((1, parts), folder, 2, seed=5))
    assert entries[0] == entries[1]
    assert entries[0]["examples"] == 120
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


@pytest.mark.parametrize(
    ("text", "message"),
    [(b"Alone.\n", "needs at least two"), (b"Two.\n\xff\n", "line 2")],
)
def test_nothing_stays_of_what_failed(tmp_path, tokenizer, text, message):
    (tmp_path / "corpus.txt").write_bytes(text)
    with pytest.raises(ValueError, match=message):
        run([tmp_path / "corpus.txt"], tokenizer, tmp_path / "out")
    assert os.listdir(tmp_path) == ["corpus.txt"]


def test_examples_are_replaced_only_when_asked(tmp_path, tokenizer, corpus):
    out = tmp_path / "out"
    run([corpus], tokenizer, out, shards=3)
    before = contents(out)
    with pytest.raises(FileExistsError, match="holds pretraining examples"):
        run([corpus], tokenizer, out)
    assert contents(out) == before
    run([corpus], tokenizer, out, shards=2, overwrite=True)
    assert len(contents(out)) == 3
    assert len(Manifest.read(out).shards) == 2


def test_what_cannot_be_read_is_refused_at_once(tmp_path, tokenizer):
    for corpus, error in (
        (tmp_path / "gone.txt", FileNotFoundError),
        ("bucket://gone/*.txt", FileNotFoundError),
        ("-", ValueError),
    ):
        with pytest.raises(error, match="Received"):
            run([corpus], tokenizer, tmp_path / "out")


class Bucket(LocalFileSystem):
    """Stands in for a store behind a URL: a local folder."""

    root = ""

    @classmethod
    def scheme(cls):
        return "bucket"

    def join(self, basepath, *paths):
        return "/".join([basepath.rstrip("/"), *paths])

    def split(self, path):
        head, _, tail = path.rpartition("/")
        return head, tail

    def _local(self, path):
        return path.replace("bucket:/", self.root, 1)

    def _list(self, dir_or_prefix):
        for each in super()._list(self._local(dir_or_prefix)):
            path = each.path.replace(self.root, "bucket:/", 1)
            yield FileMetadata(path, each.size_in_bytes)

    def _path_open(self, path, *arguments, **named):
        return super()._path_open(self._local(path), *arguments, **named)

    def create(self, path, *arguments, **named):
        os.makedirs(os.path.dirname(self._local(path)), exist_ok=True)
        return self._path_open(path, "wb", *arguments, **named)

    def rename(self, sources, targets):
        super().rename(
            [self._local(path) for path in sources],
            [self._local(path) for path in targets],
        )

    def delete(self, paths):
        super().delete([self._local(path) for path in paths])

    def exists(self, path):
        return super().exists(self._local(path))


def test_corpus_and_output_may_lie_in_a_bucket(
    tmp_path, tokenizer, corpus, monkeypatch
):
    monkeypatch.setattr(Bucket, "root", str(tmp_path))
    run([corpus / "a.txt"], tokenizer, tmp_path / "local", shards=3)
    (tmp_path / "bucket").mkdir()
    shutil.copy(corpus / "a.txt", tmp_path / "bucket")
    out = "bucket://bucket/out"
    run(["bucket://bucket/*.txt"], tokenizer, out, shards=3)
    written = tmp_path / "bucket/out"
    assert contents(written) == contents(tmp_path / "local")

    with pytest.raises(FileExistsError, match="which has files in it"):
        run(["bucket://bucket/*.txt"], tokenizer, out)
    run(["bucket://bucket/*.txt"], tokenizer, out, shards=2, overwrite=True)
    assert len(contents(written)) == 3

    (tmp_path / "bucket/bad.txt").write_bytes(b"One.\n\xff\n")
    with pytest.raises(ValueError, match=r"bucket://bucket/bad.txt.* line 2"):
        run(["bucket://bucket/*.txt"], tokenizer, out, overwrite=True)
    assert contents(written) == {}


def test_the_command_takes_the_runner_and_its_options(
    tmp_path, tokenizer, write_corpus, library_documents
):
    corpus = write_corpus(tmp_path / "corpus.txt", library_documents[:5])
    model = tmp_path / "spiece.model"
    model.write_bytes(tokenizer.proto)
    command = [sys.executable, "-m", "albert_keras", "prepare", corpus]
    command += ["--tokenizer", model, "--shards", "2"]
    for name, options in (
        ("local", ["--processes", "1"]),
        ("beam", [f"--beam-option={option}" for option in IN_PROCESS]),
    ):
        subprocess.run(
            [*command, "--runner", name, *options, "--out", tmp_path / name],
            check=True,
        )
    assert contents(tmp_path / "beam") == contents(tmp_path / "local")

    for name, option in (("local", "--beam-option=--x"), ("beam", "--resume")):
        refused = subprocess.run(
            [*command, "--runner", name, option, "--out", tmp_path / "out"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert refused.returncode == 2
        assert "Traceback" not in refused.stderr
        assert "need" in refused.stderr.splitlines()[-1]
