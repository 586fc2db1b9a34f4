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
# The command, with small chunks and a part for each.
COMMAND = (
    "from albert_keras import cli\n"
    "from albert_keras.pretraining import documents, shards\n"
    "documents.chunk_documents.__defaults__ = (4_000,)\n"
    "shards._PART_BYTES = 1\n"
    "cli.main()\n"
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

    def parts():
        return len(list(work.glob("part-??????")))

    rng = Random("kills")
    seen = []
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, *words.split()],
            stderr=subprocess.DEVNULL,
        )
        more = parts() + rng.randrange(4)
        while parts() < more and process.poll() is None:
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.05))
        process.kill()
        assert process.wait() == -signal.SIGKILL, "it came to its end"
        seen.append(parts())
    assert seen == sorted(seen)  # it went on each time
    assert seen[-1] > KILLS
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
