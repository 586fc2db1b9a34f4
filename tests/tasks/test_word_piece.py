"""Fine-tuning with the tokenizer of the Chinese models."""

import dataclasses
import json

import pytest
from rich.console import Console
from test_finetuning import SMALL

from albert_keras import inference
from albert_keras.tasks.finetuning import finetune
from albert_keras.tasks.recipes.own import own_recipe
from albert_keras.tasks.start import Start
from albert_keras.text.examples import (
    Examples,
    QuestionExample,
    TaggedExample,
)

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
CONTEXT = "安娜住在巴黎, Anna 住在 Beijing。"


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    folder = tmp_path_factory.mktemp("start")
    pieces = [*SPECIAL, *"安娜住在巴黎誰哪裡？，。,", "anna", "bei", "##jing"]
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n", "utf-8")
    sizes = {**SMALL, "num_hidden_layers": 1, "hidden_size": 16}
    (folder / "small.json").write_text(json.dumps(sizes))
    return Start(
        config=str(folder / "small.json"),
        tokenizer=str(folder / "vocab.txt"),
    )


def run(start, folder, kind, data):
    options = dataclasses.replace(
        own_recipe(kind, len(data)),
        num_train_steps=1,
        num_warmup_steps=0,
        sequence_length=32,
        question_length=8,
    )
    console = Console(quiet=True)
    splits = {"train": data, "dev": data}
    return finetune(options, start, splits, folder, console=console)


def test_answers_are_parts_of_the_passage(start, tmp_path):
    rows = [("安娜住在哪裡？", "巴黎"), ("誰住在巴黎？", "安娜")] * 2
    rows[2] = ("Anna 住在哪裡？", "Beijing")
    examples = tuple(
        QuestionExample(
            *(str(i), question, CONTEXT, (answer,)),
            *((CONTEXT.index(answer),), False, "", f"f:{i}"),
        )
        for i, (question, answer) in enumerate(rows)
    )
    # An answer whose tokens do not show it would be named as a remark.
    result = run(
        start, tmp_path / "run", "question", Examples("question", examples)
    )
    held = result.folder.predictions / "dev" / "nbest_predictions.json"
    for ranked in json.loads(held.read_text("utf-8")).values():
        for each in ranked:
            assert CONTEXT[each["start"] : each["end"]] == each["text"]
    answer = inference.Answer(result.folder.preset, top_k=5)
    for each in answer(rows[0][0], CONTEXT)["answers"]:
        assert CONTEXT[each["start"] : each["end"]] == each["text"]
    again = Start(preset=str(result.folder.preset))
    backbone, tokenizer = again.load(None, "float32")
    assert tokenizer.vocabulary_size() == 21
    assert backbone.hidden_dim == 16


def test_each_word_gets_a_tag(start, tmp_path):
    words = ("Anna", "住在", "Beijing", "安", "☃")
    tags = ("B-PER", "O", "B-LOC", "O", "O")
    examples = (TaggedExample("0", words, tags, "f:0"),) * 2
    examples = (examples[0], dataclasses.replace(examples[1], id="1"))
    data = Examples("tags", examples, ("B-LOC", "B-PER", "O"))
    result = run(start, tmp_path / "run", "tags", data)
    held = json.loads((result.folder.predictions / "dev.json").read_text())
    assert [len(found) for found in held.values()] == [5, 5]
    tagged = inference.Tag(result.folder.preset)(" ".join(words))["words"]
    assert [word["label"] for word in tagged] == held["0"]
