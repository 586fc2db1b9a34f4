"""`albert-keras evaluate squad`, as a user calls it."""

import json
import subprocess
import sys

import pytest


def layout(questions, **more):
    qas = [
        {
            "id": q,
            "question": "Where?",
            "answers": [{"text": t, "answer_start": 0} for t in texts],
        }
        for q, texts in questions.items()
    ]
    paragraph = {"context": "x", "qas": qas}
    return more | {"data": [{"title": "t", "paragraphs": [paragraph]}]}


@pytest.fixture
def evaluate(tmp_path):
    def run(data, predictions, *more, odds=None):
        arguments = []
        for name, value in (
            ("data", data),
            ("predictions", predictions),
            ("null-odds", odds),
        ):
            if value is None:
                continue
            file = tmp_path / f"{name}.json"
            if isinstance(value, bytes):
                file.write_bytes(value)
            else:
                file.write_text(json.dumps(value), "utf-8")
            arguments += [f"--{name}", str(file)]
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "albert_keras",
                "evaluate",
                "squad",
                *arguments,
                *list(more),
            ],
            capture_output=True,
            text=True,
        )

    return run


def test_version_1(evaluate):
    data = layout({"a": ["Paris"], "b": ["Rome"]}, version="1.1")
    done = evaluate(data, {"a": "paris!", "z": "?"})
    assert done.returncode == 0
    assert done.stdout.split() == ["exact_match", "50.000", "f1", "50.000"]
    assert "1 of 2 questions have no prediction" in done.stderr
    assert "1 predictions are for questions" in done.stderr


def test_version_2_with_odds(evaluate):
    data = layout({"a": ["Paris"], "b": []}, version="v2.0")
    given, odds = {"a": "Paris", "b": "Rome"}, {"a": -2, "b": 0.5}
    done = evaluate(data, given, "--json", odds=odds)
    scores = json.loads(done.stdout)
    assert (scores["exact"], scores["best_exact"]) == (50, 100)
    assert scores["best_exact_thresh"] == -2
    done = evaluate(data, given, "--threshold", "0", odds=odds)
    lines = dict(line.split()[:2] for line in done.stdout.splitlines())
    assert lines["exact"] == "100.000"
    assert done.stdout.count("(fitted on these questions)") == 4


@pytest.mark.parametrize(
    ("data", "predictions", "odds", "sentence"),
    [
        (b"{\n\n]", {}, None, "line 3"),
        (b"\xff", {}, None, "UTF-8"),
        (b"[" * 100_000, {}, None, "nested too deeply"),
        ([], {}, None, "SQuAD's layout"),
        ({"data": [{"paragraphs": 3}]}, {}, None, "SQuAD's layout"),
        (layout({1: ["x"]}) | {"data": []}, {}, None, "at least one question"),
        (layout({"a": [3]}), {}, None, "SQuAD's layout"),
        (layout({"a": ["x"]}), ["x"], None, "JSON object"),
        (layout({"a": ["x"]}), {"a": 3}, None, "Question 'a'"),
        (layout({"a": ["x"]}), {"a": "x"}, {"a": 1}, "belongs to SQuAD 2.0"),
        (
            layout({"a": ["x"]}, version="v2.0"),
            {"a": "x"},
            {"a": float("nan")},
            "a finite number",
        ),
        (layout({"a": ["x"]}, version="v2.0"), {}, None, "none for 1 of 1"),
    ],
)
def test_bad_files_are_named_in_one_sentence(
    evaluate, data, predictions, odds, sentence
):
    done = evaluate(data, predictions, odds=odds)
    assert done.returncode == 2
    assert done.stdout == ""
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_question_that_occurs_twice(evaluate):
    data = layout({"a": ["x"]})
    data["data"] *= 2
    done = evaluate(data, {"a": "x"})
    assert (done.returncode, "'a' twice" in done.stderr) == (2, True)
