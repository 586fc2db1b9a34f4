"""Where tokens stand in the text: in the graph as in Python."""

import pytest
import tensorflow as tf
from hypothesis import example, given
from hypothesis import strategies as st
from raw_texts import fuzz, raw_texts

from albert_keras.text.graph_offsets import GraphOffsets
from albert_keras.text.graph_tokenizer import GraphTokenizer
from albert_keras.text.sentencepiece import SentencePieceTokenizer

EXAMPLES = ["The value, of 10, and x0,", "a [MASK].", "", "É [SEP] ΑΣ ﬁ\x00"]


class _Pair:
    """A tokenizer and its twin."""

    def __init__(self, proto, **options):
        self.python = SentencePieceTokenizer(proto, **options)
        graph = GraphOffsets(GraphTokenizer(self.python), self.python)
        self.graph = tf.function(
            graph, input_signature=[tf.TensorSpec([None], tf.string)]
        )

    def check(self, texts):
        found = self.graph(tf.constant(texts, tf.string))
        assert found.ids.to_list() == self.python.encode_batch(texts)
        starts, ends = found.starts.to_list(), found.ends.to_list()
        for text, first, last in zip(texts, starts, ends, strict=True):
            spans = list(zip(first, last, strict=True))
            assert spans == self.python.offsets(text), text


@pytest.fixture(scope="module")
def uncased(tokenizer):
    return _Pair(tokenizer.proto)


@pytest.fixture(scope="module")
def untrusted(tokenizer):
    return _Pair(
        tokenizer.proto,
        lowercase=False,
        replace_quotes=True,
        special_symbols=False,
    )


@fuzz
@given(st.lists(raw_texts(), max_size=8))
@example([*EXAMPLES, "\ufdef", "a\ufdefb ''c"])
def test_equal_to_python(uncased, texts):
    uncased.check(texts)


@fuzz
@given(st.lists(raw_texts(), max_size=8))
@example([*EXAMPLES, "``a'' '''`` ` `", "\ufdef ``b\ufdef''\ufdef"])
def test_equal_to_python_with_quotes_and_case(untrusted, texts):
    untrusted.check(texts)


def test_a_span_shows_the_word_of_the_text(uncased):
    text = "  Élan,\t1,234  e\u0301té "
    found = uncased.graph(tf.constant([text]))
    spans = zip(found.starts.to_list()[0], found.ends.to_list()[0], strict=True)
    shown = [text[start:end] for start, end in spans]
    assert "".join(shown) == "Élan,1,234e\u0301té"
