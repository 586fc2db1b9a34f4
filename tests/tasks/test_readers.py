"""The official layouts: real files counted, and small ones with faults."""

import json
import tarfile

import pytest

from albert_keras.tasks.readers import SPLITS, read
from albert_keras.text.examples import TextExample

# Rows as GLUE publishes them; of MRPC's 3,668 the shared copy lacks one.
COUNTS = {
    "cola": ("glue", 8551, 1043, 1063),
    "sst2": ("glue", 67349, 872, 1821),
    "mrpc": ("glue", 3667, 408, 1725),
    "stsb": ("glue", 5749, 1500, 1379),
    "rte": ("glue", 2490, 277, 3000),
    "wnli": ("glue", 635, 71, 146),
    "qnli": ("glue", None, 5463, 5463),
    "ax": ("glue", None, None, 1104),
    "squad1": ("squad", None, 10570, None),
    "squad2": ("squad", None, 11873, None),
    "conll2003": ("conll2003", 14041, 3250, 3453),
    "race": ("race", None, 4887, 4934),
}


@pytest.mark.parametrize(
    ("task", "split"),
    [
        (task, split)
        for task, counts in COUNTS.items()
        for split, count in zip(SPLITS, counts[1:], strict=True)
        if count
    ],
)
def test_every_row_is_read(shared_data, task, split):
    folder, *counts = COUNTS[task]
    examples = read(task, shared_data(folder), split)
    assert len(examples) == counts[SPLITS.index(split)]
    assert len({example.id for example in examples}) == len(examples)
    assert examples.remarks == ()
    if examples.kind == "text":
        labels = {example.label for example in examples}
        if split == "test":
            assert labels == {None}
        elif examples.labels:
            assert labels == set(range(len(examples.labels)))


def test_race_has_its_passages_in_order(shared_data):
    examples = read("race", shared_data("race"), "dev")
    passages = {example.id.rpartition("-")[0] for example in examples}
    middle = [e for e in examples if e.group == "middle"]
    # Table 2 of Lai et al. 2017.
    assert (len(middle), len(examples) - len(middle)) == (1436, 3451)
    assert len(passages) == 368 + 1021
    assert examples.examples[: len(middle)] == tuple(middle)
    assert {len(example.options) for example in examples} == {4}


def test_squad_knows_the_impossible(shared_data):
    examples = read("squad2", shared_data("squad"), "dev")
    assert sum(not e.is_impossible for e in examples) == 5928
    for e in examples:
        for start, answer in zip(e.answer_starts, e.answers, strict=True):
            assert e.context[start : start + len(answer)] == answer


def glue_files(folder, **files):
    for name, lines in files.items():
        (folder / f"{name}.tsv").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def test_quotes_are_characters(tmp_path):
    lines = ["sentence\tlabel", '"so good\t1', 'he said "no"\t0', '" ok\t1']
    examples = read("sst2", glue_files(tmp_path, dev=lines), "dev")
    assert [e.text for e in examples] == ['"so good', 'he said "no"', '" ok']
    source = f"{tmp_path / 'dev.tsv'}:2"
    assert examples[0] == TextExample("0", '"so good', None, 1, source)


def test_columns_are_found_by_their_names(tmp_path):
    head = "genre\tgold_label\tx\tsentence2\tsentence1"
    lines = [f"\ufeff{head}", "fiction\tneutral\t-\tb\ta"]
    glue_files(tmp_path, dev_mismatched=lines)
    (example,) = read("mnli-mm", tmp_path, "dev")
    assert (example.text, example.pair, example.label) == ("a", "b", 2)


