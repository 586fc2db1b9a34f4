"""A run on sentences whose class and tags a small model can learn."""

import csv
import dataclasses
import json
import sys
import time
import zipfile

import numpy as np
import own_process
import pytest

from albert_keras.tasks.recipes import TASKS, recipe
from albert_keras.text.examples import (
    ChoiceExample,
    Examples,
    QuestionExample,
    TaggedExample,
    TextExample,
)

SMALL = {
    "vocab_size": 200,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "embedding_size": 16,
    "max_position_embeddings": 64,
    "initializer_range": 0.2,
    "hidden_dropout_prob": 0.1,
    "attention_probs_dropout_prob": 0.1,
}


def texts(count, seed, labelled=True):
    rng = np.random.default_rng(seed)
    made = []
    for i in range(count):
        label = int(rng.integers(2))
        words = rng.choice(["a", "the", "film", "plot"], rng.integers(2, 9))
        text = " ".join([*words, "good" if label else "bad"])
        label = label if labelled else None
        made.append(TextExample(str(i), text, None, label, f"f:{i}"))
    return Examples("text", tuple(made), ("negative", "positive"))


def tagged(count, seed):
    rng = np.random.default_rng(seed)
    made = []
    for i in range(count):
        words = rng.choice(["saw", "Anna", "the", "Paris"], rng.integers(2, 9))
        names = {"Anna": "B-PER", "Paris": "B-LOC"}
        tags = tuple(names.get(w, "O") for w in words)
        words = tuple(map(str, words))
        made.append(TaggedExample(str(i), words, tags, f"f:{i}"))
    return Examples("tags", tuple(made), ("B-LOC", "B-PER", "O"))


def questions(count, seed, possible=1.0):
    """Whom was seen? The name is in the passage, or it is not."""
    rng = np.random.default_rng(seed)
    made = []
    for i in range(count):
        words = [str(w) for w in rng.choice(["a", "the", "film", "plot"], 7)]
        answers, starts = (), ()
        if rng.random() < possible:
            place = int(rng.integers(1, 6))
            words[place] = str(rng.choice(["Anna", "Paris"]))
            answers = (words[place],)
            starts = (len(" ".join([*words[:place], ""])),)
        made.append(
            QuestionExample(
                f"q{i}",
                "saw the",
                " ".join(words),
                answers,
                starts,
                not answers,
                "",
                f"f:{i}",
            )
        )
    return Examples("question", tuple(made))


def choices(count, seed):
    """The option that the passage holds is right."""
    rng = np.random.default_rng(seed)
    made = []
    for i in range(count):
        label = int(rng.integers(2))
        options = ("good", "bad")
        words = rng.choice(["a", "the", "film", "plot"], 4)
        context = " ".join([*map(str, words), options[label]])
        group = "high" if i % 2 else "middle"
        made.append(
            ChoiceExample(
                f"c{i}", context, "the film _", options, label, group, f"f:{i}"
            )
        )
    return Examples("choice", tuple(made))


@pytest.fixture(scope="module")
def start(tmp_path_factory, tiny_vocabulary):
    from albert_keras.tasks.start import Start

    folder = tmp_path_factory.mktemp("start")
    words = ["a", "the", "film", "plot", "good", "bad", "saw", "anna", "paris"]
    vocabulary = tiny_vocabulary(*words)
    (folder / "small.json").write_text(json.dumps(SMALL))
    return Start(
        config=str(folder / "small.json"),
        tokenizer=str(vocabulary),
    )


def options(task="sst2", **changes):
    settings = {
        "learning_rate": 3e-3,
        "batch_size": 16,
        "num_train_steps": 60,
        "num_warmup_steps": 6,
        "sequence_length": 32,
        "dropout": 0.1,
        "eval_every": 30,
        "checkpoint_every": 20,
    }
    return dataclasses.replace(recipe(task), **{**settings, **changes})


