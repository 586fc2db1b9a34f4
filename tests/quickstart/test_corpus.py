import pytest

from albert_keras.pretraining.documents import read_documents
from albert_keras.quickstart.corpus import write_corpus


def sentences(number):
    return [f"This is sentence number {n}." for n in range(number)]


def test_a_text_without_blank_lines_is_split_all_the_same(tmp_path):
    source = tmp_path / "novel.txt"
    source.write_text("\n".join(sentences(2500)))
    write_corpus(tmp_path / "corpus", [source])
    training = list(read_documents([tmp_path / "corpus" / "train.txt"]))
    held_out = list(read_documents([tmp_path / "corpus" / "held_out.txt"]))
    kept = [line for document in training + held_out for line in document]
    assert sorted(kept) == sorted(sentences(2500))
    assert len(held_out) == 2
    assert sum(map(len, held_out)) == 200


def test_documents_stay_whole(tmp_path):
    source = tmp_path / "letters.txt"
    lines = sentences(300)
    letters = ["\n".join(lines[n : n + 3]) for n in range(0, 300, 3)]
    source.write_text("\n\n".join(letters))
    write_corpus(tmp_path / "corpus", [source])
    for name in ("train.txt", "held_out.txt"):
        for document in read_documents([tmp_path / "corpus" / name]):
            assert "\n".join(document) in letters


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"One line.\n", "at least 200 sentences.*1 sentences"),
        (b"", "must hold text"),
        (b"PNG\x00\x01", "NUL"),
        (b"caf\xe9\n" * 300, "UTF-8"),
    ],
)
def test_what_is_no_corpus_is_named(tmp_path, content, message):
    source = tmp_path / "bad.txt"
    source.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        write_corpus(tmp_path / "corpus", [source])
    assert [path.name for path in tmp_path.iterdir()] == ["bad.txt"]


def test_a_missing_corpus(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"absent\.txt"):
        write_corpus(tmp_path / "corpus", [tmp_path / "absent.txt"])
