import json
from pathlib import Path

import pytest

from albert_keras.text.corpus import is_json_lines, read_text_lines
from albert_keras.text.json_lines import read_json_lines
from albert_keras.text.lines import SkippedLines


@pytest.fixture
def file(tmp_path):
    return tmp_path / "a.jsonl"


def test_a_text_a_line(file):
    texts = ["One.\nTwo.", "", "三 “Q”\u2028.", "😀"]
    rows = [json.dumps({"id": n, "text": t}) for n, t in enumerate(texts)]
    rows += [json.dumps({"text": "utf-8: é"}, ensure_ascii=False), " "]
    for end in ("\n", "\r\n"):
        file.write_bytes(b"\xef\xbb\xbf" + end.join(rows).encode())
        assert list(read_json_lines(file)) == [*texts, "utf-8: é"]


def test_the_field_is_the_users(file):
    file.write_text('{"text": 5, "content": "One."}')
    assert list(read_json_lines(file, text_field="content")) == ["One."]


BAD = {
    '{"text": "One."': "what is no JSON in line 2",
    "Just text.": "what is no JSON in line 2",
    "[" * 10**5: "what is no JSON in line 2",
    '{"text": "a\tb"}': "what is no JSON in line 2",
    "9" * 5000: "what is no JSON in line 2",
    '["One."]': "no object in line 2",
    '"One."': "no object in line 2",
    '{"Text": "One."}': "no such field in line 2",
    '{"text": 5}': "something else in it in line 2",
    '{"text": null}': "something else in it in line 2",
    '{"text": ["One."]}': "something else in it in line 2",
    '{"text": "a\\u0000b"}': "a NUL character in line 2",
    '{"text": "\\ud83d"}': "half a surrogate pair in line 2",
}


@pytest.mark.parametrize("line", BAD, ids=lambda line: line[:20])
def test_a_bad_line_is_named_and_skipped_only_if_asked(file, line):
    file.write_text(f'{{"text": "One."}}\n{line}\n{{"text": "Three."}}\n')
    with pytest.raises(ValueError, match=r"a\.jsonl, with") as error:
        list(read_json_lines(file))
    assert BAD[line] in str(error.value)
    assert "field 'text'" in str(error.value)
    assert len(str(error.value)) < 200 + len(str(file))
    skipped = SkippedLines()
    texts = list(read_json_lines(file, skipped_lines=skipped))
    assert texts == ["One.", "Three."]
    assert skipped.count == 1
    assert skipped.first == str(error.value)


def test_a_file_without_text(file):
    file.write_text('{"text": ""}\n{"text": " "}\n')
    with pytest.raises(ValueError, match=r"a\.jsonl, which is empty"):
        list(read_json_lines(file))
    file.write_text("[]\n{}\n")
    with pytest.raises(ValueError, match="no line that can be read"):
        list(read_json_lines(file, skipped_lines=SkippedLines()))


@pytest.mark.parametrize(
    ("name", "is_it"),
    [
        ("a.jsonl", True),
        ("a.ndjson", True),
        ("c4-train.00000-of-01024.json.gz", True),
        ("a.JSONL.ZST", True),
        ("a.jsonl.zstd", True),
        ("a.json", True),
        ("a.jsonl.txt", False),
        ("jsonl", False),
        ("a.json/b.txt", False),
        ("wiki_00", False),
        ("-", False),
    ],
)
def test_the_name_says_what_are_json_lines(name, is_it):
    assert is_json_lines(Path(name)) == is_it


def test_a_vocabulary_sees_the_text_and_not_the_json(file):
    file.write_text('{"text": "One.\\r\\nTwo."}\n{"text": "Three."}\n')
    assert list(read_text_lines(file)) == ["One.", "Two.", "Three."]
    file.with_suffix(".txt").write_text("{}\n")
    assert list(read_text_lines(file.with_suffix(".txt"))) == ["{}"]
