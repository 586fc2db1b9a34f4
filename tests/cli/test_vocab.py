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
    assert made["settings"]["character_coverage"] == 0.99995
    assert made["settings"]["input_sentence_size"] == 10_000_000
    assert made["corpus"]["paths"] == [str(corpus)]
    assert made["normalization"] == {"lowercase": False, "keep_accents": False}


def test_options_and_what_was_measured(corpus, tmp_path):
    (tmp_path / "texts").mkdir()
    corpus.rename(tmp_path / "texts" / "corpus.txt")
    code, output = run(
        *(tmp_path / "texts", "--size", 200, "--out", tmp_path / "a"),
        *("--keep-accents", "--character-coverage", 0.999),
        *("--input-sentence-size", 300, "--held-out-share", 0.2),
    )
    assert code == 0
    made = json.loads((tmp_path / "a" / "vocabulary.json").read_text("utf-8"))
    assert made["normalization"] == {"lowercase": True, "keep_accents": True}
    assert made["settings"]["character_coverage"] == 0.999
    assert made["corpus"]["trained_sentences"] == 300
    fertility = made["held_out"]["fertility"]
    assert 50 < fertility["sentences"] < 120
    shown = " ".join(output.split())
    for row in (
        f"on {fertility['sentences']} held-out sentences",
        f"pieces a word {fertility['pieces_per_word']:.3f}",
        f"pieces a character {fertility['pieces_per_character']:.3f}",
        f"unknown pieces {fertility['unknown_piece_share']:.4%}",
        f"unknown characters {fertility['unknown_character_share']:.4%}",
    ):
        assert row in shown


def test_held_out_file(corpus, tmp_path):
    (tmp_path / "dev.txt").write_text("some text [a] 字字 [b] 典\n", "utf-8")
    code, output = run(
        *(corpus, "--size", 200, "--out", tmp_path / "a"),
        *("--held-out", tmp_path / "dev.txt", "--held-out", corpus),
    )
    assert code == 0
    assert "字 2 典 1" in output
    made = json.loads((tmp_path / "a" / "vocabulary.json").read_text("utf-8"))
    assert made["held_out"]["paths"] == [
        *(str(tmp_path / "dev.txt"), str(corpus))
    ]


def test_a_corpus_too_small_to_hold_out(corpus, tmp_path):
    words = (corpus, "--size", 200, "--out", tmp_path / "a")
    code, output = run(*words)
    assert code == 0
    assert "too small to hold sentences out" in output
    code, output = run(*words, "--overwrite", "--held-out-share", 0)
    assert code == 0
    assert "held" not in output


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
