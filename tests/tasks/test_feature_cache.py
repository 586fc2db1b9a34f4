"""Rows on the disk: found again, and never trusted when damaged."""

import dataclasses

import numpy as np

from albert_keras.tasks.feature_cache import cached, digest_of
from albert_keras.text.examples import TextExample
from albert_keras.text.rows.table import Features
from albert_keras.text.rows.texts import text_features


class Letters:
    """A token for each character, its id the code point."""

    cls_id, sep_id = 1, 2

    def encode_batch(self, texts, *, num_threads=1):
        return [[ord(c) for c in text] for text in texts]


def same(first, second):
    return (
        first.tokens.keys() == second.tokens.keys()
        and first.rows.keys() == second.rows.keys()
        and all(
            (first.tokens[n] == second.tokens[n]).all() for n in first.tokens
        )
        and all((first.rows[n] == second.rows[n]).all() for n in first.rows)
        and (first.row_splits == second.row_splits).all()
    )


def test_the_cache_gives_back_what_was_made(tmp_path):
    examples = [TextExample(str(i), "ab" * i, None, i, "f") for i in range(5)]
    made = []

    def make():
        made.append(1)
        return text_features(examples, Letters(), 8)

    made_of = {"examples": digest_of(examples), "sequence_length": 8}
    first = cached(tmp_path / "c", made_of, make, print)
    second = cached(tmp_path / "c", made_of, make, print)
    assert same(first, second)
    assert isinstance(second.tokens["token_ids"], np.memmap)
    assert len(made) == 1
    # Elsewhere the same; otherwise cut, or other examples, not.
    moved = [dataclasses.replace(e, source="g") for e in examples]
    assert digest_of(moved) == made_of["examples"]
    assert digest_of(examples[1:]) != made_of["examples"]
    cached(tmp_path / "c", made_of | {"sequence_length": 7}, make, print)
    assert len(made) == 2


def test_damaged_and_full_caches_cost_only_time(tmp_path):
    examples = [TextExample("0", "ab", None, 1, "f")]

    def make():
        return text_features(examples, Letters(), 8)

    first = cached(tmp_path, {}, make, print)
    files = sorted(tmp_path.glob("*/*.*"))
    assert len(files) == 6
    for file in files:
        whole = file.read_bytes()
        for damaged in (b"", whole[:-3], b"\x93NUMPY" + b"x" * 200):
            file.write_bytes(damaged)
            assert same(cached(tmp_path, {}, make, print), first)
        file.unlink()
        assert same(cached(tmp_path, {}, make, print), first)
        file.write_bytes(whole)
    (tmp_path / "file").write_text("")
    said = []
    full = tmp_path / "file" / "c"
    assert same(cached(full, {}, make, said.append), first)
    assert f"are not kept in `{full}`: " in said.pop()
    assert same(cached(None, {}, make, print), first)
    assert Features.load(next(tmp_path.glob("*/"))).lengths.tolist() == [4]
