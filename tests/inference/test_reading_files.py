import gzip
import json
from pathlib import Path

import pytest

from albert_keras.inference.reading import read_examples


@pytest.fixture
def file(tmp_path):
    def written(name, content):
        path = tmp_path / name
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(gzip.compress(data) if name.endswith("gz") else data)
        return path

    return written


def test_lines_are_texts_empty_ones_as_well(file):
    path = file("texts.txt.gz", '\ufefffirst\r\n\nthird, "quoted"\n')
    found = list(read_examples(path, "text"))
    assert [e.text for e in found] == ["first", "", 'third, "quoted"']
    assert [e.source for e in found] == [f"{path}:{n}" for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", 'id,review,second\n7,"one, two",b\n8,"a\nb",\n'),
        ("a.tsv", "id\treview\tsecond\n7\tone, two\tb\n8\ta b\t\n"),
        (
            "a.jsonl.gz",
            '{"id": 7, "review": "one, two", "second": "b"}\n\n'
            '{"id": 8, "review": "a b", "second": ""}\n',
        ),
    ],
)
def test_columns_by_their_names(file, name, content):
    path = file(name, content)
    columns = {"text": "review", "pair": "second"}
    first, second = read_examples(path, "pair", columns)
    assert (first.id, first.text, first.pair) == ("7", "one, two", "b")
    assert (second.text.split(), second.pair) == (["a", "b"], "")


def test_questions_and_choices(file):
    path = file("q.csv", "question,context,a,b\nwho?,Ann did.,Ann,Bob\n")
    (question,) = read_examples(path, "question")
    assert (question.question, question.context) == ("who?", "Ann did.")
    (choice,) = read_examples(path, "choice", {"options": ["a", "b"]})
    assert choice.options == ("Ann", "Bob")
    assert choice.context == "Ann did."
    line = json.dumps({"question": "who?", "options": ["Ann", "Bob"]})
    (choice,) = read_examples(file("q.jsonl", line), "choice")
    assert (choice.context, choice.options) == ("", ("Ann", "Bob"))


@pytest.mark.parametrize(
    ("name", "content", "kind", "columns", "sentence"),
    [
        ("a.csv", "x\n1\n", "text", {}, "a.csv:1 must have the column 'text'"),
        ("a.csv", "text\n", "text", {"word": "x"}, "Columns must be named for"),
        ("a.csv", "text,b\n1\n", "text", {}, "a.csv:2 must have 2 columns"),
        ("a.txt", "x", "text", {"text": "t"}, "Lines of text must have no"),
        ("a.txt", "x", "question", {}, "must be one of csv, tsv, jsonl"),
        ("a.jsonl", '{"text": 3}', "text", {}, "a.jsonl:1 must have a text"),
        ("a.jsonl", "[]", "text", {}, "a.jsonl:1 must be a JSON object"),
        (
            "a.jsonl",
            '{"question": "?", "options": ["x"]}',
            "choice",
            {},
            "a.jsonl:1 must have two options or more",
        ),
        ("a.txt", b"\xff\n", "text", {}, "0xff in line 1"),
    ],
)
def test_what_cannot_be_read_is_named(
    file, name, content, kind, columns, sentence
):
    path = file(name, content)
    with pytest.raises(ValueError, match=sentence):
        list(read_examples(path, kind, columns))


def test_no_file():
    with pytest.raises(FileNotFoundError):
        list(read_examples(Path("absent.txt"), "text"))
