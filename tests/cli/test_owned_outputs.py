"""Two processes never write the same file or folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

OWNER = """
import sys
from albert_keras.whole_files import owned
with owned(sys.argv[1]):
    print("owned", flush=True)
    sys.stdin.read()
"""
PRESET = "run/preset"
ROWS = '{"text": "wrap it", "label": "a"}\n{"text": "a line", "label": "b"}\n'


@pytest.fixture
def owner(made, words, tmp_path, monkeypatch):
    """Another process that owns what the command is to write."""
    for name in ("corpus.txt", "tiny.json", "vocabulary", "shards", "run"):
        (tmp_path / name).symlink_to(made / name)
    (tmp_path / "rows.jsonl").write_text(ROWS)
    monkeypatch.chdir(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, written_by(words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "owned\n"
        yield process
        process.kill()


TOKENIZER = "--tokenizer vocabulary/spiece.model"
# The command, and whether it is short enough to be run to its end.
COMMANDS = {
    "vocab corpus.txt --size 200 --out new": True,
    f"prepare corpus.txt {TOKENIZER} --max-seq-length 32 --dupe-factor 1 "
    "--processes 1 --out new": True,
    f"convert {PRESET} new --to huggingface": True,
    f"export tflite {PRESET} new.tflite": True,
    f"export savedmodel {PRESET} new": False,
    f"embed {PRESET} --file corpus.txt --out new.npy": True,
    f"pretrain --config tiny.json {TOKENIZER} --data shards --steps 1 "
    "--batch-size 2 --out new": False,
    f"finetune classification --train rows.jsonl --dev rows.jsonl --steps 1 "
    f"--preset {PRESET} --out new": False,
    "quickstart --corpus corpus.txt --steps 1 --out new": False,
}


def written_by(words):
    (name,) = (word for word in words.split() if word.startswith("new"))
    return f"{name}/1" if "savedmodel" in words else name


@pytest.mark.parametrize("words", COMMANDS)
def test_a_second_writer_is_told_who_is_the_first(call, owner, words):
    before = sorted(Path().glob("new/*")), set(os.listdir())
    ended = call(*words.split())
    assert ended.code == 2, ended.stderr
    said = ended.stderr.strip().splitlines()[-1]
    assert said.startswith(f"Error: `{written_by(words)}` must not be written")
    assert f"process {owner.pid} on " in said
    assert "Traceback" not in ended.stderr
    assert (sorted(Path().glob("new/*")), set(os.listdir())) == before


@pytest.mark.parametrize(
    "words", [words for words, is_short in COMMANDS.items() if is_short]
)
def test_what_a_dead_process_owned_is_taken_over(call, owner, words):
    owner.kill()
    owner.wait()
    assert Path(f".{written_by(words)}.lock").exists()
    ended = call(*words.split())
    assert ended.code == 0, ended.stderr
    assert Path(written_by(words)).exists()
    assert not list(Path().glob(".new*"))
