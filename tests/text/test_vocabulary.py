import contextlib
import hashlib
import json
import math
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from albert_keras.text import unigram_trainer, vocabulary
from albert_keras.text.sentencepiece import SentencePieceTokenizer
from albert_keras.text.unigram_trainer import sample_lines
from albert_keras.text.vocabulary import train_vocabulary

SMALL = {"vocab_size": 120, "show_progress": False}


@pytest.fixture(scope="module")
def texts(library_lines):
    return library_lines[:400]


def files_in(folder):
    return sorted(path.name for path in folder.rglob("*"))


def test_layout_of_the_original(tokenizer):
    first = [tokenizer.id_to_piece(i) for i in range(13)]
    assert first == [
        *("<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"),
        *("(", ")", '"', "-", ".", "–", "£", "€"),
    ]
    assert tokenizer.vocabulary_size == 1500
    special = [tokenizer.processor.is_control(i) for i in range(6)]
    assert special == [True, False, True, True, True, False]
    assert tokenizer.processor.is_unknown(1)
    # User-defined: never inside another piece.
    assert not [
        piece
        for piece in tokenizer.vocabulary[13:]
        if set(piece) & set('()"-.–£€')
    ]


def test_what_is_written(texts, tmp_path):
    path = train_vocabulary(texts, tmp_path / "a" / "b", seed=7, **SMALL)
    assert path == tmp_path / "a" / "b" / "spiece.model"
    assert files_in(tmp_path / "a") == [
        *("b", "spiece.model", "spiece.vocab", "vocabulary.json")
    ]
    tokenizer = SentencePieceTokenizer(path)

    lines = path.with_name("spiece.vocab").read_text("utf-8").splitlines()
    assert [line.split("\t")[0] for line in lines] == tokenizer.vocabulary
    assert float(lines[0].split("\t")[1]) == 0
    assert all(float(line.split("\t")[1]) < 0 for line in lines[13:])

    made = json.loads(path.with_name("vocabulary.json").read_text("utf-8"))
    assert made["settings"]["seed"] == 7
    assert made["settings"]["vocab_size"] == 120
    assert made["normalization"] == {"lowercase": True, "keep_accents": False}
    assert made["corpus"]["texts"] == made["corpus"]["sentences"] == len(texts)
    words = sum(len(text.split()) for text in texts)
    assert made["corpus"]["words"] == words
    assert made["vocabulary"]["pieces"] == 120
    assert made["corpus"]["characters"] == sum(
        len(" ".join(text.split())) for text in texts
    )
    lines = [" ".join(text.split()).lower() + "\n" for text in texts]
    corpus = hashlib.sha256("".join(lines).encode())
    assert made["corpus"]["sha256"] == corpus.hexdigest()
    model = hashlib.sha256(path.read_bytes())
    assert made["vocabulary"]["sha256"] == model.hexdigest()
    assert set(made["versions"]) == {
        *("albert-keras", "sentencepiece", "python", "unicode")
    }


def made_by(path):
    return json.loads(path.with_name("vocabulary.json").read_text("utf-8"))


def test_held_out_lines_are_not_trained_on(tmp_path):
    """Each line has letters of its own: a training line's become pieces."""
    letters = [*map(chr, range(0x4E00, 0x4E00 + 400))]
    path = train_vocabulary(
        [letter * 5 for letter in letters],
        tmp_path / "a",
        vocab_size=1000,
        hard_vocab_limit=False,
        character_coverage=1.0,
        held_out_share=0.25,
        show_progress=False,
    )
    known = set("".join(SentencePieceTokenizer(path).vocabulary))
    unknown = [letter for letter in letters if letter not in known]
    assert 70 < len(unknown) < 130
    made = made_by(path)
    fertility = made["held_out"]["fertility"]
    assert made["held_out"]["share"] == 0.25
    assert fertility["sentences"] == len(unknown)
    assert fertility["unknown_characters"] == 5 * len(unknown)
    # Each sentence is a "▁" and five characters that make one unknown piece.
    assert fertility["pieces_per_word"] == 2
    assert fertility["pieces_per_character"] == 2 / 6
    assert fertility["unknown_piece_share"] == 1 / 2
    assert fertility["unknown_character_share"] == 5 / 6
    assert made["corpus"]["sentences"] == 400
    assert made["corpus"]["trained_sentences"] == 400 - len(unknown)


def test_held_out_files(texts, tmp_path):
    (tmp_path / "dev.txt").write_text("a value\n\nÄrger 中中\n", "utf-8")
    nothing = train_vocabulary(texts, tmp_path / "a", held_out_share=0, **SMALL)
    path = train_vocabulary(
        texts,
        tmp_path / "b",
        held_out_share=0.5,
        held_out_files=[tmp_path / "dev.txt"],
        **SMALL,
    )
    assert path.read_bytes() == nothing.read_bytes()
    made = made_by(path)["held_out"]
    assert made["paths"] == [str(tmp_path / "dev.txt")]
    assert made["share"] is None
    assert made["fertility"]["sentences"] == 2
    assert made["fertility"]["words"] == 4
    assert made["fertility"]["commonest_unknown"] == {"中": 2}
    assert made_by(nothing)["held_out"]["fertility"] is None


