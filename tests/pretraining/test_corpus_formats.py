import gzip
import io
import json
import sys

import pytest

from albert_keras.pretraining.documents import read_documents
from albert_keras.text.lines import SkippedLines

DOCUMENTS = [
    ["One.", "Two?", "Three.", "四。", "五。"],
    ["Dr. Six."],
    ["Seven."],
]
SENTENCES = "One.\nTwo?\nThree.\n四。\n五。\n\nDr. Six.\n\n \nSeven."
PARAGRAPHS = "One. Two?\nThree.  四。五。\n\nDr. Six.\n\n \nSeven."
TEXTS = ["One. Two?\n\nThree.  四。五。", "Dr. Six.", " ", "Seven.\r\n"]
JSONL = "".join(json.dumps({"text": text}) + "\n" for text in TEXTS)


def read(*paths, **options):
    return list(read_documents(paths, **options))


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_format_gives_the_same_documents(tmp_path, compress, end):
    def file(name, content):
        content = content.replace("\n", end if "{" not in content else "\n")
        (tmp_path / name).write_bytes(compress(content.encode()))
        return tmp_path / name

    sentences = file("a.txt", SENTENCES)
    paragraphs = file("b.txt", PARAGRAPHS)
    texts = file("c.jsonl", JSONL)
    assert read(sentences) == DOCUMENTS
    assert read(sentences, format="sentences") == DOCUMENTS
    assert read(paragraphs, format="paragraphs") == DOCUMENTS
    assert read(texts) == DOCUMENTS
    assert read(texts, format="jsonl") == DOCUMENTS
    assert read(sentences, texts) == DOCUMENTS * 2


def test_auto_goes_by_the_name_and_never_by_the_content(tmp_path):
    text, named = tmp_path / "a.txt", tmp_path / "a.json.gz"
    text.write_text(JSONL)
    named.write_text(SENTENCES)
    assert read(text) == [JSONL.splitlines()]
    assert read(text, format="jsonl") == DOCUMENTS
    with pytest.raises(ValueError, match=r"a\.json\.gz, .* no JSON in line 1"):
        read(named)
    assert read(named, format="sentences") == DOCUMENTS
    text.write_text(PARAGRAPHS)
    assert read(text)[0] == PARAGRAPHS.splitlines()[:2]


def test_mixed_line_ends(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"One.\r\nTwo.\n\r\nThree.\rFour.\n\n")
    assert read(tmp_path / "a.txt") == [["One.", "Two."], ["Three.", "Four."]]


def test_patterns(tmp_path):
    for name in ("a1.txt", "b/a2.txt", "b/c/a3.txt", "z.md", ".a4.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "a0.txt").touch()
    for pattern, names in {
        "*.txt": ["a1.txt"],
        "a?.*": ["a1.txt"],
        "[bz]*": ["b/a2.txt", "b/c/a3.txt", "z.md"],
        "**/*.txt": ["a1.txt", "b/a2.txt", "b/c/a3.txt"],
        "**": ["a1.txt", "z.md", "b/a2.txt", "b/c/a3.txt"],
    }.items():
        assert read(tmp_path / pattern) == [[name] for name in names], pattern
    with pytest.raises(FileNotFoundError, match=r"x\*, which matches none"):
        read_documents([tmp_path / "x*"])
    # A file of that very name is no pattern.
    (tmp_path / "[a]1.txt").write_text("itself")
    assert read(tmp_path / "[a]1.txt") == [["itself"]]


def test_standard_input(monkeypatch):
    buffer = io.BufferedReader(io.BytesIO(JSONL.encode()))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(buffer))
    assert read("-", format="jsonl") == DOCUMENTS


def test_bad_lines_are_skipped_only_if_asked(tmp_path):
    file = tmp_path / "a.txt"
    file.write_bytes(b"One.\n\xff\xfe\nTwo.\n\nNUL\0.\n\nThree.\n")
    with pytest.raises(ValueError, match=r"a\.txt, .*0xff in line 2"):
        read(file)
    skipped = SkippedLines()
    documents = read(file, file, skipped_lines=skipped)
    assert documents == [["One.", "Two."], ["Three."]] * 2
    assert skipped.count == 4
    assert "line 2" in skipped.first


def test_one_document_of_a_crawl_is_held_at_a_time(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "One."}\n{"text": "Two.\n')
    documents = read_documents([tmp_path / "a.jsonl"])
    assert next(documents) == ["One."]


def test_an_unknown_format_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text("One.")
    with pytest.raises(ValueError, match=r"`format` must .*format='csv'"):
        read_documents([tmp_path / "a.txt"], format="csv")
