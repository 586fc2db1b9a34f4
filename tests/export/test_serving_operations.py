import pytest
import tensorflow as tf
import tensorflow_text as tf_text

from albert_keras.export.serving_operations import (
    check_servable,
    count_operations,
)


def graph_of(function, dtype=tf.string):
    traced = tf.function(function).get_concrete_function(
        tf.TensorSpec([None], dtype)
    )
    return traced.graph.as_graph_def()


def trim_in_turns(texts):
    segments = tf.strings.split(texts)
    return tf_text.RoundRobinTrimmer(4).trim([segments, segments])[0].values


@pytest.mark.parametrize(
    ("function", "refused"),
    [
        (trim_in_turns, "TFText>RoundRobinTrim"),
        (lambda x: tf.py_function(lambda y: y, [x], tf.string), "EagerPyFunc"),
        (lambda x: tf.numpy_function(lambda y: y, [x], tf.string), "PyFunc"),
        (lambda x: tf_text.WhitespaceTokenizer().tokenize(x).values, "TFText>"),
    ],
)
def test_what_a_server_lacks_is_refused(function, refused):
    with pytest.raises(ValueError, match=f"Received: .*{refused}"):
        check_servable(graph_of(function))


def test_xla_is_refused():
    @tf.function(jit_compile=True)
    def compiled(x):
        return x + 1.0

    with pytest.raises(ValueError, match="jit_compile=True"):
        check_servable(graph_of(lambda x: compiled(x), tf.float32))


def test_operations_are_counted_inside_functions():
    @tf.function
    def lowered(texts):
        return tf.strings.lower(texts)

    def function(texts):
        texts = tf_text.normalize_utf8(lowered(texts), "NFKD")
        return tf.strings.join([lowered(texts), tf.strings.strip(texts)])

    graph = graph_of(function)
    check_servable(graph)
    counted = count_operations(graph)
    assert counted["StringLower"] == 1
    assert counted["StringStrip"] == 1
    assert counted["NormalizeUTF8"] == 1
    assert counted["PartitionedCall"] == 2
