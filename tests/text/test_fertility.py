import pytest

from albert_keras.text.fertility import measure_fertility
from albert_keras.text.sentencepiece import SentencePieceTokenizer


def test_the_released_vocabulary(shared_data):
    """Pieces: ▁this ▁is ▁a ▁test | ▁hello , and ▁ with two unknown."""
    tokenizer = SentencePieceTokenizer(shared_data("albert/spiece.model"))
    counts = measure_fertility(tokenizer, ["This is a test", "", "Hello, 龘龘"])
    assert counts.sentences == 2
    assert counts.words == 6
    assert counts.pieces == 8
    assert counts.characters == len("▁this▁is▁a▁test▁hello,▁龘龘")
    assert counts.unknown_pieces == 1
    assert counts.unknown == {"龘": 2}
    assert counts.pieces_per_word == 8 / 6
    assert counts.unknown_piece_share == 1 / 8
    assert counts.unknown_character_share == 2 / counts.characters


def test_counts_are_those_of_encoding(tokenizer, library_lines):
    lines = [*library_lines[:500], "ein 中 文", "中文 中", "a[MASK]b 2010,"]
    counts = measure_fertility(tokenizer, iter(lines))
    ids = [i for line in lines for i in tokenizer.encode(line)]
    assert counts.pieces == len(ids)
    assert counts.unknown_pieces == ids.count(tokenizer.unk_id) > 3
    assert counts.unknown["中"] == 3
    assert counts.unknown["文"] == 2
    assert counts.words == sum(len(line.split()) for line in lines)


def test_no_text(tokenizer):
    with pytest.raises(ValueError, match="held-out text must hold words"):
        measure_fertility(tokenizer, ["", " \u0301"])
