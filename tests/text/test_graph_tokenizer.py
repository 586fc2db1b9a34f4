import os
import subprocess
import sys

import pytest
import tensorflow as tf
from hypothesis import example, given
from hypothesis import strategies as st
from raw_texts import fuzz, raw_texts

from albert_keras.text.graph_tokenizer import GraphTokenizer
from albert_keras.text.sentencepiece import SentencePieceTokenizer
from albert_keras.text.vocabulary import train_vocabulary

EXAMPLES = ["The value, of 10, and x0,", "a [MASK].", "", "É [SEP] ΑΣ ﬁ\x00"]


@pytest.fixture(scope="module")
def graph(tokenizer):
    return GraphTokenizer(tokenizer)


@pytest.fixture(scope="module")
def cased(tokenizer):
    python = SentencePieceTokenizer(
        tokenizer.proto, lowercase=False, keep_accents=True
    )
    return python, GraphTokenizer(python)


@pytest.fixture(scope="module")
def untrusted(tokenizer):
    python = SentencePieceTokenizer(
        tokenizer.proto, replace_quotes=True, special_symbols=False
    )
    return python, GraphTokenizer(python)


@fuzz
@given(st.lists(raw_texts(), max_size=8))
@example(EXAMPLES)
def test_equals_python(tokenizer, graph, texts):
    found = graph.tokenize(tf.constant(texts, tf.string))
    assert found.dtype == tf.int32
    assert found.to_list() == tokenizer.encode_batch(texts)


@fuzz
@given(st.lists(raw_texts(), max_size=8))
@example(EXAMPLES)
def test_equals_python_with_case_and_accents(cased, texts):
    python, graph = cased
    found = graph.tokenize(tf.constant(texts, tf.string))
    assert found.to_list() == python.encode_batch(texts)


@fuzz
@given(st.lists(raw_texts(), max_size=8))
@example(EXAMPLES)
def test_equals_python_without_special_symbols(untrusted, texts):
    python, graph = untrusted
    found = graph.tokenize(tf.constant(texts, tf.string))
    assert found.to_list() == python.encode_batch(texts)


def test_equals_python_on_real_text(tokenizer, graph, library_lines):
    texts = library_lines + [f"[MASK]{line}" for line in library_lines[::10]]
    found = graph.tokenize(texts)
    assert found.to_list() == tokenizer.encode_batch(texts)


def test_equals_python_with_the_released_vocabulary(shared_data):
    released = SentencePieceTokenizer(shared_data("albert/spiece.model"))
    corpus = shared_data("wikitext-2/wiki.test.tokens")
    texts = corpus.read_text("utf-8").splitlines()
    # Of which segmentations score the same.
    texts += [char * n for char in "0=ax. " for n in range(80)]
    found = GraphTokenizer(released).tokenize(texts)
    assert found.to_list() == released.encode_batch(texts)


def test_shapes(tokenizer, graph):
    ids, other = tokenizer.encode("the value"), tokenizer.encode("of it")
    assert graph.tokenize("the value").numpy().tolist() == ids
    assert graph.tokenize([]).to_list() == []
    rows = graph.tokenize([["the value", "of it"], ["", "the value"]])
    assert rows.to_list() == [[ids, other], [[], ids]]
    ragged = tf.ragged.constant([["the value", "of it"], [], ["of it"]])
    assert graph.tokenize(ragged).to_list() == [[ids, other], [], [other]]


def test_sequence_length(tokenizer, graph):
    ids = tokenizer.encode("the value")
    padded = [*ids, *[tokenizer.pad_id] * 4]
    found = graph.tokenize(["the value", ""], sequence_length=len(padded))
    assert found.numpy().tolist() == [padded, [tokenizer.pad_id] * len(padded)]
    assert graph.tokenize(["the value"], 1).numpy().tolist() == [ids[:1]]
    assert graph.tokenize("the value", 1).numpy().tolist() == ids[:1]


@fuzz
@given(st.lists(st.lists(st.integers(0, 1499), max_size=6), min_size=1))
@example([[0, 1, 2, 3, 4, 5, 13, 13, 20], [13, 13, 4, 13, 13], []])
def test_detokenize_equals_python(tokenizer, graph, rows):
    ids = tf.ragged.constant(rows, tf.int32, ragged_rank=1)
    texts = [text.decode() for text in graph.detokenize(ids).numpy()]
    assert texts == [tokenizer.decode(row) for row in rows]


def test_saved_model_needs_only_tensorflow_text(tokenizer, graph, tmp_path):
    module = tf.Module()
    module.graph = graph
    module.serve = tf.function(
        lambda texts: graph.tokenize(texts).to_tensor(),
        input_signature=[tf.TensorSpec([None], tf.string, name="texts")],
        autograph=False,
    )
    tf.saved_model.save(module, tmp_path, signatures=module.serve)

    program = (
        "import sys, tensorflow as tf, tensorflow_text\n"
        f"model = tf.saved_model.load({os.fspath(tmp_path)!r})\n"
        f"texts = tf.constant({[*EXAMPLES, 'I I']!r})\n"
        "(ids,) = model.signatures['serving_default'](texts).values()\n"
        "assert 'albert_keras' not in sys.modules\n"
        "print(ids.numpy().tolist())\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        # Where "I" is not the capital of "i": the ids must not depend on it.
        env=os.environ | {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    expected = tokenizer.encode_batch([*EXAMPLES, "I I"])
    width = max(map(len, expected))
    padded = [ids + [0] * (width - len(ids)) for ids in expected]
    assert result.stdout.strip() == str(padded)


def test_operations_are_those_that_servers_link(graph):
    function = tf.function(graph.tokenize).get_concrete_function(
        tf.TensorSpec([None], tf.string)
    )
    definition = function.graph.as_graph_def()
    nodes = [*definition.node]
    for inner in definition.library.function:
        nodes += inner.node_def
    operations = {node.op for node in nodes}
    own = {name for name in operations if not hasattr(tf.raw_ops, name)}
    functions = {f.signature.name for f in definition.library.function}
    assert own - functions == {"NormalizeUTF8", "SentencepieceTokenizeOp"}


def test_without_pieces_of_digits_and_commas(tmp_path):
    path = train_vocabulary(
        ["some words without a number"] * 3,
        tmp_path / "vocabulary",
        vocab_size=34,
        hard_vocab_limit=False,
        show_progress=False,
    )
    python = SentencePieceTokenizer(path)
    assert not python.digit_comma_ids
    texts = ["some words [MASK]out", ""]
    found = GraphTokenizer(python).tokenize(texts)
    assert found.to_list() == python.encode_batch(texts)