def test_a_corpus_too_small_to_hold_out(texts, tmp_path):
    """At 1 %, 400 lines would give about 4, and 10 are the fewest."""
    whole = train_vocabulary(texts, tmp_path / "a", held_out_share=0, **SMALL)
    path = train_vocabulary(texts, tmp_path / "b", **SMALL)
    made = made_by(path)
    assert made["held_out"] == {"share": 0.01, "paths": [], "fertility": None}
    for each in (made, made_by(whole)):
        assert each["corpus"]["trained_sentences"] == len(texts)


def test_the_held_out_lines_are_those_of_any_training(library_lines, tmp_path):
    def measured(name, **settings):
        path = train_vocabulary(
            library_lines, tmp_path / name, show_progress=False, **settings
        )
        made = made_by(path)
        sample = settings.get("input_sentence_size", 10_000_000)
        held_out = made["held_out"]["fertility"]
        assert made["corpus"]["trained_sentences"] <= sample
        return held_out["sentences"], held_out["words"]

    first = measured("a", vocab_size=200)
    assert first[0] > 20
    sampled = {"input_sentence_size": 1000, "seed": 5}
    assert measured("b", vocab_size=300, **sampled) == first


def test_the_seed_decides(library_lines, tmp_path):
    def train(name, **settings):
        path = train_vocabulary(
            library_lines,
            tmp_path / name,
            vocab_size=300,
            input_sentence_size=1000,
            show_progress=False,
            **settings,
        )
        return path.read_bytes()

    first = train("a", seed=1)
    assert train("b", seed=1) == first
    assert train("c", seed=2) != first


def test_the_sample_is_even():
    lines = [b"%d" % i for i in range(1000)]
    sample = sample_lines(lines, 200, random.Random(0))
    assert len(set(sample)) == 200
    # 100 expected in each half, with a standard deviation of 6.3.
    assert 75 < sum(int(line) < 500 for line in sample) < 125
    assert sample_lines(lines, 1000, random.Random(0)) == lines


def test_files_and_texts_are_the_same_corpus(texts, tmp_path):
    (tmp_path / "one.txt").write_text("\n".join(texts[:100]), "utf-8")
    # With a byte order mark and other line ends.
    other = "\ufeff" + "\r\n".join(texts[100:])
    (tmp_path / "two.txt").write_bytes(other.encode())
    files = [tmp_path / "one.txt", tmp_path / "two.txt"]
    by_line = train_vocabulary(texts, tmp_path / "a", **SMALL)
    by_text = train_vocabulary(["\n".join(texts)], tmp_path / "b", **SMALL)
    by_file = train_vocabulary(files, tmp_path / "c", **SMALL)
    mixed = [files[0], *texts[100:]]
    by_both = train_vocabulary(iter(mixed), tmp_path / "d", **SMALL)
    proto = by_line.read_bytes()
    assert by_text.read_bytes() == proto
    assert by_file.read_bytes() == proto
    assert by_both.read_bytes() == proto


def test_normalisation_of_the_corpus(tmp_path):
    texts = ["Élan ÉLAN Éire and other words of the Éire"] * 9

    def characters(name, **options):
        path = train_vocabulary(
            texts,
            tmp_path / name,
            vocab_size=90,
            hard_vocab_limit=False,
            show_progress=False,
            **options,
        )
        return set("".join(SentencePieceTokenizer(path).vocabulary[5:]))

    assert not characters("a") & set("éÉEL")
    assert characters("b", lowercase=False) >= set("EL")
    # SentencePiece composes what the normalisation took apart.
    assert "é" in characters("c", keep_accents=True)
    assert "É" in characters("d", lowercase=False, keep_accents=True)


def test_nothing_of_a_long_line_is_lost(tmp_path):
    line = "word " * 3000 + "zebra " * 20 + "x" * 5000 + " quilt" * 20
    path = train_vocabulary(
        [line] * 2, tmp_path / "a", hard_vocab_limit=False, **SMALL
    )
    tokenizer = SentencePieceTokenizer(path)
    assert tokenizer.unk_id not in tokenizer.encode("word zebra x quilt")


def test_refuses_to_overwrite(texts, tmp_path):
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    path = train_vocabulary(texts, folder, **SMALL)
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match=r"a, with .*spiece\.model"):
        train_vocabulary(texts[:200], folder, **SMALL)
    assert path.read_bytes() == before
    train_vocabulary(texts[:200], folder, overwrite=True, **SMALL)
    assert path.read_bytes() != before
    assert (folder / "notes.txt").read_text() == "mine"
    assert len(files_in(tmp_path)) == 5


