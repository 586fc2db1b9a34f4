import numpy as np
import pytest

from albert_keras.layers.encoder import AlbertEncoder
from albert_keras.layers.encoder_trace import trace_encoder

LAYERS, WIDTH, HEADS = 4, 12, 3


@pytest.fixture(scope="module", params=[1, 2], ids=["one-group", "two-groups"])
def encoder(request):
    encoder = AlbertEncoder(
        LAYERS,
        WIDTH,
        HEADS,
        20,
        num_groups=request.param,
        num_inner_repetitions=request.param,
        attention_dropout=0.4,
        initializer_range=0.5,
    )
    encoder.build((None, None, WIDTH))
    for weight in encoder.weights:  # biases begin as zeros
        random = np.random.default_rng(len(weight.shape))
        weight.assign(weight + 0.3 * random.normal(size=weight.shape))
    return encoder


@pytest.fixture(scope="module")
def inputs():
    random = np.random.default_rng(3)
    hidden = random.normal(size=(2, 6, WIDTH)).astype("float32")
    mask = np.array([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]])
    return hidden, mask


def attention_by_definition(block, hidden, mask):
    """Softmax of QK^T / sqrt(d), a loop for each row and head."""
    kernel, bias = map(
        np.asarray, block.attention.query_key_value.get_weights()
    )
    queries, keys, values = np.split(
        np.asarray(hidden, "float64") @ kernel + bias, 3, axis=-1
    )
    size = WIDTH // HEADS
    probabilities = np.zeros((len(hidden), HEADS, *hidden.shape[1:2] * 2))
    context = np.zeros_like(queries)
    for row in range(len(hidden)):
        real = np.flatnonzero(mask[row])
        for head in range(HEADS):
            part = slice(head * size, (head + 1) * size)
            for place in range(hidden.shape[1]):
                query = queries[row, place, part]
                scores = keys[row, real, part] @ query / np.sqrt(size)
                exponentials = np.exp(scores - scores.max())
                shares = exponentials / exponentials.sum()
                probabilities[row, head, place, real] = shares
                context[row, place, part] = shares @ values[row, real, part]
    return probabilities, context


def blocks_in_order(encoder):
    return [
        block
        for layer in range(encoder.num_layers)
        for block in encoder.blocks_of_layer(layer)
    ]


def test_hidden_states_are_those_of_a_call(encoder, inputs):
    hidden, mask = inputs
    trace = trace_encoder(encoder, hidden, mask)
    np.testing.assert_array_equal(trace.hidden_states[0], hidden)
    expected = encoder(hidden, mask, return_all_layers=True)
    assert len(trace.hidden_states) == len(expected) + 1
    for found, wanted in zip(trace.hidden_states[1:], expected, strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_attention_is_that_of_the_definition(encoder, inputs):
    hidden, mask = inputs
    trace = trace_encoder(encoder, hidden, mask)
    blocks = blocks_in_order(encoder)
    assert (
        len(trace.attention)
        == len(blocks)
        == LAYERS * len(encoder.blocks_of_layer(0))
    )
    for block, state, found in zip(
        blocks, trace.hidden_states, trace.attention, strict=False
    ):
        expected, _ = attention_by_definition(block, np.asarray(state), mask)
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_attention_is_what_a_call_attends_by(encoder, inputs):
    """The probabilities times the values, projected, are the layer's output."""
    hidden, mask = inputs
    trace = trace_encoder(encoder, hidden, mask)
    for block, state, found in zip(
        blocks_in_order(encoder),
        trace.hidden_states,
        trace.attention,
        strict=False,
    ):
        state = np.asarray(state)
        kernel, bias = block.attention.query_key_value.get_weights()
        values = (state @ kernel + bias)[..., 2 * WIDTH :]
        values = values.reshape(2, 6, HEADS, -1)
        context = np.einsum("bhij,bjhd->bihd", np.asarray(found), values)
        kernel, bias = block.attention.output_projection.get_weights()
        np.testing.assert_allclose(
            context.reshape(-1, WIDTH) @ kernel + bias,
            block.attention(
                state.reshape(-1, WIDTH), encoder.attention_bias(mask)
            ),
            atol=1e-5,
        )


def test_nothing_attends_to_padding(encoder, inputs):
    for found in trace_encoder(encoder, *inputs).attention:
        found = np.asarray(found)
        np.testing.assert_allclose(found.sum(-1), 1.0, atol=1e-6)
        assert found[1, :, :, 4:].max() == 0.0
        assert found[0].min() > 0.0
