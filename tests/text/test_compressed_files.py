import gzip
import io
import struct
import sys
import tracemalloc
from importlib import metadata

import pytest

from albert_keras.text import lines
from albert_keras.text.corpus import read_lines, text_files, text_size
from albert_keras.text.lines import SkippedLines

TEXT = "\ufeffOne – 一.\r\nTwo.\n\nThree."
LONG_TEXT = "".join(f"Line {n}, {n**9 % 99991}.\n" for n in range(20_000))
LINES = ["One – 一.", "Two.", "", "Three."]


def zstd():
    return pytest.importorskip(
        "backports.zstd", reason="needs the extra `zstd`"
    )


COMPRESSED = {
    "gzip": lambda content: gzip.compress(content),
    "gzip in members": lambda content: (
        gzip.compress(content[:7]) + gzip.compress(content[7:])
    ),
    "zstd": lambda content: zstd().compress(content),
    "zstd in frames": lambda content: (
        # What pzstd writes first: a frame to be skipped, RFC 8878, 3.1.2.
        struct.pack("<II", 0x184D2A50, 4)
        + b"skip"
        + zstd().compress(content[:7])
        + zstd().compress(content[7:])
    ),
}
compressions = pytest.mark.parametrize("compression", COMPRESSED)


@compressions
@pytest.mark.parametrize("name", ["a.txt", "a.gz", "a.txt.zst"])
def test_is_read_as_what_it_was(tmp_path, compression, name):
    file = tmp_path / name
    file.write_bytes(COMPRESSED[compression](TEXT.encode()))
    assert list(read_lines(file)) == LINES
    assert list(read_lines(file, longest=100)) == LINES


def test_a_name_does_not_make_text_a_compressed_file(tmp_path):
    (tmp_path / "a.txt.gz").write_text(TEXT, "utf-8", newline="")
    assert list(read_lines(tmp_path / "a.txt.gz")) == LINES


@compressions
def test_a_file_cut_off_is_refused_by_name_and_line(tmp_path, compression):
    file = tmp_path / "a.gz"
    whole = COMPRESSED[compression](LONG_TEXT.encode())
    for length in (len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:length])
        read: list[str] = []
        with pytest.raises(ValueError, match=r"a\.gz, .* after line ") as error:
            read.extend(read_lines(file, skipped_lines=SkippedLines()))
        assert f"after line {len(read)} " in str(error.value)
        assert read == LONG_TEXT.splitlines()[: len(read)]


@compressions
def test_a_damaged_file_is_refused(tmp_path, compression):
    content = bytearray(COMPRESSED[compression](LONG_TEXT.encode()))
    middle = len(content) // 2
    content[middle : middle + 50] = b"x" * 50
    (tmp_path / "a.gz").write_bytes(content)
    with pytest.raises(ValueError, match=r"damaged|encoded in UTF-8|NUL"):
        list(read_lines(tmp_path / "a.gz"))
    (tmp_path / "a.gz").write_bytes(gzip.compress(b"Text.\n") + b"no gzip")
    with pytest.raises(ValueError, match="damaged or cut off after line 1 "):
        list(read_lines(tmp_path / "a.gz"))


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_a_line_of_hundreds_of_megabytes_is_not_held_in_memory(
    tmp_path, monkeypatch, compression
):
    monkeypatch.setattr(lines, "LONGEST_LINE", 2**20)
    file = tmp_path / "a.gz"
    bomb = COMPRESSED[compression](b"x" * 2**28)
    file.write_bytes(
        COMPRESSED[compression](b"One.\n")
        + bomb
        + COMPRESSED[compression](b"\nThree.\n")
    )
    del bomb
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"a\.gz, with more in line 2\."):
        list(read_lines(file))
    skipped = SkippedLines()
    assert list(read_lines(file, skipped_lines=skipped)) == ["One.", "Three."]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert skipped.count == 1
    assert "line 2" in skipped.first
    assert peak < 2**24


def test_zstd_without_its_extra_says_what_to_install(tmp_path, monkeypatch):
    needs = ["no-such-zstd; extra == 'zstd'"]
    monkeypatch.setattr(metadata, "requires", lambda name: needs)
    (tmp_path / "a.zst").write_bytes(b"\x28\xb5\x2f\xfd and so on")
    with pytest.raises(
        ModuleNotFoundError, match=r"a\.zst.*albert-keras\[zstd"
    ):
        list(read_lines(tmp_path / "a.zst"))


@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_standard_input(monkeypatch, compress):
    buffer = io.BufferedReader(io.BytesIO(compress(TEXT.encode())))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(buffer))
    (file,) = text_files(["-"])
    assert list(read_lines(file)) == LINES
    with pytest.raises(ValueError, match="standard input, which is empty"):
        list(read_lines(file))
    with pytest.raises(ValueError, match="named once"):
        text_files(["-", "-"])
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(ValueError, match="must be open"):
        text_files(["-"])


def test_errors_of_standard_input_name_it(monkeypatch):
    buffer = io.BufferedReader(io.BytesIO(b"One.\n\xff\n"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(buffer))
    with pytest.raises(ValueError, match=r"standard input, .*0xff in line 2"):
        list(read_lines("-"))


def test_the_size_of_text_is_guessed_where_it_is_not_known(tmp_path):
    plain, packed = tmp_path / "a.txt", tmp_path / "b.txt"
    plain.write_bytes(b"a" * 1000)
    packed.write_bytes(gzip.compress(b"a" * 1000))
    assert text_size([plain, plain]) == (2000, True)
    guess = 1000 + 4 * packed.stat().st_size
    assert text_size([plain, packed]) == (guess, False)
    assert text_size(text_files([plain, "-"])) == (10**9 + 1000, False)
