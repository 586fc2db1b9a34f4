import numpy as np
import pytest
from export_models import LONGEST

from albert_keras.export.text_rows import read_texts, text_rows

ARGUMENT = "the argument parser"


@pytest.fixture(scope="module")
def python(tokenizer):
    return tokenizer.python_tokenizer


def test_texts_and_pairs(models, python):
    rows = text_rows(
        models["classifier"], python, [ARGUMENT, (ARGUMENT, "help")], LONGEST
    )
    first, second = python.encode(ARGUMENT), python.encode("help")
    cls, sep = python.cls_id, python.sep_id
    pair = [cls, *first, sep, *second, sep]
    np.testing.assert_array_equal(rows["token_ids"][1], pair)
    assert rows["segment_ids"][1].sum() == len(second) + 1
    assert rows["padding_mask"].sum(-1).tolist() == [len(first) + 2, len(pair)]
    assert (
        rows["token_ids"][0, : len(first) + 2].tolist()
        == pair[: len(first) + 2]
    )


def test_masks_are_those_of_the_text_or_every_seventh_token(models, python):
    text = " ".join(["parser"] * 20)
    rows = text_rows(
        models["masked_lm"], python, [f"a [MASK] {ARGUMENT}", text], LONGEST
    )
    masks = rows["token_ids"] == python.mask_id
    for is_mask, positions in zip(masks, rows["mask_positions"], strict=True):
        found = np.flatnonzero(is_mask)
        assert positions[: len(found)].tolist() == found.tolist()
        assert not positions[len(found) :].any()
    assert masks[0].sum() == 1
    assert 0.1 < masks[1].sum() / rows["padding_mask"][1].sum() < 0.2


def test_no_more_masks_than_the_file_takes(models, python):
    texts = ["[MASK] a [MASK] b [MASK]"]
    rows = text_rows(models["pretrainer"], python, texts, LONGEST, max_masks=2)
    assert rows["mask_positions"].shape == (1, 2)


def test_windows_of_a_passage(models, python):
    passage = " ".join([ARGUMENT] * 30)
    rows = text_rows(
        models["reader_v2"], python, [("what is it?", passage)], LONGEST
    )
    assert len(rows["token_ids"]) > 1
    assert rows["token_ids"].shape[1] == LONGEST
    assert (rows["answer_mask"][:, 0] == 1).all()
    assert set(rows) == set(models["reader_v2"].input)


def test_options_and_words(models, python):
    rows = text_rows(
        models["chooser"], python, [("", "which?", "one", "two", "six")], 28
    )
    assert rows["token_ids"].shape[:2] == (1, 3)
    by_blanks, by_words = (
        text_rows(models["tagger"], python, [text], 16)["token_ids"]
        for text in (ARGUMENT, ARGUMENT.split())
    )
    np.testing.assert_array_equal(by_blanks, by_words)


@pytest.mark.parametrize(
    ("name", "texts", "sentence"),
    [
        ("classifier", [], "one text at least"),
        ("classifier", "text", "must be a list"),
        ("classifier", [("a", "b", "c")], "a pair of texts.*3 parts in text 1"),
        ("reader", [("q", "p"), "q"], "a passage.*1 parts in text 2"),
        ("chooser", [("p", "q", "a")], "its options.*3 parts"),
        (
            "chooser",
            [("p", "q", "a", "b"), ("p", "q", "a", "b", "c")],
            "as many options. Received: 2, 3",
        ),
    ],
)
def test_texts_without_their_parts(models, python, name, texts, sentence):
    with pytest.raises(ValueError, match=sentence):
        text_rows(models[name], python, texts, LONGEST)


def test_texts_of_a_file(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("one\n\nfirst\tsecond\r\n", "utf-8")
    assert read_texts(path) == [("one",), ("first", "second")]
    path.write_text("\n \n")
    with pytest.raises(ValueError, match="must hold texts"):
        read_texts(path)
    with pytest.raises(FileNotFoundError):
        read_texts(tmp_path / "absent.txt")