def run(start, folder, kind="text", resume=False, **changes):
    from rich.console import Console

    from albert_keras.tasks.finetuning import finetune

    data = {
        "text": {
            "train": texts(200, 1),
            "dev": texts(37, 2),
            "test": texts(21, 3, labelled=False),
        },
        "tags": {"train": tagged(200, 1), "dev": tagged(37, 2)},
        "question": {"train": questions(300, 1), "dev": questions(37, 2)},
        "impossible": {
            "train": questions(300, 1, 0.6),
            "dev": questions(37, 2, 0.6),
        },
        "choice": {"train": choices(300, 1), "dev": choices(37, 2)},
    }[kind]
    task = {
        "text": "sst2",
        "tags": "conll2003",
        "question": "squad1",
        "impossible": "squad2",
        "choice": "race",
    }[kind]
    return finetune(
        options(task, **changes),
        start,
        data,
        folder,
        resume=resume,
        console=Console(quiet=True),
    )


def test_learns_classes_twice_the_same_and_writes_all(start, tmp_path):
    longer = {
        "num_train_steps": 300,
        "num_warmup_steps": 30,
        "learning_rate": 5e-3,
        "dropout": 0.0,
    }
    first = run(start, tmp_path / "one", **longer)
    assert first.metrics["dev"]["accuracy"] > 95  # chance is 50
    second = run(start, tmp_path / "two", **longer)
    for name in ("metrics.json", "predictions/test.json"):
        assert (tmp_path / "one" / name).read_bytes() == (
            tmp_path / "two" / name
        ).read_bytes()
    assert (tmp_path / "one" / "metrics.csv").read_text() == (
        tmp_path / "two" / "metrics.csv"
    ).read_text()

    predicted = json.loads((tmp_path / "one/predictions/dev.json").read_text())
    examples = texts(37, 2).examples
    right = [
        predicted[e.id] == ("positive" if e.label else "negative")
        for e in examples
    ]
    assert 100 * np.mean(right) == pytest.approx(
        first.metrics["dev"]["accuracy"]
    )

    with zipfile.ZipFile(tmp_path / "one" / "submission.zip") as archive:
        assert archive.namelist() == ["SST-2.tsv"]
        rows = list(
            csv.reader(
                archive.read("SST-2.tsv").decode().splitlines(), delimiter="\t"
            )
        )
    assert rows[0] == ["index", "prediction"]
    assert [row[0] for row in rows[1:]] == [str(i) for i in range(21)]

    import albert_keras as ak

    loaded = ak.AlbertTextClassifier.from_preset(tmp_path / "one" / "preset")
    scores = loaded.predict([e.text for e in examples], verbose=0)
    names = ["negative", "positive"]
    assert [names[i] for i in scores.argmax(-1)] == list(predicted.values())
    assert second.num_trained == first.num_trained

    card = (tmp_path / "one" / "preset" / "README.md").read_text("utf-8")
    assert "sst2, train: 200 examples" in card
    assert f"accuracy | {first.metrics['dev']['accuracy']:.4g} |" in card


def test_learns_tags(start, tmp_path):
    result = run(start, tmp_path / "tags", "tags")
    assert result.metrics["dev"]["f1"] > 90


def test_economies_train_less(start, tmp_path):
    short = {"num_train_steps": 2, "num_warmup_steps": 0}
    whole = run(start, tmp_path / "whole", **short)
    head = run(start, tmp_path / "head", freeze_encoder=True, **short)
    lora = run(start, tmp_path / "lora", lora_rank=2, **short)
    # The output alone: two classes of 32 weights and a bias.
    assert head.num_trained == 2 * 33
    # Query, key and value are one matrix [32, 96]: [32, 2] times [2, 96], and
    # the bias beside it.
    assert lora.num_trained == 2 * 33 + 2 * 32 + 2 * 96 + 96
    assert whole.num_trained > lora.num_trained
    import keras

    import albert_keras as ak

    # The adapter holds all that was trained, the head too.
    keras.utils.set_random_seed(options().seed)
    backbone, _ = start.load(0.1, "float32")
    again = ak.AlbertTextClassifier(backbone, num_classes=2)
    again.load_lora_weights(lora.folder.adapter)
    ids = {
        "token_ids": np.array([[2, 7, 8, 3]]),
        "segment_ids": np.zeros((1, 4), "int32"),
        "padding_mask": np.ones((1, 4), "int32"),
    }
    np.testing.assert_allclose(
        again.predict(ids, verbose=0),
        lora.model.predict(ids, verbose=0),
        atol=1e-5,
    )
    # Saved, the additions are part of the weights.
    loaded = ak.AlbertTextClassifier.from_preset(lora.folder.preset)
    assert loaded.count_params() == whole.model.count_params()
    sentences = [example.text for example in texts(37, 2)]
    np.testing.assert_allclose(
        loaded.predict(sentences, verbose=0),
        lora.model.predict(sentences, verbose=0),
        atol=1e-5,
    )


