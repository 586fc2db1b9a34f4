import json

import numpy as np
import pytest

from albert_keras.inference.vector_files import (
    check_vector_file,
    json_line,
    vector_file,
)

POOLINGS = ["mean", "cls"]


def rows(count):
    generator = np.random.default_rng(3)
    return {
        name: generator.normal(size=(count, 5)).astype("float32")
        for name in POOLINGS
    }


def write(path, vectors, poolings=POOLINGS):
    with vector_file(path, path.suffix, poolings) as file:
        for number in range(len(vectors["mean"])):
            one = {name: vectors[name][number] for name in poolings}
            file.add(f"text {number} é\n", one)


# As many digits as a header was first written with, and more.
@pytest.mark.parametrize("count", [1, 9, 10, 1100])
def test_each_form_holds_what_was_added(tmp_path, count):
    vectors = rows(count)
    write(tmp_path / "a.npy", vectors, ["mean"])
    loaded = np.load(tmp_path / "a.npy", allow_pickle=False)
    np.testing.assert_array_equal(loaded, vectors["mean"])
    write(tmp_path / "a.npz", vectors)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        assert sorted(archive) == ["cls", "mean"]
        for name in POOLINGS:
            np.testing.assert_array_equal(archive[name], vectors[name])
    write(tmp_path / "a.jsonl", vectors)
    lines = (tmp_path / "a.jsonl").read_text("utf-8").splitlines()
    for number, line in enumerate(map(json.loads, lines)):
        assert line["text"] == f"text {number} é\n"
        for name in POOLINGS:
            again = np.array(line[name], "float32")
            np.testing.assert_array_equal(again, vectors[name][number])
    assert len(lines) == count
    assert len(list(tmp_path.iterdir())) == 3  # no parts are left


@pytest.mark.parametrize("count", [1, 1100])
def test_parquet(tmp_path, count):
    parquet = pytest.importorskip("pyarrow.parquet")
    vectors = rows(count)
    write(tmp_path / "a.parquet", vectors)
    table = parquet.read_table(tmp_path / "a.parquet")
    assert table.column_names == ["text", "mean", "cls"]
    assert table["text"].to_pylist()[-1] == f"text {count - 1} é\n"
    for name in POOLINGS:
        column = np.array(table[name].to_pylist(), "float32")
        np.testing.assert_array_equal(column, vectors[name])


def test_a_number_has_no_more_digits_than_tell_it():
    line = json_line("t", {"mean": np.array([0.1, 1e-8], "float32")})
    assert line == '{"text": "t", "mean": [0.1, 1e-08]}'


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("a.txt", r"must end with .npy, .npz, .jsonl, .parquet"),
        ("a.npy", "must hold one pooling; .npz holds several"),
    ],
)
def test_what_cannot_be_written_is_named(tmp_path, name, sentence):
    with pytest.raises(ValueError, match=sentence):
        check_vector_file(tmp_path / name, POOLINGS)


def test_parquet_without_its_library(tmp_path, monkeypatch):
    from importlib import metadata

    lines = ["no-such-distribution>=2; extra == 'parquet'"]
    monkeypatch.setattr(metadata, "requires", lambda name: lines)
    with pytest.raises(
        ModuleNotFoundError, match=r"pip install 'albert-keras\[parquet\]'"
    ):
        check_vector_file(tmp_path / "a.parquet", POOLINGS)
