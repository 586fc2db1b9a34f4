import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from raw_texts import fuzz, raw_texts

from albert_keras.text.sentences import Sentences, cut


@fuzz
@given(text=raw_texts(), longest=st.integers(2, 9))
def test_parts_are_the_text(text, longest):
    parts = list(cut(text, longest))
    assert "".join(parts) == text
    assert all(0 < len(part) <= longest for part in parts if text)


def test_cut_at_spaces():
    text = "some words of middling length " * 30
    parts = list(cut(text, 20))
    assert all(part.startswith(" ") for part in parts[1:])
    assert all(len(part) > 10 for part in parts[:-1])


def test_marks_stay_with_their_letters():
    text = unicodedata.normalize("NFKD", "がぎぐげご" * 50)
    for longest in range(2, 9):
        parts = list(cut(text, longest))
        assert not any(unicodedata.combining(part[0]) for part in parts)
        composed = [unicodedata.normalize("NFC", part) for part in parts]
        assert "".join(composed) == "がぎぐげご" * 50
    # One letter with too many.
    assert len(list(cut("e" + "\u0301" * 100, 10))) <= 20


def read(items):
    sentences = Sentences(items, lowercase=True, keep_accents=False)
    return list(sentences), sentences.description()


def test_what_is_counted(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.txt").write_text("Erste  Zeile\n\n \nÜber 中文\n", "utf-8")
    (folder / "b.txt").write_text("Ende\n", "utf-8")
    sentences, description = read([folder, "Ein Text\nvon zwei Zeilen"])
    assert b"\n".join(sentences).decode() == (
        "erste zeile\nuber 中文\nende\nein text\nvon zwei zeilen"
    )
    sha256 = description.pop("sha256")
    assert description == {
        "paths": [str(folder)],
        "texts": 1,
        "files": 2,
        "sentences": 5,
        "words": 10,
        "characters": 11 + 7 + 4 + 8 + 15,
    }
    spread = [text.decode() for text in sentences]
    assert read(spread)[1]["sha256"] == sha256
    assert read(spread[::-1])[1]["sha256"] != sha256


def test_no_sentence_is_longer_than_the_trainer_takes():
    sentences, description = read(["𝄞" * 5000 + " x" * 5000])
    assert max(map(len, sentences)) <= 4192
    assert b"".join(sentences).decode() == "𝄞" * 5000 + " x" * 5000
    assert description["sentences"] == 1
