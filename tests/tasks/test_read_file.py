"""A user's own files: what is read, and each fault with file and line."""

import json

import pytest

from albert_keras.tasks.outputs import submission_name
from albert_keras.tasks.readers.own import read_file
from albert_keras.tasks.splits import official_splits, own_splits


@pytest.fixture
def write(tmp_path):
    def file(name, *lines):
        rows = [x if isinstance(x, str) else json.dumps(x) for x in lines]
        path = tmp_path / name
        path.write_text("\n".join(rows) + "\n", "utf-8")
        return path

    return file


def test_csv_with_quotes_and_line_ends_in_cells(write):
    file = write(
        "own.csv",
        "stars,review",
        '5,"Good, ""really"" good"',
        '1,"Bad.',
        'Very bad."',
        "3,So so",
    )
    columns = {"text": "review", "label": "stars"}
    examples = read_file(file, "classification", columns)
    assert [e.text for e in examples] == [
        'Good, "really" good',
        "Bad.\nVery bad.",
        "So so",
    ]
    assert examples.labels == ("1", "3", "5")
    assert [e.label for e in examples] == [2, 0, 1]
    assert [e.source for e in examples] == [f"{file}:{n}" for n in (2, 3, 5)]


def test_labels_are_sorted_as_numbers_where_they_are(write):
    file = write("own.csv", "text,label", "a,10", "b,9", "c,-1")
    assert read_file(file, "classification").labels == ("-1", "9", "10")


def test_a_quote_in_tsv_is_kept_and_named(write):
    file = write("own.tsv", "text\tlabel", 'a "b\t1', '"c\t0', "d\t1")
    examples = read_file(file, "classification")
    assert [e.text for e in examples] == ['a "b', '"c', "d"]
    (remark,) = examples.remarks
    assert remark.startswith(f"{file}:3: a cell begins with a quote, which is")


def test_pairs_and_numbers(write):
    file = write(
        "own.jsonl",
        {"a": "one", "b": "two", "label": 0.5, "id": "x"},
        "",
        {"a": "one", "b": "two", "label": "-2"},
    )
    columns = {"text": "a", "pair": "b"}
    first, second = read_file(file, "regression", columns)
    assert (first.text, first.pair, first.label) == ("one", "two", 0.5)
    assert (first.id, second.id, second.label) == ("x", "1", -2)


def test_without_labels(write):
    file = write("new.csv", "text", "a", "b")
    examples = read_file(
        file, "classification", labels=("n", "y"), labelled=False
    )
    assert [e.label for e in examples] == [None, None]
    assert examples.labels == ("n", "y")


def test_questions(write):
    passage = "Ada wrote it. Ada did."
    file = write(
        "own.jsonl",
        {"question": "Who?", "context": passage, "answer": "Ada"},
        {
            "question": "Who?",
            "context": passage,
            "answer": ["Ada", "Ada wrote"],
            "answer_start": [14, 0],
        },
        {"question": "When?", "context": passage, "answer": ""},
        {"question": "When?", "context": passage, "answer": []},
    )
    examples = read_file(file, "question")
    assert [e.answer_starts for e in examples] == [(0,), (14, 0), (), ()]
    assert [e.is_impossible for e in examples] == [False, False, True, True]
    assert examples.remarks == (
        f"{file}:1: an answer without `answer_start` occurs more than once, "
        "and is taken where it first does.",
        f"{file}:3 and 1 more: the question has no answer, and counts as "
        "impossible.",
    )


def test_choices_in_columns_and_in_lists(write):
    file = write("own.csv", "question,o1,o2,label", "1+1?,2,3,A", "2+2?,1,4,1")
    columns = {"options": ["o1", "o2"]}
    examples = read_file(file, "choice", columns)
    assert [e.options for e in examples] == [("2", "3"), ("1", "4")]
    assert [e.label for e in examples] == [0, 1]
    file = write(
        "own.jsonl",
        {"question": "?", "context": "c", "options": ["a", "b"], "label": "B"},
    )
    (example,) = read_file(file, "choice")
    assert (example.context, example.label) == ("c", 1)


def test_tags_in_all_layouts(write):
    lines = [
        write("a.csv", "words,tags", "Ada came,B-PER O"),
        write("a.jsonl", {"words": ["Ada", "came"], "tags": ["B-PER", "O"]}),
        write("a.txt", "Ada B-PER", "came O"),
    ]
    for file in lines:
        (example,) = examples = read_file(file, "tags")
        assert example.words == ("Ada", "came")
        assert example.tags == ("B-PER", "O")
        assert examples.labels == ("O", "B-PER")


def test_a_passage_of_100_kilobytes_is_read_whole(write):
    passage = "word " * 20_000 + "Ada."
    for name, rows in {
        "own.csv": ["question,context,answer", f"Who?,{passage},Ada"],
        "own.jsonl": [
            {"question": "Who?", "context": passage, "answer": "Ada"}
        ],
    }.items():
        file = write(name, *rows)
        (example,) = examples = read_file(file, "question")
        assert example.context == passage
        assert example.answer_starts == (100_000,)
        assert "the context is longer than 50,000" in examples.remarks[0]
        assert f"{file}:{len(rows)}" in examples.remarks[0]