def test_what_is_odd_is_kept_or_left_out_aloud(tmp_path):
    lines = [
        "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate",
        "0\t1\t2\tWhy?\tHow?\t0",
        "1\t3\t4\tWhy?",
        "2\t5\t6\tWhy?\t\t1",
        "3\t7\t8\tWhen?",
    ]
    examples = read("qqp", glue_files(tmp_path, train=lines), "train")
    assert [(e.id, e.pair) for e in examples] == [("0", "How?"), ("2", "")]
    file = tmp_path / "train.tsv"
    assert examples.remarks == (
        f"{file}:3 and 1 more: the row lacks a column and is left out.",
        f"{file}:4: a text is empty, and kept so.",
    )


@pytest.mark.parametrize(
    ("task", "lines", "said"),
    [
        (
            "sst2",
            ["sentence\tlabel", "a\t1", "b\t2"],
            ":3 must have one of 0, 1",
        ),
        (
            "sst2",
            ["sentence\tscore", "a\t1"],
            ":1 must name the column 'label'",
        ),
        ("sst2", ["sentence\tlabel", "a\tb\t1"], ":2 must have 2 columns"),
        (
            "stsb",
            ["sentence1\tsentence2\tscore", "a\tb\t9"],
            ":2 must have a n",
        ),
        ("stsb", ["sentence1\tsentence2\tscore", "a\tb\tx"], "'x'"),
        ("stsb", ["sentence1\tsentence2\tscore", "a\tb\tnan"], "'nan'"),
        ("rte", ["sentence1\tsentence2\tlabel", "a\tb\tyes"], "'yes'"),
        ("sst2", ["sentence\tlabel"], "must hold examples"),
        ("cola", ["gj04\t3\t*\tA sentence."], "'3'"),
    ],
)
def test_faults_of_glue_files(tmp_path, task, lines, said):
    with pytest.raises(ValueError, match=said) as error:
        read(task, glue_files(tmp_path, train=lines), "train")
    assert str(tmp_path / "train.tsv") in str(error.value)


def question(**more):
    given = {
        "id": "q1",
        "question": "Who?",
        "answers": [{"text": "Ada", "answer_start": 4}],
    }
    return given | more


def squad_file(folder, version, *questions, context="It's Ada."):
    context = context.replace("'", "")
    paragraph = {"context": context, "qas": list(questions)}
    data = {"data": [{"title": "t", "paragraphs": [paragraph]}]}
    file = folder / f"train-v{version}.json"
    file.write_text(json.dumps(data, indent=1), "utf-8")
    return file


def test_squad(tmp_path):
    squad_file(tmp_path, "2.0", question(), question(id="q2", answers=[]))
    first, second = read("squad2", tmp_path, "train")
    assert (first.answers, first.answer_starts) == (("Ada",), (4,))
    assert (first.is_impossible, second.is_impossible) == (False, True)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"answers": []}, "must have an answer. Received: none"),
        (
            {"answers": [{"text": "Ada", "answer_start": 3}]},
            "must have its answer 'Ada' at character 3. Received: ' Ad' there",
        ),
        ({"answers": [{"text": "Ada", "answer_start": -4}]}, "character -4"),
        ({"answers": [{"text": "", "answer_start": 0}]}, "its answer ''"),
        ({"question": " "}, "must have a question"),
    ],
)
def test_faults_of_squad_name_line_and_question(tmp_path, more, said):
    good = question(id="q0")
    file = squad_file(tmp_path, "1.1", good, question(**more))
    lines = file.read_text().splitlines()
    number = 1 + next(i for i, line in enumerate(lines) if '"q1"' in line)
    with pytest.raises(ValueError, match=said) as error:
        read("squad1", tmp_path, "train")
    assert str(error.value).startswith(f"{file}:{number}: question 'q1' must")


@pytest.mark.parametrize(
    "text", ["{", "[]", "[" * 99999, '{"data": [{"a": 1}]}']
)
def test_what_is_no_squad(tmp_path, text):
    file = tmp_path / "dev-v1.1.json"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"must be JSON|SQuAD's layout"):
        read("squad1", tmp_path, "dev")