@pytest.mark.slow
def test_killed_and_resumed_comes_to_the_same(start, tmp_path):
    whole = run(start, tmp_path / "whole")
    killed = tmp_path / "killed"
    program = tmp_path / "program.py"
    program.write_text(
        f"import sys; sys.path[:0] = {sys.path}\n"
        "from test_finetuning import run\n"
        "from albert_keras.tasks.start import Start\n"
        f"start = Start(config={str(start.config)!r},\n"
        f"    tokenizer={str(start.tokenizer)!r})\n"
        f"run(start, {str(killed)!r})\n"
    )
    process = own_process.start([sys.executable, program])
    checkpoint = killed / "checkpoints" / "step_00000020.npz"
    while not checkpoint.exists() and process.exitcode is None:
        time.sleep(0.01)
    own_process.stop(process)
    assert checkpoint.exists()
    resumed = run(start, killed, resume=True)
    assert resumed.metrics == whole.metrics
    assert (killed / "metrics.csv").read_text() == (
        whole.folder.metrics.read_text()
    )
    with pytest.raises(ValueError, match=r"Received: seed=7"):
        run(start, killed, resume=True, seed=7)
    with pytest.raises(FileExistsError, match="holds a run already"):
        run(start, killed)


LONGER = {
    "num_train_steps": 300,
    "num_warmup_steps": 30,
    "learning_rate": 5e-3,
    "dropout": 0.0,
}


def test_learns_answers(start, tmp_path):
    result = run(start, tmp_path / "run", "question", stride=4, **LONGER)
    assert result.metrics["dev"]["exact_match"] > 80  # a word of 7 is 14
    held = tmp_path / "run" / "predictions" / "dev"
    predicted = json.loads((held / "predictions.json").read_text())
    nbest = json.loads((held / "nbest_predictions.json").read_text())
    assert not (held / "null_odds.json").exists()
    examples = questions(37, 2)
    assert list(predicted) == [e.id for e in examples]
    for e in examples:
        best = nbest[e.id][0]
        assert predicted[e.id] == best["text"]
        assert best["text"] == e.context[best["start"] : best["end"]]


def test_learns_that_there_is_no_answer(start, tmp_path):
    result = run(start, tmp_path / "run", "impossible", **LONGER)
    scores = result.metrics["dev"]
    assert scores["exact"] > 75  # of answering nothing about 40
    assert scores["best_f1"] >= scores["f1"]
    held = tmp_path / "run" / "predictions" / "dev"
    predicted = json.loads((held / "predictions.json").read_text())
    odds = json.loads((held / "null_odds.json").read_text())
    assert all((predicted[q] == "") == (odds[q] >= 0) for q in odds)


def test_learns_choices(start, tmp_path):
    more = {"question_length": 8, **LONGER}
    result = run(start, tmp_path / "run", "choice", **more)
    assert result.metrics["dev"]["all"] > 90  # chance is 50
    assert result.metrics["dev"].keys() == {"middle", "high", "all"}
    held = tmp_path / "run" / "predictions" / "dev.json"
    assert set(json.loads(held.read_text()).values()) <= {"A", "B"}


def test_recipes_are_those_of_run_glue():
    # google-research/albert, run_glue.sh: rate, steps, warm-up, batch.
    original = {
        "cola": (1e-5, 5336, 320, 16),
        "stsb": (2e-5, 3598, 214, 16),
        "sst2": (1e-5, 20935, 1256, 32),
        "mnli": (3e-5, 10000, 1000, 128),
        "qnli": (1e-5, 33112, 1986, 32),
        "qqp": (5e-5, 14000, 1000, 128),
        "rte": (3e-5, 800, 200, 32),
        "mrpc": (2e-5, 800, 200, 32),
    }
    for task in TASKS:
        found = recipe(task)
        assert found.task == task
        if task in original:
            assert original[task] == (
                found.learning_rate,
                found.num_train_steps,
                found.num_warmup_steps,
                found.batch_size,
            )
    with pytest.raises(ValueError, match=r"Received: task='sst3'"):
        recipe("sst3")
