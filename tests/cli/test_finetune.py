"""`albert-keras finetune`, as a user calls it, on files of one's own."""

import contextlib
import json
import random
import shutil

import pytest
from command_call import call

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
    for name, text in {
        "one.csv": "text,label\na film,1\nthe plot,1\n",
        "none.csv": "text,label\na film,\nthe plot,\n",
        "wrong.csv": "text,label\na film,a||b\n",
        "wrong.jsonl": '{"text": "a film", "label": [[]]}\n',
        "header.csv": "text,label\n",
    }.items():
        (folder / name).write_text(text)
    for name, seed in (("train", 1), ("dev", 2)):
        drawn = random.Random(seed)
        lines = ["review,stars"]
        for _ in range(60):
            label = drawn.choice(["good", "bad"])
            lines.append(f'"{drawn.choice(words[:4])} {label}",{label}')
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    return folder


def finetune(folder, *arguments, start=None):
    start = start or ("--config", "small.json", "--tokenizer", "spiece.model")
    with contextlib.chdir(folder):
        return call("finetune", *arguments, *start, "--cache", "cache")


OWN = (
    *("classification", "--train", "train.csv", "--dev", "dev.csv"),
    *("--column", "text=review", "--column", "label=stars"),
    *("--learning-rate", "0.01", "--sequence-length", "16"),
    *("--batch-size", "8"),
)


def test_own_files_under_two_seeds(folder):
    steps = ("--steps", "60", "--seeds", "1..2", "--out", "seeds")
    done = finetune(folder, *OWN, *steps)
    assert done.code == 0, done.stderr
    held = json.loads((folder / "seeds" / "seeds.json").read_text())
    scores = [run["dev"]["accuracy"] for run in held["runs"].values()]
    found = held["summary"]["dev"]["accuracy"]
    assert found["median"] == sum(scores) / 2
    assert max(scores) > 90  # chance is 50
    assert (found["lowest"], found["highest"]) == (min(scores), max(scores))
    assert done.stdout.startswith(
        f"dev accuracy: median {found['median']:.2f}, from "
        f"{min(scores):.2f} to {max(scores):.2f}\ndev f1_macro: median "
    )
    assert (folder / "seeds" / "seed-2" / "preset").is_dir()
    assert any((folder / "cache").iterdir())
    results = json.loads((folder / "seeds/seed-2/metrics.json").read_text())
    assert results["labels"] == ["bad", "good"]


def test_search_prints_a_table(folder):
    pytest.importorskip("keras_tuner")
    grid = ("--search", "learning_rate=0.01,1e-6", "--steps", "40")
    done = finetune(folder, *OWN, *grid, "--out", "search")
    assert done.code == 0, done.stderr
    rows = json.loads((folder / "search" / "search.json").read_text())
    assert {row["learning_rate"] for row in rows} == {0.01, 1e-6}
    assert rows[0]["score"] >= rows[1]["score"]
    assert len(done.stdout.splitlines()) == 2
    for row, line in zip(rows, done.stdout.splitlines(), strict=True):
        assert f"learning_rate {row['learning_rate']:g}" in line
        assert line.endswith(f"dev accuracy {row['score']:.2f}")


X = ("--out", "x")
WEIGHT = (*OWN, *X, "--class-weight")
FILES = ("--train", "one.csv", *X)


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
        ((*WEIGHT, "good"), "--class-weight must be balanced, CLASS=WEIGHT"),
        ((*WEIGHT, "good=x"), "--class-weight must be balanced, CLASS=WEIGHT"),
        ((*WEIGHT, "goood=2"), "name classes of the training examples"),
        ((*WEIGHT, "good=-1"), "a number of at least 0. Received: -1.0"),
        ((*WEIGHT, "good=nan"), "a number of at least 0. Received: nan"),
        ((*WEIGHT, "good=0,bad=0"), "give a positive weight to a class"),
        ((*WEIGHT, "none.json"), "none.json"),
        (
            ("regression", *FILES, "--class-weight", "balanced"),
            "each text or word has one class",
        ),
        (
            ("multilabel", *FILES, "--class-weight", "balanced"),
            "each text or word has one class",
        ),
        (("classification", *FILES), "at least 2 different labels"),
        (("multilabel", "--train", "none.csv", *X), "at least 1 different"),
        (("multilabel", "--train", "wrong.csv", *X), "separates them by"),
        (("multilabel", "--train", "wrong.jsonl", *X), "a list of labels"),
        (("classification", "--train", "wrong.jsonl", *X), "`multilabel`"),
        (
            ("multilabel", *FILES, "--column", "label=text,label"),
            "must have 1 or 0 in the column 'text'",
        ),
        (("classification", "--train", "header.csv", *X), "must hold examples"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(folder, arguments, said):
    done = finetune(folder, *arguments)
    assert done.code == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "x").exists()


def test_presets_that_are_none(folder, small_models):
    (folder / "empty").mkdir(exist_ok=True)
    bare = folder / "bare"
    small_models["backbone"].save_to_preset(str(bare))
    for preset, said in {
        "nothing": "Received: 'nothing'",
        "empty": "`empty` must hold the weights of an ALBERT",
        "bare": "`bare` must hold a tokenizer, or a vocabulary file",
    }.items():
        start = ("--preset", preset, "--out", "x", "--no-cache")
        done = finetune(folder, *OWN, start=start)
        assert done.code == 2, done.stderr
        assert said in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr
        assert not (folder / "x").exists()


