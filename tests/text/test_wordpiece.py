import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from raw_texts import fuzz, raw_texts
from wordpiece_goldens import GOLDENS

from albert_keras.text.wordpiece import WordPieceTokenizer

SMALL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "un", "##aff", "##able"]


@pytest.fixture(scope="module")
def tokenizer():
    return WordPieceTokenizer(GOLDENS["vocabulary"])


@pytest.fixture(scope="module")
def cased():
    return WordPieceTokenizer(
        GOLDENS["vocabulary"], lowercase=False, keep_accents=True
    )


@pytest.fixture
def vocab_file(tmp_path):
    def write(content: str | bytes) -> Path:
        path = tmp_path / "vocab.txt"
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize("column", [1, 2], ids=["uncased", "cased"])
def test_equals_the_original(column):
    python = WordPieceTokenizer(
        GOLDENS["vocabulary"],
        lowercase=column == 1,
        keep_accents=column == 2,
        special_symbols=False,
    )
    for row in GOLDENS["uncased_and_cased"]:
        assert python.encode(row[0]) == row[column], ascii(row[0])


def test_goldens_are_of_use():
    """Known words and unknown ones, in pieces and whole, both ways of case."""
    ids = [i for row in GOLDENS["uncased_and_cased"] for i in row[1]]
    unknown = ids.count(GOLDENS["vocabulary"].index("[UNK]"))
    assert 0.02 < unknown / len(ids) < 0.3
    suffixes = [GOLDENS["vocabulary"][i][:2] == "##" for i in ids]
    assert 0.1 < sum(suffixes) / len(ids) < 0.6
    differing = [
        row for row in GOLDENS["uncased_and_cased"] if row[1] != row[2]
    ]
    assert len(differing) > 50


def test_longest_piece_first():
    """The example of the original's `WordpieceTokenizer`."""
    small = WordPieceTokenizer([*SMALL, "una", "##f"])
    assert small.pieces("unaffable") == ["una", "##f", "##f", "##able"]
    small = WordPieceTokenizer(SMALL)
    assert small.pieces("Unaffable un") == ["un", "##aff", "##able", "un"]
    assert small.encode("Unaffable un") == [5, 6, 7, 5]
    assert small.encode("unaffablex") == [small.unk_id]


def test_special_symbols(tokenizer):
    pieces = tokenizer.pieces("[CLS]一[MASK]ed [mask][SEP]")
    assert pieces[:4] == ["[CLS]", "一", "[MASK]", "e"]
    assert pieces[5:] == ["[", *tokenizer.pieces("mask"), "]", "[SEP]"]
    assert tokenizer.encode("[MASK]") == [tokenizer.mask_id]
    plain = WordPieceTokenizer(GOLDENS["vocabulary"], special_symbols=False)
    assert plain.encode("[MASK]") == tokenizer.encode("[ MASK ]")


def test_ids_of_the_vocabulary(tokenizer):
    pieces = GOLDENS["vocabulary"]
    assert tokenizer.vocabulary == pieces
    assert tokenizer.vocabulary_size == len(pieces)
    assert tokenizer.pad_id == 0
    for i, piece in [
        (tokenizer.unk_id, "[UNK]"),
        (tokenizer.cls_id, "[CLS]"),
        (tokenizer.sep_id, "[SEP]"),
        (tokenizer.mask_id, "[MASK]"),
    ]:
        assert pieces[i] == piece
        assert tokenizer.id_to_piece(i) == piece
        assert tokenizer.piece_to_id(piece) == i
    assert tokenizer.piece_to_id("no such piece") == tokenizer.unk_id


def test_ids_outside_the_vocabulary():
    small = WordPieceTokenizer(SMALL)
    for i in (-1, 8):
        with pytest.raises(ValueError, match=f"Received: {i}, .* 0 to 7"):
            small.id_to_piece(i)
        with pytest.raises(ValueError, match=f"Received: {i}, .* 0 to 7"):
            small.decode([i])


@fuzz
@given(raw_texts())
@example("a\ud800b [MASK]\ud800")
def test_parts_agree(tokenizer, cased, text):
    for python in (tokenizer, cased):
        ids = python.encode(text)
        assert [python.piece_to_id(p) for p in python.pieces(text)] == ids
        offsets = python.offsets(text)
        assert len(offsets) == len(ids)
        assert offsets == sorted(offsets)
        assert all(0 <= start < end <= len(text) for start, end in offsets)
        assert python.encode_batch([text, "", text]) == [ids, [], ids]


def test_offsets(tokenizer):
    text = " The [MASK] 一二，CAFE\u0301\u200b É! a\u200bb"
    shown = [
        (piece, text[start:end])
        for piece, (start, end) in zip(
            tokenizer.pieces(text), tokenizer.offsets(text), strict=True
        )
    ]
    assert shown[:2] == [("the", "The"), ("[MASK]", "[MASK]")]
    assert shown[2:5] == [("一", "一"), ("二", "二"), ("，", "，")]
    cafe = next(
        n for n, (piece, _) in enumerate(shown) if piece.startswith("c")
    )
    assert "".join(part for _, part in shown[cafe:]).startswith("CAFE\u0301É!")
    assert "".join(part for _, part in shown[-2:]).replace("\u200b", "") == "ab"