def passage(**more):
    return {
        "id": "high7.txt",
        "article": "Text.",
        "questions": ["What _ ?", "Why?"],
        "options": [["a", "b", "c", "d"]] * 2,
        "answers": ["B", "D"],
    } | more


def test_bytes_that_are_no_text(tmp_path):
    file = tmp_path / "dev-v1.1.json"
    file.write_bytes(b'{"data":\n "\xff"}')
    with pytest.raises(ValueError, match=r"1.json:2 must be encoded in UTF-8"):
        read("squad1", tmp_path, "dev")
    file = tmp_path / "dev" / "high" / "1.txt"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"\xff")
    with pytest.raises(ValueError, match=r"1.txt:1 must .*: the byte 0xff"):
        read("race", tmp_path, "dev")


def test_race_as_folder_and_as_archive(tmp_path):
    folder = tmp_path / "RACE" / "dev" / "high"
    folder.mkdir(parents=True)
    (folder / "7.txt").write_text(json.dumps(passage()))
    (folder / "12.txt").write_text(json.dumps(passage(id="high12.txt")))
    examples = read("race", tmp_path, "dev")
    assert [(e.id, e.label) for e in examples] == [
        ("high7.txt-0", 1),
        ("high7.txt-1", 3),
        ("high12.txt-0", 1),
        ("high12.txt-1", 3),
    ]
    archive = tmp_path / "sub" / "RACE.tar.gz"
    archive.parent.mkdir()
    with tarfile.open(archive, "w:gz") as file:
        file.add(tmp_path / "RACE", "RACE")
    for place in (archive, archive.parent):
        packed = read("race", place, "dev")
        assert [e.id for e in packed] == [e.id for e in examples]
    archive.write_bytes(archive.read_bytes()[:-20])
    with pytest.raises(ValueError, match="whole tar archive"):
        read("race", archive, "dev")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"answers": ["B", "E"]}, "7.txt:1, question 2 must have one of A, B"),
        ({"answers": ["B"]}, "RACE's layout"),
        ({"options": 3}, "RACE's layout"),
    ],
)
def test_faults_of_race(tmp_path, more, said):
    folder = tmp_path / "train" / "middle"
    folder.mkdir(parents=True)
    (folder / "7.txt").write_text(json.dumps(passage(**more)))
    with pytest.raises(ValueError, match=said):
        read("race", tmp_path, "train")


def test_conll(tmp_path):
    file = tmp_path / "train.txt"
    file.write_text(
        "-DOCSTART- -X- O O\n\nEU NNP I-NP B-ORG\nrejects VBZ I-VP O\n\n\n"
        "Peter NNP I-NP B-PER\n"
    )
    first, second = read("conll2003", tmp_path, "train")
    assert (first.words, first.tags) == (("EU", "rejects"), ("B-ORG", "O"))
    assert (first.source, second.source) == (f"{file}:3", f"{file}:7")
    file.write_text("EU NNP B-ORG\nrejects\n")
    with pytest.raises(ValueError, match=r"txt:2 must have a word and its tag"):
        read("conll2003", tmp_path, "train")
    file.write_text("EU NNP B-ORG\nrejects B-VERB\n")
    with pytest.raises(ValueError, match=r"txt:2 must have one of O, B-LOC"):
        read("conll2003", tmp_path, "train")


def test_what_is_not_there(tmp_path):
    for task in ("sst2", "squad1", "race", "conll2003"):
        with pytest.raises(FileNotFoundError, match="Received: no such file"):
            read(task, tmp_path, "dev")
    with pytest.raises(ValueError, match="`task` must be one of cola"):
        read("glue", tmp_path, "dev")
    with pytest.raises(ValueError, match="`split` must be one of train"):
        read("sst2", tmp_path, "validation")
    with pytest.raises(ValueError, match="is not public"):
        read("squad2", tmp_path, "test")
    with pytest.raises(ValueError, match="of ax must be one of test"):
        read("ax", tmp_path, "dev")