@pytest.mark.parametrize(
    ("corpus", "error", "message"),
    [
        ([Path()], FileNotFoundError, "., a folder in which there is none"),
        ([], ValueError, "0 texts and 0 files without a word"),
        (["", " \n\t"], ValueError, "2 texts and 0 files without a word"),
        (["\u200b"], ValueError, "1 texts and 0 files without a word"),
        ("corpus.txt", TypeError, "Received: 'corpus.txt'"),
        ([Path("missing.txt")], FileNotFoundError, "missing.txt"),
        (["too few words"], ValueError, r"Received: vocab_size=120 for 3"),
    ],
    ids=str,
)
def test_unusable_corpus(corpus, error, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        train_vocabulary(corpus, tmp_path / "a", **SMALL)
    assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("ok\nGrüße".encode("latin-1"), "byte 0xfc in line 2"),
        ("text".encode("utf-16"), "NUL byte in line 1"),
        (b"\x7fELF\0\0", "NUL byte in line 1"),
        (b"", "corpus.txt, which is empty"),
    ],
)
def test_unusable_file(content, message, tmp_path):
    file = tmp_path / "corpus.txt"
    file.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        train_vocabulary([file], tmp_path / "a", **SMALL)
    assert files_in(tmp_path) == ["corpus.txt"]


def test_the_largest_size_named_works(texts, tmp_path):
    with pytest.raises(ValueError, match=r"gives, which is \d+ pieces") as e:
        train_vocabulary(texts[:9], tmp_path, vocab_size=9999)
    largest = int(str(e.value).split(" pieces")[0].split()[-1])
    for size in (largest, largest + 1):
        with (
            pytest.raises(ValueError, match=f"is {largest} pieces")
            if size > largest
            else contextlib.nullcontext()
        ):
            train_vocabulary(
                texts[:9],
                tmp_path,
                vocab_size=size,
                overwrite=True,
                show_progress=False,
            )
    made = SentencePieceTokenizer(tmp_path / "spiece.model")
    assert made.vocabulary_size == largest


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"vocab_size": 14}, "above 14.*vocab_size=14"),
        ({"vocab_size": "8000"}, "vocab_size='8000'"),
        ({"vocab_size": 30}, r"must be \d\d at least.*vocab_size=30"),
        ({"character_coverage": 0.5}, "0.98 to 1|between 0.98 and 1"),
        ({"input_sentence_size": 100}, "input_sentence_size=100"),
        ({"seed": -1}, "seed=-1"),
        ({"seed": 0.5}, "seed=0.5"),
        ({"held_out_share": 0.6}, "between 0 and 0.5.*held_out_share=0.6"),
        ({"held_out_share": math.nan}, "held_out_share=nan"),
    ],
    ids=str,
)
def test_unusable_settings(settings, message, texts, tmp_path):
    with pytest.raises(ValueError, match=message):
        train_vocabulary(texts, tmp_path / "a", **SMALL | settings)
    assert files_in(tmp_path) == []


def test_unusable_folder(texts, tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(NotADirectoryError, match="file, which is a file"):
        train_vocabulary(texts, file, **SMALL)
    with pytest.raises(OSError, match="file"):
        train_vocabulary(texts, file / "a", **SMALL)
    assert files_in(tmp_path) == ["file"]


def test_says_nothing_when_asked_to(texts, tmp_path, capfd):
    train_vocabulary(texts, tmp_path / "a", **SMALL)
    assert capfd.readouterr() == ("", "")


def test_stops_while_reading(texts, tmp_path):
    def stopping():
        yield from texts
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_vocabulary(stopping(), tmp_path / "a", **SMALL)
    assert files_in(tmp_path) == []


def test_stops_while_measuring(texts, tmp_path, monkeypatch):
    def stop(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(vocabulary, "measure_fertility", stop)
    with pytest.raises(KeyboardInterrupt):
        train_vocabulary(texts, tmp_path / "a", held_out_share=0.2, **SMALL)
    assert files_in(tmp_path) == []


def test_stops_while_training(library_lines, tmp_path):
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("\n".join(library_lines * 3), "utf-8")
    # A trainer that comes to no end before its input does.
    endless = tmp_path / "endless.py"
    endless.write_text("import sys\nsys.stdin.buffer.read()\n")
    program = (
        "from pathlib import Path\n"
        "from albert_keras.text import unigram_trainer\n"
        "from albert_keras.text.vocabulary import train_vocabulary\n"
        f"unigram_trainer.__file__ = {os.fspath(endless)!r}\n"
        f"train_vocabulary([Path({os.fspath(corpus)!r})],"
        f" {os.fspath(tmp_path / 'a')!r}, vocab_size=2000)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "FORCE_COLOR": "1"},  # as if it were a terminal
    )
    shown = ""
    while "Choosing" not in shown:
        shown += process.stderr.read(1)
        assert process.poll() is None
    # Not to the trainer, though a terminal would send it there as well.
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate()
    assert complaints.strip().endswith("KeyboardInterrupt")
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    assert files_in(tmp_path) == ["corpus.txt", "endless.py"]


def test_says_so_when_the_trainer_is_killed(texts, tmp_path, monkeypatch):
    """As the kernel does where memory runs out."""
    killer = tmp_path / "killer.py"
    killer.write_text(
        "import os, sys\nsys.stdin.readline()\nos.kill(os.getpid(), 9)\n"
    )
    monkeypatch.setattr(unigram_trainer, "__file__", str(killer))
    with pytest.raises(RuntimeError, match="signal 9, as when memory"):
        train_vocabulary(texts, tmp_path / "a", **SMALL)
