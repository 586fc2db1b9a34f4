"""`albert-keras finetune`, as a user calls it, on files of one's own."""

import json
import random
import subprocess
import sys

import pytest

SIZES = {
    "vocab_size": 64,
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "embedding_size": 8,
    "max_position_embeddings": 32,
    "initializer_range": 0.2,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tiny_vocabulary):
    """With a tokenizer, sizes of a model, and reviews in train and dev."""
    folder = tmp_path_factory.mktemp("finetune")
    words = ["a", "the", "film", "plot", "good", "bad"]
    tiny_vocabulary(*words).rename(folder / "spiece.model")
    (folder / "small.json").write_text(json.dumps(SIZES))
    for name, seed in (("train", 1), ("dev", 2)):
        drawn = random.Random(seed)
        lines = ["review,stars"]
        for _ in range(60):
            label = drawn.choice(["good", "bad"])
            lines.append(f'"{drawn.choice(words[:4])} {label}",{label}')
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    return folder


def finetune(folder, *arguments):
    return subprocess.run(
        [
            *(sys.executable, "-m", "albert_keras", "finetune"),
            *arguments,
            *("--config", "small.json", "--tokenizer", "spiece.model"),
            *("--cache", "cache"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
    )


OWN = (
    *("classification", "--train", "train.csv", "--dev", "dev.csv"),
    *("--column", "text=review", "--column", "label=stars"),
    *("--learning-rate", "0.01", "--sequence-length", "16"),
    *("--batch-size", "8"),
)


def test_own_files_under_two_seeds(folder):
    steps = ("--steps", "60", "--seeds", "1..2", "--out", "seeds")
    done = finetune(folder, *OWN, *steps)
    assert done.returncode == 0, done.stderr
    held = json.loads((folder / "seeds" / "seeds.json").read_text())
    scores = [run["dev"]["accuracy"] for run in held["runs"].values()]
    found = held["summary"]["dev"]["accuracy"]
    assert found["median"] == sum(scores) / 2
    assert max(scores) > 90  # chance is 50
    assert (found["lowest"], found["highest"]) == (min(scores), max(scores))
    assert done.stdout == (
        f"dev accuracy: median {found['median']:.2f}, from "
        f"{min(scores):.2f} to {max(scores):.2f}\n"
    )
    assert (folder / "seeds" / "seed-2" / "preset").is_dir()
    assert any((folder / "cache").iterdir())
    results = json.loads((folder / "seeds/seed-2/metrics.json").read_text())
    assert results["labels"] == ["bad", "good"]


def test_search_prints_a_table(folder):
    pytest.importorskip("keras_tuner")
    grid = ("--search", "learning_rate=0.01,1e-6", "--steps", "40")
    done = finetune(folder, *OWN, *grid, "--out", "search")
    assert done.returncode == 0, done.stderr
    rows = json.loads((folder / "search" / "search.json").read_text())
    assert {row["learning_rate"] for row in rows} == {0.01, 1e-6}
    assert rows[0]["score"] >= rows[1]["score"]
    assert len(done.stdout.splitlines()) == 2
    for row, line in zip(rows, done.stdout.splitlines(), strict=True):
        assert f"learning_rate {row['learning_rate']:g}" in line
        assert line.endswith(f"dev accuracy {row['score']:.2f}")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("sst3", "--out", "x"), "TASK must be one of cola, sst2"),
        (("sst2", "--out", "x"), "sst2 needs --data"),
        (("sst2", "--data", "none", "--out", "x"), "no such file"),
        (("tags", "--out", "x"), "tags needs --train"),
        ((*OWN, "--out", "x", "--column", "text"), "must be NAME=COLUMN"),
        ((*OWN, "--out", "x", "--column", "txt=a"), "must be among text, lab"),
        ((*OWN, "--out", "x", "--seeds", "a"), "--seeds must be whole numbers"),
        ((*OWN, "--out", "x", "--search", "lr=1"), "A search must name some"),
        ((*OWN, "--out", "x", "--search", "lr=x"), "NAME=A,B with numbers"),
        ((*OWN, "--out", "x", "--steps", "0"), "`num_train_steps` must be at"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(folder, arguments, said):
    done = finetune(folder, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "x").exists()


def test_presets_that_are_none(folder):
    (folder / "empty").mkdir(exist_ok=True)
    bare = folder / "bare"
    bare.mkdir(exist_ok=True)
    (bare / "config.json").write_text("{}")
    for preset, said in {
        "nothing": "A preset must be a folder written by `save_to_preset`",
        "empty": "Preset `empty` must hold a config.json",
        "bare": "must hold a SentencePiece tokenizer",
    }.items():
        done = subprocess.run(
            [
                *(sys.executable, "-m", "albert_keras", "finetune", *OWN),
                *("--preset", preset, "--out", "x", "--no-cache"),
            ],
            cwd=folder,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 2, done.stderr
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert not (folder / "x").exists()


def test_a_run_begins_from_the_preset_of_another(folder):
    first = finetune(folder, *OWN, "--steps", "1", "--out", "first")
    assert first.returncode == 0, first.stderr
    done = subprocess.run(
        [
            *(sys.executable, "-m", "albert_keras", "finetune", *OWN),
            *("--preset", "first/preset", "--steps", "1", "--out", "second"),
            "--no-cache",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (folder / "second" / "preset").is_dir()


def test_a_bad_file_is_named_with_its_line(folder):
    lines = (folder / "dev.csv").read_text().splitlines()
    lines[7] = "a film,awful"
    (folder / "worse.csv").write_text("\n".join(lines))
    arguments = [a.replace("dev.csv", "worse.csv") for a in OWN]
    done = finetune(folder, *arguments, "--out", "x")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "Error: worse.csv:8 must have one of bad, good as its label. Received: "
        "'awful'."
    )


def test_a_fitted_threshold_is_called_so(folder):
    rows = [
        {"question": "a good", "context": "the film plot", "answer": answer}
        for answer in ("film", "")
    ]
    text = "\n".join(map(json.dumps, rows * 4)) + "\n"
    (folder / "questions.jsonl").write_text(text)
    files = ("--train", "questions.jsonl", "--dev", "questions.jsonl")
    more = ("--sequence-length", "16", "--steps", "2", "--out", "questions")
    done = finetune(folder, "question", *files, *more)
    assert done.returncode == 0, done.stderr
    lines = [line.split(maxsplit=3) for line in done.stdout.splitlines()]
    assert ["dev", "total", "8"] in lines
    fitted = {name for _, name, _, *note in lines if note}
    names = ("exact", "exact_thresh", "f1", "f1_thresh")
    assert fitted == {f"best_{name}" for name in names}


def test_what_is_odd_in_a_file_is_said(folder):
    rows = ["review\tstars", '"the film\tgood', "a plot\tbad"]
    (folder / "odd.tsv").write_text("\n".join(rows) + "\n")
    arguments = [a.replace("train.csv", "odd.tsv") for a in OWN]
    done = finetune(folder, *arguments, "--steps", "1", "--out", "odd")
    assert done.returncode == 0, done.stderr
    assert "odd.tsv:2: a cell begins with a quote, which is" in done.stderr
