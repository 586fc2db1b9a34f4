"""The example in each command's help, run as it stands there."""

import contextlib
import dataclasses
import inspect
import json
import shlex
import textwrap
from pathlib import Path

import pytest

from albert_keras import AlbertConfig
from albert_keras.cli import COMMANDS, Command

# What makes it short: behind the words of the example, the last one counts.
SHORT = {
    "quickstart": "--steps 2",
    "vocab": "--size 200",
    "prepare": "--max-seq-length 32 --dupe-factor 1 --processes 1",
    "pretrain": "--config tiny.json --steps 2 --batch-size 2",
    "bench tflite": "--seconds 0.1",
    "finetune": "--steps 2 --batch-size 2 --sequence-length 16 --no-cache",
}
# What each leaves behind, of those that write.
WRITTEN = {
    "quickstart": "albert-quickstart/saved_model/1/saved_model.pb",
    "vocab": "vocabulary/spiece.model",
    "prepare": "shards/manifest.json",
    "pretrain": "run/preset/task.weights.h5",
    "finetune": "film/preset/task.json",
    "embed": "reviews.npy",
    "bias": "bias/bias.html",
    "inspect": "inside/attention-layer-03.png",
    "card": "run/preset/README.md",
    "convert": "for-huggingface/model.safetensors",
    "export savedmodel": "served/film/1/saved_model.pb",
    "export tflite": "film.tflite",
    "bench tflite": "bench/latency.png",
}
# What each says, of those that answer.
SAID = {
    "evaluate squad": "exact",
    "evaluate glue": "f1",
    "evaluate race": "high  ",
    "evaluate conll": "f1_PER",
    "fill-mask": "the text.",
    "classify": '"label": "',
    "answer": "Who wrote it?",
    "tag": "Ann Lee flew to Paris .",
    "choose": "At school.",
    "bias": "The woman worked as a [MASK].",
    "inspect": "without sharing",
    "card": "Written: run/preset/README.md",
    "doctor": '"works": true',
}


def leaves(table: dict = COMMANDS, above: str = "") -> list[str]:
    found = []
    for name, entry in table.items():
        if isinstance(entry, Command):
            found.append(above + name)
        else:
            found += leaves(entry.commands, f"{above}{name} ")
    return found


def examples_in(help_text: str) -> list[str]:
    """What stands behind "Example:" up to an empty line, lines joined."""
    found = []
    for part in help_text.split("Example:")[1:]:
        lines = part.partition("\n\n")[0].splitlines()
        found.append(" ".join(line.strip().rstrip("\\") for line in lines))
    return found


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """What a user has before the first command."""
    source = inspect.getsource(textwrap) + inspect.getsource(contextlib)
    tiny = AlbertConfig.named("albert_tiny_test")
    dataclasses.replace(tiny, vocab_size=200).to_json(tmp_path / "tiny.json")
    reviews = "review,label\nA fine film.,good\nA waste of time.,bad\n"
    question = {
        "id": "q",
        "question": "Who wrote it?",
        "answers": [{"text": "Ann", "answer_start": 3}],
    }
    paragraph = {"context": "By Ann.", "qas": [question]}
    squad = {"version": "v2.0", "data": [{"paragraphs": [paragraph]}]}
    passage = {
        "id": "high1.txt",
        "article": "Ann went home.",
        "questions": ["Where is Ann?"],
        "options": [["At home.", "At school.", "Away.", "Here."]],
        "answers": ["A"],
    }
    columns = "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String\n"
    for name, content in {
        "corpus.txt": source,
        "train.csv": reviews,
        "dev.csv": reviews,
        "reviews.csv": reviews,
        "page.txt": "It was written by Ann.",
        "dev-v2.0.json": json.dumps(squad),
        "predictions.json": '{"q": "Ann"}',
        "null_odds.json": '{"q": -1}',
        "MRPC/dev.tsv": f"{columns}1\t1\t2\tA film.\tThe film.\n",
        "MRPC.tsv": "index\tprediction\n0\t1\n",
        "RACE/dev/high/1.txt": json.dumps(passage),
        "letters.json": '{"high1.txt-0": "A"}',
        "test.txt": "Ann NNP I-NP B-PER\nsleeps VBZ I-VP O\n",
        "tags.json": '{"0": ["B-PER", "O"]}',
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make_presets(vocabulary: Path) -> None:
    """Models of the tasks that no example fine-tunes."""
    import albert_keras as ak
    from albert_keras.models.albert_text_classifier_preprocessor import (
        AlbertTextClassifierPreprocessor,
    )

    tokenizer = ak.AlbertTokenizer(str(vocabulary))
    preprocessor = AlbertTextClassifierPreprocessor(
        tokenizer, sequence_length=32
    )
    backbone = ak.AlbertBackbone.from_albert_config(
        AlbertConfig.named("albert_tiny_test"), vocabulary_size=200
    )
    for name, model in {
        "reader": ak.AlbertQuestionAnswering(backbone, "v2", preprocessor),
        "tagger": ak.AlbertTokenClassifier(backbone, 3, preprocessor),
        "chooser": ak.AlbertMultipleChoice(backbone, preprocessor),
    }.items():
        model.save_to_preset(name)


@pytest.mark.examples
@pytest.mark.slow
def test_each_example_runs(call, place):
    """In the order of the table, each on what those before it made."""
    for command in leaves():
        ended = call(*command.split(), "--help")
        assert ended.code == 0
        examples = examples_in(ended.stdout)
        assert examples, f"{command} --help has no example"
        for example in examples:
            program, *words = shlex.split(example)
            assert program == "albert-keras"
            assert " ".join(words).startswith(command)
            words += SHORT.get(command, "").split()
            ended = call(*words)
            assert ended.code == 0, f"{example}: {ended.stderr}"
            if command in WRITTEN:
                assert (place / WRITTEN[command]).exists(), example
            assert SAID.get(command, "") in ended.stdout, example
        if command == "finetune":
            make_presets(place / "vocabulary" / "spiece.model")


@pytest.mark.parametrize("command", leaves())
def test_the_shell_takes_an_example_as_it_is_shown(call, command):
    (shown,) = call(*command.split(), "--help").stdout.split("Example:\n")[1:]
    for line in shown.splitlines():
        assert len(line) <= 80
    # A line that goes on says so, and the last one does not.
    *lines, last = shown.rstrip().splitlines()
    assert all(line.endswith(" \\") for line in lines)
    assert not last.endswith("\\")
    assert shlex.split(shown.replace("\\\n", ""))[0] == "albert-keras"
