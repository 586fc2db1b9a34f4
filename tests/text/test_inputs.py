import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from raw_texts import fuzz

from albert_keras.text.graph_tokenizer import GraphTokenizer
from albert_keras.text.inputs import as_string_tensor, as_text


@pytest.fixture(scope="module")
def graph(tokenizer):
    return GraphTokenizer(tokenizer)


@fuzz
@given(
    st.one_of(
        st.binary(max_size=12),
        st.text(st.characters(codec=None), max_size=12),  # surrogates as well
        st.lists(
            st.sampled_from([0xC3, 0xED, 0xA0, 0x80, 0xF4, 0x90, 0x41, 0])
        ).map(bytes),
    ).filter(lambda text: text not in ("\ufdd0", "\ufdd0".encode()))
)
def test_any_bytes_and_any_string_give_the_same_ids(tokenizer, graph, text):
    assert graph.tokenize(text).numpy().tolist() == tokenizer.encode(text)


@pytest.mark.parametrize("text", [None, 3, 2.5, True, {"a": "b"}, object()])
def test_what_is_no_text_is_refused_alike(tokenizer, graph, text):
    sentence = "A text must be a string or UTF-8 bytes. Received: .* of type "
    sentence += type(text).__name__
    with pytest.raises(TypeError, match=sentence):
        tokenizer.encode(text)
    with pytest.raises(TypeError, match=sentence):
        tokenizer.encode_batch(["a", text])
    with pytest.raises(TypeError, match=sentence):
        graph.tokenize(text)
    with pytest.raises(TypeError, match=sentence):
        graph.tokenize(["a", text])


def test_a_single_text_is_no_batch(tokenizer):
    with pytest.raises(TypeError, match="Received: 'ab', which is one"):
        tokenizer.encode_batch("ab")


def test_lists_of_any_lengths(tokenizer, graph):
    a, b, c = (tokenizer.encode(text) for text in ("the value", "of it", "x"))
    texts = [["the value", "of it"], [], ["x"]]
    assert graph.tokenize(texts).to_list() == [[a, b], [], [c]]
    assert graph.tokenize([texts, [["x"]]]).to_list() == [
        [[a, b], [], [c]],
        [[c]],
    ]
    array = np.array([["the value", "of it"], ["x", "x"]])
    assert graph.tokenize(array).to_list() == [[a, b], [c, c]]
    assert graph.tokenize(array.astype(bytes)).to_list() == [[a, b], [c, c]]
    assert graph.tokenize(array.astype(object)).to_list() == [[a, b], [c, c]]


@pytest.mark.parametrize(
    "texts", [["a", ["b"]], [["a"], "b"], [[["a"]], ["b"]], [["a", ["b"]]]]
)
def test_uneven_depths_are_refused(graph, texts):
    with pytest.raises(ValueError, match=r"same depth\. Received: .*, with"):
        graph.tokenize(texts)


def test_tensors_must_hold_strings(graph):
    for tensor in (tf.constant([1, 2]), tf.ragged.constant([[1.0], []])):
        with pytest.raises(TypeError, match=r"tensor of (int32|float32)"):
            graph.tokenize(tensor)


def test_bytes_are_utf8(tokenizer):
    assert as_text("né".encode()) == "né"
    assert as_text(b"a\xff\xc3b") == "a\ufffd\ufffdb"
    assert as_string_tensor("é").numpy() == "é".encode()
    text = "the né\ufffdvalue"
    assert tokenizer.encode("the né\ud800value") == tokenizer.encode(text)
    assert tokenizer.offsets(text.encode()) == tokenizer.offsets(text)