@pytest.mark.parametrize(
    ("name", "kind", "lines", "said"),
    [
        (
            "x.csv",
            "classification",
            ["text", "a"],
            ":1 must have the column 'l",
        ),
        (
            "x.csv",
            "classification",
            ["text,label", "a,1", ",1"],
            ":3 must have a",
        ),
        (
            "x.csv",
            "classification",
            ["text,label", "a,1", "b, "],
            ":3 must have",
        ),
        (
            "x.csv",
            "classification",
            ["text,label", "a,b,c"],
            ":2 must have 2 c",
        ),
        ("x.csv", "classification", ["text,label", 'a,"1'], ":2 must be a row"),
        ("x.csv", "classification", ["text,label"], "must hold examples"),
        ("x.tsv", "classification", ["text\tlabel", "a"], ":2 must have 2 col"),
        ("x.txt", "classification", ["a"], "must end with .csv, .tsv, .jsonl"),
        ("x.jsonl", "classification", ['{"text"'], ":1 must be a JSON object"),
        ("x.jsonl", "classification", ["[1]"], ":1 must be a JSON object"),
        ("x.jsonl", "classification", ["[" * 99999], "nested too deeply"),
        ("x.jsonl", "classification", ['{"text": "a"}'], "the column 'label'"),
        (
            "x.jsonl",
            "classification",
            ['{"text": 3, "label": 1}'],
            ":1 must have a text in the column 'text'. Received: 3",
        ),
        ("x.csv", "regression", ["text,label", "a,high"], ":2 must have a num"),
        ("x.csv", "regression", ["text,label", "a,inf"], ":2 must have a num"),
        (
            "x.csv",
            "question",
            ["question,context,answer", "Who?,Ada.,Bob"],
            ":2 must have its answer in the context. Received: 'Bob'",
        ),
        (
            "x.csv",
            "question",
            ["question,context,answer,answer_start", "Who?,Ada.,Ada,1"],
            "at character 1",
        ),
        (
            "x.csv",
            "question",
            ["question,context,answer,answer_start", "Who?,Ada.,Ada,"],
            ":2 must have a whole number as its answer_start",
        ),
        (
            "x.csv",
            "question",
            ["question,context,answer", ",Ada.,Ada"],
            ":2 mu",
        ),
        (
            "x.jsonl",
            "choice",
            ['{"question": "?", "options": ["a"], "label": 0}'],
            ":1 must have two options",
        ),
        (
            "x.jsonl",
            "choice",
            ['{"question": "?", "options": ["a", "b"], "label": "C"}'],
            ":1 must have a letter from A or a number from 0",
        ),
        ("x.csv", "tags", ["words,tags", "a b,O"], ":2 must have as many tags"),
        ("x.csv", "tags", ["words,tags", ",O"], ":2 must have words"),
        (
            "x.csv",
            "classification",
            ["id,text,label", "1,a,0", "1,b,0"],
            ":3 must have an id of its own. Received: '1' again",
        ),
    ],
)
def test_each_fault_is_named_with_file_and_line(write, name, kind, lines, said):
    file = write(name, *lines)
    with pytest.raises(ValueError, match=said) as error:
        read_file(file, kind)
    assert str(file) in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_a_label_that_training_did_not_have(write):
    file = write("dev.csv", "text,label", "a,good", "b,awful")
    with pytest.raises(ValueError, match=r"dev.csv:3 must have one of bad, go"):
        read_file(file, "classification", labels=("bad", "good"))
    file = write("dev.csv", "words,tags", "a,B-X")
    with pytest.raises(ValueError, match=r"dev.csv:2 must have one of O as"):
        read_file(file, "tags", labels=("O",))


def test_wrong_arguments(write):
    file = write("own.csv", "text,label", "a,1")
    with pytest.raises(
        ValueError, match="`kind` must be one of classification"
    ):
        read_file(file, "ner")
    with pytest.raises(ValueError, match="must be among text, label, pair, id"):
        read_file(file, "classification", {"txt": "review"})


def test_a_test_file_need_not_have_labels(write):
    files = {
        "train": write("train.csv", "text,stars", "a,bad", "b,good"),
        "dev": write("dev.csv", "text,stars", "c,good"),
        "test": write("test.csv", "text", "d"),
    }
    splits = own_splits("classification", files, {"label": "stars"})
    assert [e.label for s in splits.values() for e in s] == [0, 1, 1, None]
    files["test"] = write("test.csv", "text,stars", "d,bad")
    splits = own_splits("classification", files, {"label": "stars"})
    assert splits["test"][0].label == 0
    files["dev"] = write("dev.csv", "text", "c")
    with pytest.raises(ValueError, match=r"dev.csv:1 must have the column 'st"):
        own_splits("classification", files, {"label": "stars"})


def test_mnli_has_its_mismatched_half_and_ax(write, tmp_path):
    folder = tmp_path / "MNLI"
    folder.mkdir()
    (tmp_path / "diagnostic").mkdir()
    labelled = ["sentence1\tsentence2\tgold_label", "a\tb\tneutral"]
    bare = ["sentence1\tsentence2", "a\tb"]
    for name, lines in {
        "MNLI/train": labelled,
        "MNLI/dev_matched": labelled,
        "MNLI/dev_mismatched": labelled,
        "MNLI/test_matched": bare,
        "MNLI/test_mismatched": bare,
        "diagnostic/diagnostic": bare,
    }.items():
        write(f"{name}.tsv", *lines)
    splits = official_splits("mnli", tmp_path)
    names = ["train", "dev", "test", "dev-mm", "test-mm", "ax"]
    assert list(splits) == names
    found = [submission_name("mnli", split) for split in names]
    expected = ["MNLI-m.tsv", None, "MNLI-mm.tsv", "AX.tsv"]
    assert found == [None, None, *expected]
    assert submission_name("race", "test") is None
