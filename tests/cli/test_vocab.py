import inspect
import json
import subprocess
import sys
import textwrap

import pytest


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text(inspect.getsource(textwrap), "utf-8")
    return path


def run(*arguments):
    command = [sys.executable, "-m", "albert_keras", "vocab"]
    ended = subprocess.run(
        [*command, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


def test_trains(corpus, tmp_path):
    out = tmp_path / "vocabulary"
    code, output = run(
        *(corpus, "--size", 200, "--out", out, "--cased", "--seed", 5)
    )
    assert code == 0
    assert "200 pieces from" in output
    made = json.loads((out / "vocabulary.json").read_text("utf-8"))
    assert made["settings"]["vocab_size"] == 200
    assert made["settings"]["seed"] == 5
    assert made["normalization"] == {"lowercase": False, "keep_accents": False}


def test_mistakes_are_one_sentence(corpus, tmp_path):
    out = tmp_path / "vocabulary"
    code, output = run(tmp_path / "nowhere.txt", "--out", out)
    assert code == 2
    assert "nowhere.txt" in output
    code, output = run(corpus, "--out", out)
    assert code == 2
    assert "vocab_size=30000" in output
    assert "Traceback" not in output
    assert not out.exists()
    assert run(corpus, "--out", out, "--size", 200)[0] == 0
    assert run(corpus, "--out", out, "--size", 200)[0] == 2
    again = (corpus, "--out", out, "--size", 210, "--overwrite")
    assert run(*again)[0] == 0
