import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from albert_keras.pretraining.documents import chunk_documents, read_documents


def read(path, content: bytes) -> list[list[str]]:
    path.write_bytes(content)
    return list(read_documents([path]))


@pytest.mark.parametrize(
    "content",
    [
        "One.\nTwo.\n\nThree.\n",
        "One.\nTwo.\n\nThree.",
        "\n\n  One. \nTwo.\n \t\n\n\n\tThree.\n\n",
        "One.\r\nTwo.\r\n\r\nThree.\r\n",
        "\ufeffOne.\nTwo.\n\u3000\nThree.\n",
    ],
)
def test_blank_lines_separate_documents(tmp_path, content):
    documents = read(tmp_path / "a.txt", content.encode())
    assert documents == [["One.", "Two."], ["Three."]]


def test_end_of_file_ends_a_document(tmp_path):
    (tmp_path / "a.txt").write_text("One.")
    (tmp_path / "b.txt").write_text("Zwei, ½.\n", encoding="utf-8")
    paths = [tmp_path / "a.txt", str(tmp_path / "b.txt")]
    assert list(read_documents(paths)) == [["One."], ["Zwei, ½."]]


@pytest.mark.parametrize("content", [b"", b"\n \n\t\n"])
def test_empty_file_is_refused(tmp_path, content):
    with pytest.raises(ValueError, match=r"a\.txt, which is empty"):
        read(tmp_path / "a.txt", content)


@pytest.mark.parametrize(
    ("line", "names"),
    [
        (b"GIF\0\1", "NUL"),
        ("café".encode("latin-1"), "0xe9"),
        ("text".encode("utf-16"), "NUL"),
        ("é".encode()[:1], "0xc3"),
    ],
)
def test_what_is_no_text_is_refused_by_file_and_line(tmp_path, line, names):
    with pytest.raises(ValueError, match=rf"a\.txt.*{names}.*line 3"):
        read(tmp_path / "a.txt", b"Good.\n\n" + line + b"\nGood.\n")


def test_missing_file_is_told_before_the_first_document(tmp_path):
    (tmp_path / "a.txt").write_text("One.")
    with pytest.raises(FileNotFoundError, match=r"gone\.txt"):
        read_documents([tmp_path / "a.txt", tmp_path / "gone.txt"])


def test_a_folder_stands_for_its_files(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a.txt").write_text("Two.")
    (tmp_path / "a.txt").write_text("One.")
    assert list(read_documents([tmp_path])) == [["One."], ["Two."]]
    with pytest.raises(FileNotFoundError, match="folder"):
        read_documents([tmp_path / "b" / "a.txt", tmp_path / "c"])
    with pytest.raises(ValueError, match="no paths"):
        read_documents([])


def test_reads_no_further_than_asked(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"One.\n\nTwo.\n\n\xff\n")
    documents = read_documents([tmp_path / "a.txt"])
    assert next(documents) == ["One."]


@settings(deadline=None)
@given(
    st.lists(st.lists(st.text("ab", max_size=9), min_size=1, max_size=3)),
    st.integers(1, 40),
)
def test_chunks_hold_all_documents_in_order_and_none_alone(
    documents, characters
):
    chunks = list(chunk_documents(iter(documents), characters))
    assert [d for chunk in chunks for d in chunk] == documents
    if len(documents) > 1:
        assert min(map(len, chunks)) >= 2


def test_chunks_end_where_they_are_full():
    chunks = list(chunk_documents(["aaa", "bbb"] for _ in range(9)))
    assert len(chunks) == 1
    chunks = list(chunk_documents((["aaa", "bbb"] for _ in range(9)), 18))
    assert list(map(len, chunks)) == [3, 3, 3]