def test_offsets_of_an_unknown_word(tokenizer):
    text = "the ☃ÉÉ☃, the"
    places = [text[start:end] for start, end in tokenizer.offsets(text)]
    assert places == ["the", "☃ÉÉ☃", ",", "the"]
    assert tokenizer.pieces(text) == ["the", "☃ee☃", ",", "the"]


def test_decode():
    small = WordPieceTokenizer([*SMALL, *"你好，。,abc", "##b"])

    def there_and_back(text):
        return small.decode(small.encode(text))

    assert there_and_back("你好，[MASK]。") == "你好，[MASK]。"
    assert there_and_back("Unaffable , a b,ab") == "unaffable , a b , ab"
    assert there_and_back("a你b好 c") == "a你b好c"
    # Wide, but letters: together they would be one word.
    wide = WordPieceTokenizer([*SMALL, *"ａ〇々一、"])
    ids = wide.encode("ａ ａ、〇 〇一々 々")
    assert wide.decode(ids) == "ａ ａ、〇 〇一々 々"
    assert there_and_back("[CLS] a[SEP]x") == "[CLS] a [SEP] [UNK]"
    assert there_and_back("") == ""
    assert small.decode([small.pad_id, 5, small.pad_id]) == "un"


@fuzz
@given(raw_texts())
@example("一，\u0301a 、ａ ａ，〇 〇 一々 一々")
def test_decode_and_encode_again(tokenizer, cased, text):
    for python in (tokenizer, cased):
        ids = python.encode(text)
        assume(python.unk_id not in ids)
        assert python.encode(python.decode(ids)) == ids


def test_vocabulary_from_a_file(vocab_file, tokenizer):
    pieces = GOLDENS["vocabulary"]
    for content in (
        "\n".join(pieces),
        "\n".join(pieces) + "\n",
        "\r\n".join(pieces) + "\r\n",
        "\ufeff" + "".join(f"{piece}\t7\n" for piece in pieces),
    ):
        loaded = WordPieceTokenizer(vocab_file(content))
        assert loaded.vocabulary == pieces
    assert loaded.encode("一the") == tokenizer.encode("一the")


def test_blank_line_keeps_its_id(vocab_file):
    """As in the original; no text has the piece."""
    path = vocab_file("\n".join([*SMALL[:5], "", "\x85a", "\u2028", "b"]))
    with pytest.raises(ValueError, match="' ' in the places 6 and 8"):
        WordPieceTokenizer(path)
    loaded = WordPieceTokenizer(vocab_file("\n".join([*SMALL[:5], "", "b"])))
    assert loaded.encode("b  b\n\n") == [6, 6]
    again = WordPieceTokenizer(loaded.vocabulary)
    assert again.vocabulary == loaded.vocabulary


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.txt, which is no"):
        WordPieceTokenizer(tmp_path / "nowhere.txt")
    with pytest.raises(FileNotFoundError, match="no file"):
        WordPieceTokenizer(str(tmp_path))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"vocab\.txt, which is empty"),
        (b"[PAD]\n[UNK]\n\xff\n", r"UTF-8.*vocab\.txt.* 0xff in line 3"),
        ("\n".join([*SMALL, "un"]).encode(), "'un' in the places 6 and 9"),
        ("\n".join(SMALL[:3]).encode(), r"without \[SEP\], \[MASK\]\.$"),
        ("<pad>\n<unk>\n[CLS]\n[SEP]\n[MASK]", r"without \[PAD\], \[UNK\]\.$"),
        (b"\x0a\x0e\x0a\x05<pad>", r"without \[PAD\]"),
    ],
    ids=["empty", "no UTF-8", "twice", "symbols", "others", "spm"],
)
def test_wrong_files(vocab_file, content, message):
    with pytest.raises(ValueError, match=message):
        WordPieceTokenizer(vocab_file(content))


def test_wrong_lists():
    for vocabulary in (3, None, [*SMALL, 3], [*SMALL, b"a"], b"[PAD]"):
        with pytest.raises(TypeError, match=r"path of a vocab\.txt or a list"):
            WordPieceTokenizer(vocabulary)
    for piece in ("", "a b", "a\n"):
        with pytest.raises(ValueError, match="without white space"):
            WordPieceTokenizer([*SMALL, piece])
    with pytest.raises(ValueError, match=r"a list, without \[PAD\]"):
        WordPieceTokenizer([])


def test_what_is_no_text(tokenizer):
    assert tokenizer.encode("一é".encode()) == tokenizer.encode("一é")
    assert tokenizer.encode(b"a\xffb") == tokenizer.encode("ab")
    for text in (None, 3, ["a"]):
        with pytest.raises(TypeError, match="A text must be a string"):
            tokenizer.encode(text)


def test_can_be_sent_to_a_worker(cased):
    copy = pickle.loads(pickle.dumps(cased))
    assert copy.encode("Élan 一[MASK]") == cased.encode("Élan 一[MASK]")
    assert copy.normalization == cased.normalization


def test_needs_neither_tensorflow_nor_keras():
    program = (
        "import sys\n"
        "import albert_keras.text.wordpiece\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_single_text_is_no_batch(tokenizer):
    with pytest.raises(TypeError, match="Received: 'ab', which is one"):
        tokenizer.encode_batch("ab")
