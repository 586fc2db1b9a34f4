import re
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from raw_texts import fuzz, raw_texts

from albert_keras.text.corpus import read_lines, text_files


def test_a_folder_stands_for_its_files(tmp_path):
    for name in (
        *("b/wiki_01", "b/wiki_00", "a.txt", "b/c/d.txt", "z.txt"),
        *(".git/config", "b/.hidden"),
    ):
        (tmp_path / "corpus" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "corpus" / name).write_text("text")
    (tmp_path / "corpus" / "empty.txt").touch()
    (tmp_path / "corpus" / "e").mkdir()
    files = text_files(
        [tmp_path / "corpus", str(tmp_path / "corpus" / "a.txt")]
    )
    assert [str(file.relative_to(tmp_path / "corpus")) for file in files] == [
        *("a.txt", "z.txt", "b/wiki_00", "b/wiki_01", "b/c/d.txt", "a.txt")
    ]


def test_what_is_not_there(tmp_path):
    (tmp_path / "empty.txt").touch()
    with pytest.raises(FileNotFoundError, match=r"gone, which does not exist"):
        text_files([tmp_path / "gone"])
    with pytest.raises(
        FileNotFoundError, match="a folder in which there is no"
    ):
        text_files([tmp_path])
    # By its own name it is a mistake, which is told when it is read.
    assert text_files([tmp_path / "empty.txt"]) == [tmp_path / "empty.txt"]


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return tmp_path_factory.mktemp("corpus") / "file.txt"


@fuzz
@given(lines=st.lists(raw_texts()), longest=st.integers(8, 40))
def test_long_lines_come_in_parts(file, lines, longest):
    lines = [re.sub("[\n\r]", " ", line.replace("\0", "")) for line in lines]
    lines = ["first", *lines, "last"]
    file.write_text("\n".join(lines), "utf-8", newline="\n")
    parts = list(read_lines(file, longest=longest))
    assert "".join(parts) == "".join(lines)
    assert max(len(part.encode()) for part in parts) <= 2 * longest
    assert list(read_lines(file)) == lines
    if all(len(line.encode()) < longest for line in lines):
        assert parts == lines


def test_a_long_line_is_cut_between_words(file):
    text = " ".join(f"word{i}" for i in range(1000))
    file.write_text(text)
    parts = list(read_lines(file, longest=100))
    assert [word for part in parts for word in part.split()] == text.split()


def test_the_line_that_is_no_text_is_named_for_its_parts(file):
    file.write_bytes(b"good\n" + b"long line " * 9 + b"\xff\n")
    with pytest.raises(ValueError, match="0xff in line 2"):
        list(read_lines(file, longest=20))
    file.write_bytes(b"good\n" + "ü".encode()[:1])
    with pytest.raises(ValueError, match="0xc3 in line 2"):
        list(read_lines(file, longest=20))


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n "])
def test_a_file_without_text(file, content):
    file.write_bytes(content)
    with pytest.raises(ValueError, match="which is empty"):
        list(read_lines(file, longest=20))


def test_a_file_of_one_line_is_not_held_in_memory(file):
    with file.open("w") as writer:
        for _ in range(500):
            writer.write("一" * 10_000)
    size = file.stat().st_size
    assert size == 15_000_000
    tracemalloc.start()
    characters = sum(map(len, read_lines(file, longest=2**16)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert characters == size / 3
    assert peak < 2**20
