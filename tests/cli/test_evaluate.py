"""`albert-keras evaluate`, as a user calls it."""

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
    assert "1 predictions are for ids" in done.stderr


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


@pytest.fixture
def score(tmp_path):
    """Writes files, runs a command on them, returns what it did."""

    def run(*arguments, **files):
        for name, text in files.items():
            name = name.replace("_", ".")
            (tmp_path / name).write_text(text, "utf-8")
        return subprocess.run(
            [sys.executable, "-m", "albert_keras", "evaluate", *arguments],
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )

    return run


MRPC = "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n" + "".join(
    f"{label}\t1\t2\ta\tb\n" for label in (1, 1, 0)
)


def test_glue_from_a_submission_and_from_json(score):
    files = ("--data", "dev.tsv", "--predictions")
    tsv = "index\tprediction\n2\t1\n0\t1\n1\t0\n"
    done = score("glue", "mrpc", *files, "p.tsv", dev_tsv=MRPC, p_tsv=tsv)
    assert done.stdout.split() == ["accuracy", "33.333", "f1", "50.000"]
    given = json.dumps({"0": "1", "1": "0", "2": "1", "9": "1"})
    done = score("glue", "mrpc", *files, "p.json", "--json", p_json=given)
    scores = json.loads(done.stdout)
    assert scores == {"accuracy": pytest.approx(100 / 3), "f1": 50}
    assert "1 predictions are for ids" in done.stderr


@pytest.mark.parametrize(
    ("task", "predictions", "said"),
    [
        ("mrpc", "{}", "none for 3 of 3, the first id '0', which is dev.tsv:2"),
        ("mrpc", '{"0": "1", "1": "0", "2": "yes"}', "'yes' for '2'"),
        ("mrpc", "[]", "Received: a list"),
        ("mrpc", "{", "must be JSON, or end with .tsv"),
        ("ax", "{}", "TASK must be one of cola"),
    ],
)
def test_faults_of_glue_predictions(score, task, predictions, said):
    done = score(
        *("glue", task, "--data", "dev.tsv", "--predictions", "p.json"),
        dev_tsv=MRPC,
        p_json=predictions,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_race(score, tmp_path):
    for group, answer in (("middle", "A"), ("high", "B")):
        folder = tmp_path / "dev" / group
        folder.mkdir(parents=True)
        passage = {
            "id": f"{group}1.txt",
            "article": "x",
            "questions": ["?"],
            "options": [["a", "b", "c", "d"]],
            "answers": [answer],
        }
        (folder / "1.txt").write_text(json.dumps(passage))
    given = json.dumps({"middle1.txt-0": "A", "high1.txt-0": "C"})
    files = ("--data", ".", "--split", "dev", "--predictions", "p.json")
    done = score("race", *files, "--json", p_json=given)
    assert json.loads(done.stdout) == {"middle": 100, "high": 0, "all": 50}


def test_conll_in_columns_and_in_json(score):
    data = "Ada X B-PER\ncame X O\n\nRome X B-LOC\n"
    files = ("--data", "t.txt", "--json", "--predictions")
    given = data.replace("B-LOC", "O")
    done = score("conll", *files, "p.txt", t_txt=data, p_txt=given)
    scores = json.loads(done.stdout)
    assert (scores["precision"], scores["recall"]) == (100, 50)
    tags = json.dumps({"0": ["B-PER", "O"], "1": ["B-LOC"]})
    done = score("conll", *files, "p.json", p_json=tags)
    assert json.loads(done.stdout)["f1"] == 100
    for given in (data + "\nx X O\n", data.replace("Rome", "Pisa")):
        done = score("conll", *files, "p.txt", p_txt=given)
        assert done.returncode == 2
        assert "must have" in done.stderr
