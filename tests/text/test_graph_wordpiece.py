import os
import subprocess
import sys

import pytest
import tensorflow as tf
from hypothesis import example, given
from hypothesis import strategies as st
from raw_texts import fuzz, raw_texts
from wordpiece_goldens import GOLDENS

from albert_keras.text.graph_wordpiece import GraphWordPieceTokenizer
from albert_keras.text.wordpiece import WordPieceTokenizer

TEXTS = [row[0] for row in GOLDENS["uncased_and_cased"]]
EXAMPLES = ["The value, of 一二，", "a[MASK]ed.", "", "É [SEP] ΑΣ ﬁ\x00☃"]
OPTIONS = {
    "uncased": {},
    "cased": {"lowercase": False, "keep_accents": True},
    "accents": {"keep_accents": True},
    "plain": {"lowercase": False, "special_symbols": False},
}


@pytest.fixture(scope="module", params=OPTIONS)
def twins(request):
    python = WordPieceTokenizer(GOLDENS["vocabulary"], **OPTIONS[request.param])
    return python, GraphWordPieceTokenizer(python)


@pytest.fixture(scope="module")
def python():
    return WordPieceTokenizer(GOLDENS["vocabulary"])


@pytest.fixture(scope="module")
def graph(python):
    return GraphWordPieceTokenizer(python)


def test_equals_python_on_the_goldens(twins):
    python, graph = twins
    found = graph.tokenize(TEXTS)
    assert found.dtype == tf.int32
    assert found.to_list() == python.encode_batch(TEXTS)


@fuzz
@given(st.lists(raw_texts(), max_size=8))
@example(EXAMPLES)
def test_equals_python(twins, texts):
    python, graph = twins
    found = graph.tokenize(tf.constant(texts, tf.string)).to_list()
    assert found == python.encode_batch(texts)


def test_equals_python_on_real_text(python, graph, library_lines):
    texts = library_lines + [f"[MASK]{line}" for line in library_lines[::10]]
    assert graph.tokenize(texts).to_list() == python.encode_batch(texts)


def test_longest_words():
    """Counted in characters, not bytes, and after accents are gone."""
    pieces = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *"e🎉",
        "##e",
        "##🎉",
    ]
    python = WordPieceTokenizer(pieces)
    graph = GraphWordPieceTokenizer(python)
    for letter in ("e", "É", "e\u0301", "🎉"):
        texts = [letter * 200, letter * 201]
        first = 6 if letter == "🎉" else 5
        expected = [[first, *[first + 2] * 199], [python.unk_id]]
        assert python.encode_batch(texts) == expected
        assert graph.tokenize(texts).to_list() == expected


def test_pieces_that_no_text_has():
    """Such as stand in vocabularies, and say nothing about what is cut."""
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "##", "###", " "]
    python = WordPieceTokenizer(
        [*pieces, "#", "a", "##b", "[unused1]", "##[X]"]
    )
    graph = GraphWordPieceTokenizer(python)
    texts = ["ab##b # ##", "[unused1]", "[UNK] a[X]"]
    assert graph.tokenize(texts).to_list() == python.encode_batch(texts)
    assert python.pieces(texts[0]) == ["a", "##b", *"##", "b", *"###"]


def test_shapes(python, graph):
    ids, other = python.encode("the 一"), python.encode("of it")
    assert graph.tokenize("the 一").numpy().tolist() == ids
    assert graph.tokenize([]).to_list() == []
    rows = graph.tokenize([["the 一", "of it"], ["", "the 一"]])
    assert rows.to_list() == [[ids, other], [[], ids]]
    ragged = tf.ragged.constant([["the 一", "of it"], [], ["of it"]])
    assert graph.tokenize(ragged).to_list() == [[ids, other], [], [other]]
    padded = graph.tokenize(["the 一", ""], sequence_length=len(ids) + 1)
    pad = python.pad_id
    assert padded.numpy().tolist() == [[*ids, pad], [pad] * (len(ids) + 1)]


LAST = len(GOLDENS["vocabulary"]) - 1


@fuzz
@given(st.lists(st.lists(st.integers(0, LAST), max_size=6), min_size=1))
@example([[0, 9, 10, 11, 12, 13, LAST, 0], [LAST, LAST], []])
def test_detokenize_equals_python(python, graph, rows):
    ids = tf.ragged.constant(rows, tf.int32, ragged_rank=1)
    texts = [text.decode() for text in graph.detokenize(ids).numpy()]
    assert texts == [python.decode(row) for row in rows]


def test_detokenize_equals_python_on_text(python, graph):
    ids = graph.tokenize(TEXTS)
    texts = [text.decode() for text in graph.detokenize(ids).numpy()]
    assert texts == [python.decode(row) for row in ids.to_list()]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A SavedModel of a tokenizer that keeps accents, and its Python twin."""
    python = WordPieceTokenizer(GOLDENS["vocabulary"], keep_accents=True)
    module = tf.Module()
    module.graph = GraphWordPieceTokenizer(python)
    module.serve = tf.function(
        lambda texts: module.graph.tokenize(texts, sequence_length=32),
        input_signature=[tf.TensorSpec([None], tf.string, name="texts")],
        autograph=False,
    )
    folder = tmp_path_factory.mktemp("saved")
    tf.saved_model.save(module, folder, signatures=module.serve)
    return folder, python


# Where "I" is not the capital of "i", or that of "ì" has a dot and an accent:
# the ids must not depend on it.
@pytest.mark.parametrize("locale", ["tr_TR.UTF-8", "lt_LT.UTF-8"])
def test_saved_model_needs_only_tensorflow_text(saved, locale):
    folder, python = saved
    texts = [*EXAMPLES, "I À Ì Í İ I\u0300", "Ìi ÍÍ"]
    program = (
        "import sys, tensorflow as tf, tensorflow_text\n"
        f"model = tf.saved_model.load({os.fspath(folder)!r})\n"
        f"texts = tf.constant({texts!r})\n"
        "(ids,) = model.signatures['serving_default'](texts).values()\n"
        "assert 'albert_keras' not in sys.modules\n"
        "print(ids.numpy().tolist())\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"LC_ALL": locale, "LANG": locale},
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    padded = [
        ids + [python.pad_id] * (32 - len(ids))
        for ids in python.encode_batch(texts)
    ]
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
    assert own - functions == {
        "NormalizeUTF8",
        "FastWordpieceTokenizeWithOffsets",
    }
