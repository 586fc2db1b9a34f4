"""`prepare --resume` after kills at random moments."""

import signal
import subprocess
import sys
import time
from random import Random

import pytest

from albert_keras.pretraining import shards
from albert_keras.pretraining.runner import prepare
from albert_keras.pretraining.shards import parts_of
from albert_keras.text.sentencepiece import SentencePieceTokenizer

KILLS = 20
# So that there are many parts; each is a file that appears whole.
PART_BYTES = 40_000
COMMAND = (
    "from albert_keras import cli; from albert_keras.pretraining import shards;"
    f"shards._PART_BYTES = {PART_BYTES}; cli.main()"
)


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.slow
def test_killed_at_random_moments(
    tmp_path, tokenizer, large_corpus, monkeypatch
):
    (tmp_path / "spiece.model").write_bytes(tokenizer.proto)
    monkeypatch.chdir(tmp_path)
    words = (
        f"prepare {large_corpus} --tokenizer spiece.model --out out --resume "
        "--max-seq-length 64 --dupe-factor 30 --shards 7 --processes 1"
    )
    work = parts_of(tmp_path / "out")
    rng = Random("kills")
    seen = set()
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, *words.split()],
            stderr=subprocess.DEVNULL,
        )
        while not work.exists() and process.poll() is None:
            time.sleep(0.01)
        time.sleep(rng.uniform(0.3, 1.0))
        process.kill()
        assert process.wait() == -signal.SIGKILL, "it came to its end"
        seen.add(len(list(work.glob("part-*"))))
    assert len(seen) > KILLS // 2  # it went on each time, and not from zero
    assert not (tmp_path / "out").exists()
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *words.split()], capture_output=True
    )
    assert done.returncode == 0, done.stderr
    assert not work.exists()

    undisturbed = tmp_path / "undisturbed"
    subprocess.run(
        [
            *(sys.executable, "-c", COMMAND),
            *words.replace("--out out", f"--out {undisturbed}").split(),
        ],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    assert content(tmp_path / "out") == content(undisturbed)


def test_parts_do_not_change_what_is_written(
    tmp_path, tokenizer, large_corpus, monkeypatch
):
    def made(name, part_bytes):
        monkeypatch.setattr(shards, "_PART_BYTES", part_bytes)
        prepare(
            [large_corpus],
            SentencePieceTokenizer(tokenizer.proto),
            tmp_path / name,
            shards=3,
            processes=1,
            show_progress=False,
        )
        return content(tmp_path / name)

    assert made("one", 10**9) == made("many", 1)
