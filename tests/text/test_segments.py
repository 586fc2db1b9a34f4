import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from raw_texts import fuzz, raw_texts

from albert_keras.text.segments import (
    SPECIAL_SYMBOLS,
    Segment,
    graph_split_segments,
    split_segments,
)


def test_segments_between_symbols():
    assert split_segments("[CLS]a [MASK][MASK].") == [
        Segment(None, "", 0),
        Segment("[CLS]", "a ", 5),
        Segment("[MASK]", "", 13),
        Segment("[MASK]", ".", 19),
    ]
    assert split_segments("[mask] [MASK") == [Segment(None, "[mask] [MASK", 0)]
    assert split_segments("") == [Segment(None, "", 0)]


def test_only_a_mask_is_continued():
    def last(text):
        return split_segments(text)[-1].continues

    assert last("[MASK].")
    assert last("a[MASK]b")
    assert not last("[MASK] b")
    assert not last("[MASK]\u2028b")
    assert not last("[CLS]b")
    assert not last("[SEP]b")
    assert not last("b")


@fuzz
@given(raw_texts())
def test_nothing_is_lost(text):
    segments = split_segments(text)
    whole = "".join((symbol or "") + part for symbol, part, _ in segments)
    assert whole == text
    for _, part, start in segments:
        assert text[start : start + len(part)] == part
        assert not any(symbol in part for symbol in SPECIAL_SYMBOLS)


@fuzz
@given(st.lists(raw_texts(), max_size=6))
def test_graph_equals_python(texts):
    graph = graph_split_segments(tf.constant(texts, tf.string))
    rows = [split_segments(text) for text in texts]
    found = [[t.decode() for t in row] for row in graph.texts.to_list()]
    assert found == [[segment.text for segment in row] for row in rows]
    flat = [segment for row in rows for segment in row]
    symbols = [None, *SPECIAL_SYMBOLS]
    assert [symbols[i] for i in graph.symbols] == [s.symbol for s in flat]
    assert list(graph.continues.numpy()) == [s.continues for s in flat]