def test_a_bad_file_is_named_with_its_line(folder):
    lines = (folder / "dev.csv").read_text().splitlines()
    lines[7] = "a film,awful"
    (folder / "worse.csv").write_text("\n".join(lines))
    arguments = [a.replace("dev.csv", "worse.csv") for a in OWN]
    done = finetune(folder, *arguments, "--out", "x")
    assert done.code == 2
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
    assert done.code == 0, done.stderr
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
    assert done.code == 0, done.stderr
    assert "odd.tsv:2: a cell begins with a quote, which is" in done.stderr


def write_rows(path, rows):
    lines = [json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n")


def test_a_useless_classifier_is_called_so(folder):
    rows = [{"text": "a film", "label": "o\nk"}] * 19
    rows.append({"text": "a film", "label": "spam"})
    write_rows(folder / "most.jsonl", rows)
    files = ("--train", "most.jsonl", "--dev", "most.jsonl")
    more = ("--steps", "9", "--learning-rate", "0.01", "--warmup-steps", "0")
    words = ("classification", *files, *more, "--out", "most")
    done = finetune(folder, *words, "--sequence-length", "16")
    assert done.code == 0, done.stderr
    assert (
        "dev: every prediction is 'o\\nk', never 'spam' (1 true)."
        in done.stderr
    )
    assert "pass `--class-weight balanced`" in done.stderr
    assert "train: a single example of 'spam'." in done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    baseline = "dev majority baseline 95.000 (always 'o\\nk')"
    assert baseline.split() in lines
    assert ["dev", "o\\nk", "95.000", "100.000", "97.436", "19", "20"] in lines
    assert ["dev", "spam", "1", "0"] in lines  # of the confusion table
    held = json.loads((folder / "most" / "metrics.json").read_text())
    assert held["metrics"]["dev"]["accuracy"] == 95
    report = held["reports"]["dev"]
    assert report["never_predicted"] == ["spam"]
    assert report["confusion"] == {"o\nk": {"o\nk": 19}, "spam": {"o\nk": 1}}


def test_several_labels_for_a_text(folder):
    """The same texts as lists, as cells, and as a column for each label."""
    drawn = random.Random(3)
    rows = []
    for _ in range(8):
        labels = [name for name in ("bad", "good") if drawn.random() < 0.5]
        rows.append({"text": " ".join(["film", *labels]), "label": labels})
    write_rows(folder / "lists.jsonl", rows)
    cells = [f"{row['text']},{'|'.join(row['label'])}" for row in rows]
    (folder / "cells.csv").write_text("\n".join(["text,label", *cells]) + "\n")
    flags = [
        "\t".join([row["text"], *(str(int(n in row["label"])) for n in names)])
        for names in [("bad", "good")]
        for row in rows
    ]
    (folder / "flags.tsv").write_text("\n".join(["text\tbad\tgood", *flags]))
    more = ("--sequence-length", "8", "--steps", "2", "--out", "several")
    files = ("--train", "lists.jsonl", "--dev", "cells.csv")
    done = finetune(folder, "multilabel", *files, *more)
    assert done.code == 0, done.stderr
    held = json.loads((folder / "several" / "metrics.json").read_text())
    assert held["labels"] == ["bad", "good"]
    predicted = (folder / "several/predictions/dev.json").read_text()
    right = [
        given == row["label"]
        for given, row in zip(json.loads(predicted).values(), rows, strict=True)
    ]
    share = 100 * sum(right) / len(right)
    assert share == pytest.approx(held["metrics"]["dev"]["exact_match"])
    saved = json.loads((folder / "several/preset/task.json").read_text())
    assert saved["config"]["labels"] == ["bad", "good"]
    assert saved["config"]["problem_type"] == "multi_label_classification"

    from albert_keras.tasks.readers.own import read_file

    columns = {"label": ["bad", "good"]}
    read = [
        read_file(folder / name, "multilabel", given)
        for name, given in (
            ("lists.jsonl", None),
            ("cells.csv", None),
            ("flags.tsv", columns),
        )
    ]
    labels = [[example.label for example in each] for each in read]
    assert labels[0] == labels[1] == labels[2]
    assert labels[0][0] == tuple(
        int(n in rows[0]["label"]) for n in ("bad", "good")
    )


def test_what_is_truncated_is_counted(folder):
    rows = [
        {"text": "a film " * n, "label": "ab"[n % 2]} for n in (1, 2, 9, 12)
    ]
    write_rows(folder / "long.jsonl", rows)
    words = ("classification", "--train", "long.jsonl", "--steps", "1")
    done = finetune(
        folder, *words, "--sequence-length", "16", "--out", "truncated"
    )
    assert done.code == 0, done.stderr
    assert (
        "train: 2 of 4 examples were truncated to 16 tokens "
        "(`--sequence-length`); the first: long.jsonl:3." in done.stderr
    )
    rows[1]["text"] = "a film " * 40
    write_rows(folder / "longer.jsonl", rows)
    done = finetune(
        folder, "classification", "--train", "longer.jsonl", "--out", "x"
    )
    assert done.code == 2
    last = done.stderr.splitlines()[-1]
    assert "takes at most 32 tokens; pass `--sequence-length 32`" in last
    assert last.endswith("tokens (longer.jsonl:2).")
    assert not (folder / "x").exists()


def test_a_run_begins_from_another_that_was_stopped(folder):
    first = finetune(folder, *OWN, "--steps", "1", "--out", "first")
    assert first.code == 0, first.stderr
    shutil.rmtree(folder / "first" / "preset")
    start = ("--preset", "first/checkpoints/step_00000001.npz", "--no-cache")
    words = (*OWN, "--steps", "1", "--out", "second")
    done = finetune(folder, *words, start=start)
    assert done.code == 0, done.stderr
    assert (folder / "second" / "preset").is_dir()
    with contextlib.chdir(folder):
        done = call("classify", "first", "a good film", "--json")
    assert json.loads(done.stdout)["label"] in ("bad", "good")
