import gzip
import json
import subprocess
import sys

import pytest

from albert_keras.pretraining.examples import ExampleOptions
from albert_keras.pretraining.manifest import Manifest
from albert_keras.pretraining.runner import prepare


@pytest.fixture
def model(tmp_path, tokenizer):
    path = tmp_path / "spiece.model"
    path.write_bytes(tokenizer.proto)
    return path


@pytest.fixture
def corpus(tmp_path, write_corpus, library_documents):
    return write_corpus(tmp_path / "corpus.txt", library_documents[:5])


def run(*arguments, stdin=None) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "albert_keras", "prepare", *arguments],
        stdin=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_does_what_the_function_does(
    tmp_path, model, corpus, tokenizer
):
    done = run(
        *(corpus, "--tokenizer", model, "--out", tmp_path / "command"),
        *("--max-seq-length", "64", "--max-predictions", "9"),
        *("--masked-lm-prob", "0.2", "--short-seq-prob", "0.3"),
        *("--ngram", "2", "--favor-longer-ngram", "--dupe-factor", "2"),
        *("--single-segment", "skip", "--seed", "5", "--shards", "2"),
        *("--processes", "1"),
    )
    assert done.returncode == 0, done.stderr
    options = ExampleOptions(
        max_seq_length=64,
        max_predictions_per_seq=9,
        masked_lm_prob=0.2,
        short_seq_prob=0.3,
        ngram=2,
        favor_shorter_ngram=False,
        dupe_factor=2,
        single_segment="skip",
        seed=5,
    )
    manifest = prepare(
        [corpus],
        tokenizer,
        tmp_path / "function",
        options,
        shards=2,
        show_progress=False,
    )
    for path in (tmp_path / "function").iterdir():
        made = (tmp_path / "command" / path.name).read_bytes()
        assert made == path.read_bytes()
    assert f"{manifest.examples:,} examples" in done.stdout


def test_a_crawl_through_a_pipe_is_as_good_as_sentences_in_a_file(
    tmp_path, model, tokenizer
):
    rows = [
        {"content": "Is Dr. No in? He is.\nHe sleeps."},
        {"content": "One more.\n\nAnd two."},
    ]
    lines = [json.dumps(rows[0]), '{"content": 5}', json.dumps(rows[1]), "{"]
    (tmp_path / "crawl").write_bytes(gzip.compress("\n".join(lines).encode()))
    arguments = ("-", "--tokenizer", model, "--out", tmp_path / "command")
    arguments += ("--format", "jsonl", "--text-field", "content")
    arguments += ("--processes", "1", "--shards", "1")
    with (tmp_path / "crawl").open("rb") as crawl:
        done = run(*arguments, stdin=crawl)
    assert done.returncode == 2
    assert "standard input, with something else in it in line 2" in done.stderr
    with (tmp_path / "crawl").open("rb") as crawl:
        done = run(*arguments, "--skip-bad-lines", stdin=crawl)
    assert done.returncode == 0, done.stderr
    assert "Skipped lines: 2. The first: A line of JSON must" in done.stderr
    assert "in line 2." in done.stderr
    (tmp_path / "corpus.txt").write_text(
        "Is Dr. No in?\nHe is.\nHe sleeps.\n\nOne more.\nAnd two.\n"
    )
    prepare(
        [tmp_path / "corpus.txt"],
        tokenizer,
        tmp_path / "function",
        shards=1,
        processes=1,
        show_progress=False,
    )
    for path in (tmp_path / "function").iterdir():
        made = (tmp_path / "command" / path.name).read_bytes()
        assert made == path.read_bytes()


def test_its_defaults_are_those_of_the_function(tmp_path, model, corpus):
    arguments = (corpus, "--tokenizer", model, "--out", tmp_path / "out")
    assert run(*arguments, "--processes", "1").returncode == 0
    assert Manifest.read(tmp_path / "out").options == ExampleOptions()
    again = run(*arguments)
    assert again.returncode == 2
    assert "holds pretraining examples" in again.stderr
    assert "Traceback" not in again.stderr
    assert run(*arguments, "--overwrite").returncode == 0


def test_a_mistake_is_told_in_one_sentence(tmp_path, model, corpus):
    bad = tmp_path / "bad.txt"
    bad.write_bytes(b"caf\xe9\n")
    lone = tmp_path / "lone.txt"
    lone.write_text("One line.\n")
    out = tmp_path / "out"
    for arguments, word in (
        ((tmp_path / "gone.txt", "--tokenizer", model), "gone.txt"),
        ((bad, "--tokenizer", model), "line 1"),
        ((lone, "--tokenizer", model), "needs at least"),
        ((corpus, "--tokenizer", bad), "bad.txt"),
        ((corpus, "--tokenizer", model, "--ngram", "0"), "`ngram`"),
    ):
        done = run(*arguments, "--out", out)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert word in done.stderr.splitlines()[-1]
        assert not out.exists()
