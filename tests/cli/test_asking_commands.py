"""The commands that ask a model: arguments, files and pipes in, answers out."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import albert_keras as ak

TEXTS = ["a parser of options", "print usage", "the value of an argument"]


@pytest.fixture(scope="module")
def classifier(model_form):
    return str(model_form("classifier", "tflite"))


@pytest.fixture(scope="module")
def expected(classifier):
    return ak.inference.load(classifier)(TEXTS)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """With the texts as files of every kind."""
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS) + "\n")
    rows = "".join(f'{n},"{text}"\n' for n, text in enumerate(TEXTS))
    (tmp_path / "texts.csv").write_text(f"id,review\n{rows}")
    lines = "".join(json.dumps({"text": text}) + "\n" for text in TEXTS)
    (tmp_path / "texts.jsonl").write_text(lines)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        (TEXTS, ""),
        (["--file", "texts.txt"], ""),
        (["--file", "texts.csv", "--column", "text=review"], ""),
        (["--file", "texts.jsonl"], ""),
        ([], "texts.txt"),
        (["--file", "-", "--form", "jsonl"], "texts.jsonl"),
        (["--form", "csv", "--column", "text=review"], "texts.csv"),
        (["--column", "text=text"], "texts.jsonl"),
    ],
)
def test_texts_may_come_from_anywhere(
    call, folder, classifier, expected, words, stdin
):
    content = (folder / stdin).read_bytes() if stdin else b""
    ended = call("classify", classifier, "--json", *words, stdin=content)
    assert ended.code == 0, ended.stderr
    assert ended.stderr == ""
    lines = [json.loads(line) for line in ended.stdout.splitlines()]
    for line, text, answer in zip(lines, TEXTS, expected, strict=True):
        scores = {str(n): score for n, score in answer["scores"].items()}
        assert line == {
            "text": text,
            "label": answer["label"],
            "score": pytest.approx(answer["score"], abs=1e-6),
            "scores": pytest.approx(scores, abs=1e-6),
        }


def test_classes_have_names(call, classifier, expected):
    ended = call("classify", classifier, TEXTS[0], "--labels", "a,b,c")
    name = "abc"[expected[0]["label"]]
    score = expected[0]["score"]
    assert ended.stdout == f"{name}\t{score:.4f}\t{TEXTS[0]}\n"


def test_a_pair(call, classifier):
    ended = call("classify", classifier, "one", "--pair", "two", "--json")
    answer = json.loads(ended.stdout)
    assert (answer["text"], answer["pair"]) == ("one", "two")
    alone = call("classify", classifier, "one", "--json")
    assert json.loads(alone.stdout)["score"] != answer["score"]


def test_fill_mask_takes_files_as_well(call, model_form, tmp_path):
    model = str(model_form("masked_lm", "tflite"))
    (tmp_path / "masks.txt").write_text("a [MASK] b\n[MASK] of [MASK]\n")
    file = str(tmp_path / "masks.txt")
    ended = call("fill-mask", model, "--file", file, "--top-k", "2")
    shown = ended.stdout.splitlines()
    assert shown[0] == "a [MASK] b"
    assert shown[3:5] == ["[MASK] of [MASK]", "  [MASK] 1"]
    assert len(shown) == 3 + 1 + 2 * 3


def test_answer_of_a_passage_from_anywhere(call, model_form, tmp_path):
    model = str(model_form("reader", "tflite"))
    passage = "It was written by Ann.\nIt is a parser of options. " * 3
    (tmp_path / "page.txt").write_text(passage)
    row = {"question": "who?", "context": passage}
    ways = [
        (["who?", "--context", passage], b""),
        (["who?", "--context-file", str(tmp_path / "page.txt")], b""),
        (["who?"], passage.encode()),
        ([], json.dumps(row).encode()),
    ]
    found = []
    for words, stdin in ways:
        ended = call("answer", model, *words, "--json", stdin=stdin)
        assert ended.code == 0, ended.stderr
        found.append(json.loads(ended.stdout))
    assert found[3].pop("context") == passage
    assert found[0] == found[1] == found[2] == found[3]
    answer = found[0]
    assert passage[answer["start"] : answer["end"]] == answer["answer"]
    shown = call("answer", model, "who?", "--context", passage).stdout
    assert f"{answer['start']}-{answer['end']}" in shown


def test_no_answer_is_shown_as_such(call, model_form):
    model = str(model_form("reader_v2", "tflite"))
    words = ["answer", model, "who?", "--context", "a parser"]
    ended = call(*words, "--null-threshold", "-99")
    assert "(no answer)" in ended.stdout
    line = json.loads(call(*words, "--null-threshold", "-99", "--json").stdout)
    assert (line["answer"], line["start"]) == ("", None)
    assert "(no answer)" not in call(*words, "--null-threshold", "99").stdout


def test_tags_have_places(call, model_form):
    model = str(model_form("tagger", "tflite"))
    text = "a parser of options"
    line = json.loads(call("tag", model, text, "--json").stdout)
    for found in line["words"] + line["entities"]:
        assert text[found["start"] : found["end"]] == found["text"]
    shown = call("tag", model, text).stdout.splitlines()
    assert len(shown) == 1 + len(line["entities"])
    shown = call("tag", model, text, "--labels", "v,w,x,y,z").stdout
    assert len(shown.splitlines()) == 1 + len(line["words"])


def test_choices(call, model_form):
    model = str(model_form("chooser", "tflite"))
    words = ["where?", "--option", "here", "--option", "there"]
    line = json.loads(call("choose", model, *words, "--json").stdout)
    assert line["option"] == ["here", "there"][line["choice"]]
    assert sum(line["scores"]) == pytest.approx(1)
    (best,) = (
        shown
        for shown in call("choose", model, *words).stdout.splitlines()
        if shown.startswith("  *")
    )
    assert best.endswith(line["option"])


@pytest.fixture(scope="module")
def backbone(model_form):
    return str(model_form("backbone", "tflite"))


def test_vectors_as_files(call, folder, backbone):
    vectors = ak.inference.Embed(backbone, normalize=True)(TEXTS)
    words = ["embed", backbone, "--file", "texts.txt", "--normalize"]
    ended = call(*words, "--out", "vectors.npy")
    assert ended.stdout == "vectors.npy: 3 texts\n"
    np.testing.assert_allclose(np.load("vectors.npy"), vectors, atol=1e-6)
    ended = call(*words, "--out", "vectors.npy")
    assert ended.code == 2
    assert "must not exist already" in ended.stderr
    words += ["--pooling", "mean", "--pooling", "cls"]
    assert call(*words, "--out", "vectors.npz").code == 0
    assert sorted(np.load("vectors.npz")) == ["cls", "mean"]
    line = call("embed", backbone, "--json", *words[2:]).stdout.splitlines()[2]
    assert json.loads(line)["text"] == TEXTS[2]
    assert json.loads(line)["mean"] == pytest.approx(
        vectors[2].tolist(), abs=1e-6
    )


def test_half_a_surrogate_pair(call, folder, backbone):
    """JSON can hold it, and no file."""
    (folder / "half.jsonl").write_text('{"text": "a \\ud800 b"}')
    words = ["embed", backbone, "--file", "half.jsonl"]
    answer = json.loads(call(*words, "--json").stdout)
    assert answer["text"] == "a \ufffd b"
    for name in ("half.out.jsonl", "half.parquet"):
        ended = call(*words, "--out", name)
        assert (ended.code, ended.stderr) == (0, "")


def test_nothing_is_written_of_a_file_that_is_wrong(call, folder, backbone):
    (folder / "texts.csv").write_text("text\none\ntwo,\n")
    ended = call("embed", backbone, "--file", "texts.csv", "--out", "v.npy")
    assert ended.code == 2
    assert "texts.csv:3 must have 1 columns" in ended.stderr
    assert not list(folder.glob("*v.npy*"))


@pytest.mark.parametrize("out", [[], ["--out", "vectors.npy"]])
def test_ctrl_c_keeps_what_is_done(folder, backbone, out):
    """Of a pipe that never ends."""
    command = [sys.executable, "-m", "albert_keras", "embed", backbone]
    with subprocess.Popen(
        [*command, "--json", *out],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdin.write("a text\n" * (256 if out else 64))
        process.stdin.flush()
        partial = folder / ".vectors.npy.partial"
        if out:
            # 64 rows of 16 numbers in the file, and others on their way to it.
            while not partial.exists() or partial.stat().st_size < 64 * 16 * 4:
                assert process.poll() is None
                time.sleep(0.05)
        else:
            for _ in range(64):
                json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in stderr
    if out:
        count = len(np.load("vectors.npy"))
        assert 64 <= count <= 256
        assert f"holds the vectors of the first {count} texts" in stderr
        assert not partial.exists()
    else:
        assert stderr == "Stopped. 64 answers were given.\n"


def test_a_file_shows_how_far_it_is(folder, classifier):
    """On a terminal, which standard error is here."""
    (folder / "many.txt").write_text("a text\n" * 300)
    controller, terminal = os.openpty()
    command = [sys.executable, "-m", "albert_keras", "classify", classifier]
    with subprocess.Popen(
        [*command, "--file", "many.txt"],
        stdout=subprocess.PIPE,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    ) as process:
        os.close(terminal)
        shown = bytearray()

        def watch():
            with contextlib.suppress(OSError):  # the end of a terminal
                while part := os.read(controller, 4096):
                    shown.extend(part)

        # A terminal that nobody reads is soon full.
        watching = threading.Thread(target=watch)
        watching.start()
        lines = process.stdout.read().splitlines()
        watching.join()
    os.close(controller)
    assert len(lines) == 300
    assert b"many.txt" in shown
    assert b"100%" in shown
    assert lines[0] not in shown


def test_a_reader_that_leaves_early_is_no_error(folder, classifier):
    (folder / "many.txt").write_text("a text\n" * 5000)
    command = [sys.executable, "-m", "albert_keras", "classify", classifier]
    with subprocess.Popen(
        [*command, "--file", "many.txt"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": ""},
    ) as process:
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("classify nix a", "'nix', where there is nothing. Models in '.': "),
        ("tag CLASSIFIER a", "an AlbertTextClassifier, which is for `class"),
        ("classify CLASSIFIER a --file texts.txt", "as arguments or by --file"),
        ("classify CLASSIFIER --file absent.txt", "No such file or directory"),
        ("classify CLASSIFIER --file .", "must be a file. Received: ."),
        ("classify CLASSIFIER a --labels x,y", "must be 3 names"),
        ("classify CLASSIFIER --file texts.csv", "the column 'text'"),
        ("classify CLASSIFIER --form xml", "lines, csv, tsv, jsonl"),
        ("classify CLASSIFIER a b --pair c", "with one TEXT. Received: 2"),
        ("classify CLASSIFIER a --max-tokens 99", "between 8 and 24"),
        ("classify CLASSIFIER a --batch-size 0", "must be positive"),
        ("classify CLASSIFIER a --batch-size x", "'--batch-size'"),
        ("classify CLASSIFIER --column text", "must be NAME=COLUMN"),
        ("embed BACKBONE a --pooling max", "mean, cls, pooled"),
        ("embed BACKBONE a --out v.txt", ".npy, .npz, .jsonl, .parquet"),
        (
            "embed BACKBONE a --out v.npy --pooling cls --pooling mean",
            ".npz holds several",
        ),
        ("embed CLASSIFIER a", "which is for `classify`"),
        ("answer CLASSIFIER a --context b", "which is for `classify`"),
        ("answer nix --context b", "must have a QUESTION"),
        ("answer nix a --context b --context-file c", "Received: both"),
        ("answer nix a --context-file absent", "No such file"),
        ("choose nix a --option b", "two --option or more. Received: 1"),
        ("choose nix --option b", "must go with a QUESTION"),
        ("fill-mask CLASSIFIER [MASK]", "which is for `classify`"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    call, folder, classifier, backbone, words, sentence
):
    words = words.replace("CLASSIFIER", classifier).replace(
        "BACKBONE", backbone
    )
    before = sorted(folder.iterdir())
    ended = call(*words.split())
    assert ended.code == 2
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1
    assert ended.stderr.startswith("Error: ")
    assert sentence in ended.stderr
    assert sorted(folder.iterdir()) == before
