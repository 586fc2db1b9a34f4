"""What does not fit is counted, and said once on standard error."""

import json

import pytest
from command_call import call

from albert_keras import notes
from albert_keras.inference import Answer, Choose, Classify, Embed, Tag

LONG = "a parser of arguments " * 20


def said(capsys):
    return [
        line.removeprefix("Note: ")
        for line in capsys.readouterr().err.splitlines()
        if "truncated" in line
    ]


@pytest.mark.parametrize("form", ["preset", "saved_model", "tflite"])
def test_texts_of_every_form(model_form, capsys, form):
    path = model_form("classifier", form)
    classify = Classify(path)
    classify("a parser")
    assert said(capsys) == []
    classify([LONG, "a parser", LONG])
    classify([LONG, "a parser", LONG])  # the same is said once
    most = f"24 tokens, the maximum of {classify.model.source}."
    assert said(capsys) == [f"2 of 3 texts were truncated to {most}"]
    Classify(path, max_tokens=8)(LONG)
    assert said(capsys) == [
        "1 of 1 texts was truncated to 8 tokens; `max_tokens` "
        "(`--max-tokens`) can be up to 24."
    ]


def test_other_tasks(small_models, small_tokenizer, capsys):
    Embed(small_models["backbone"], small_tokenizer, max_tokens=16)([LONG, "a"])
    assert said(capsys)[0].startswith("1 of 2 texts was truncated to 16 tok")
    tag = Tag(small_models["tagger"])
    tag(LONG)  # continues in more rows
    assert said(capsys) == []
    tag(LONG.replace(" ", ""))
    assert said(capsys)[0].startswith("1 of 1 texts was truncated to 16 tok")
    choose = Choose(small_models["chooser"])
    choose("Where?", ["Here.", "There."], "a parser")
    assert said(capsys) == []
    choose(["Where?"] * 2, [["Here.", "There."]] * 2, [LONG, "a"])
    (one,) = said(capsys)
    assert one.startswith("1 of 2 questions was truncated to 28 tokens")
    answer = Answer(small_models["reader"])
    answer("Where?", LONG)  # a passage is read in windows
    assert said(capsys) == []
    answer(LONG, "a parser")
    assert said(capsys) == ["1 of 1 questions was truncated to 15 tokens."]


def test_commands_say_it_beside_their_answers(model_form, tmp_path):
    path = str(model_form("classifier", "tflite"))
    (tmp_path / "texts.txt").write_text(f"{LONG}\na parser\n{LONG}\n")
    note = "2 of 3 texts were truncated to 24 tokens"
    done = call(
        "classify", path, "--file", str(tmp_path / "texts.txt"), "--json"
    )
    assert done.code == 0, done.stderr
    assert done.stderr.count(note) == 1
    assert len([json.loads(line) for line in done.stdout.splitlines()]) == 3
    notes._said.clear()
    done = call("classify", path, LONG)
    assert "1 of 1 texts was truncated" in done.stderr
    assert len(done.stdout.splitlines()) == 1
