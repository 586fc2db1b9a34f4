import keras
import numpy as np
import pytest

from albert_keras.layers.encoder import AlbertEncoder


def build_encoder(**overrides):
    arguments = {
        "num_layers": 6,
        "hidden_dim": 16,
        "num_heads": 4,
        "intermediate_dim": 24,
        "initializer_range": 0.3,
        **overrides,
    }
    return AlbertEncoder(**arguments)


def hidden_and_mask(sequence=7, padding=0):
    random = np.random.default_rng(0)
    hidden = random.normal(size=(2, sequence, 16)).astype("float32")
    mask = np.ones((2, sequence), "int32")
    if padding:
        mask[:, -padding:] = 0
    return hidden, mask


def test_one_block_serves_every_layer():
    encoder = build_encoder()
    encoder(*hidden_and_mask())
    assert len(encoder.blocks) == 1
    blocks = {id(b) for n in range(6) for b in encoder.blocks_of_layer(n)}
    assert blocks == {id(encoder.blocks[0])}
    # q, k, v, output, two feed-forward products and two norms: once.
    assert encoder.count_params() == (
        4 * (16 * 16 + 16) + 16 * 24 + 24 + 24 * 16 + 16 + 4 * 16
    )


def test_layers_are_repeated_calls_of_the_block():
    hidden, mask = hidden_and_mask()
    encoder = build_encoder()
    expected = hidden.reshape(-1, 16)
    bias = np.zeros((2, 1, 1, 7), "float32")
    all_layers = encoder(hidden, mask, return_all_layers=True)
    assert len(all_layers) == 6
    for layer in all_layers:
        expected = encoder.blocks[0](expected, bias)
        np.testing.assert_allclose(
            layer, np.reshape(expected, (2, 7, 16)), atol=1e-6
        )
    np.testing.assert_allclose(encoder(hidden, mask), all_layers[-1])


def test_groups_and_inner_repetitions_follow_google():
    encoder = build_encoder(num_groups=3, num_inner_repetitions=2)
    for layer in range(6):
        # modeling.py: int(layer_idx / num_hidden_layers * num_hidden_groups)
        group = int(layer / 6 * 3)
        names = [block.name for block in encoder.blocks_of_layer(layer)]
        assert names == [f"group_{group}_inner_{inner}" for inner in (0, 1)]
    outputs = encoder(*hidden_and_mask(), return_all_layers=True)
    assert len(outputs) == 12


def test_padding_never_changes_a_real_token():
    hidden, mask = hidden_and_mask(sequence=7, padding=3)
    encoder = build_encoder()
    short = encoder(hidden[:, :4], mask[:, :4])
    hidden[:, 4:] = 1e3
    padded = encoder(hidden, mask)
    np.testing.assert_allclose(padded[:, :4], short, atol=1e-5)


def test_a_row_of_nothing_but_padding_stays_finite():
    hidden, mask = hidden_and_mask()
    outputs = build_encoder()(hidden, np.zeros_like(mask))
    assert np.isfinite(np.asarray(outputs)).all()


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_layer_norm_stays_in_float32(policy):
    hidden, mask = hidden_and_mask()
    encoder = build_encoder(dtype=policy)
    outputs = encoder(hidden, mask)
    block = encoder.blocks[0]
    assert keras.backend.standardize_dtype(outputs.dtype) == policy[6:]
    assert block.attention.query_key_value.compute_dtype == policy[6:]
    for norm in (block.attention_layer_norm, block.feed_forward_layer_norm):
        assert norm.compute_dtype == "float32"
        assert norm.epsilon == 1e-12
        # Constant rows: the variance is 0 and 1e-12 would underflow.
        assert np.isfinite(np.asarray(norm(np.ones((3, 16))))).all()
    reference = build_encoder()
    reference(hidden, mask)
    reference.set_weights(encoder.get_weights())
    np.testing.assert_allclose(
        np.asarray(outputs, "float32"), reference(hidden, mask), atol=0.2
    )


def test_hidden_and_attention_dropout_are_separate():
    hidden, mask = hidden_and_mask()
    dropped = {}
    for name in ("dropout", "attention_dropout"):
        encoder = build_encoder(num_layers=1, **{name: 0.5})
        layers = {
            layer.name: layer.rate
            for layer in encoder._flatten_layers()
            if isinstance(layer, keras.layers.Dropout)
        }
        dropped[name] = {key for key, rate in layers.items() if rate == 0.5}
        still = np.asarray(encoder(hidden, mask, training=False))
        moving = np.asarray(encoder(hidden, mask, training=True))
        assert np.abs(still - moving).max() > 0.1
    assert dropped == {
        "dropout": {"attention_output_dropout", "feed_forward_dropout"},
        "attention_dropout": {"probabilities_dropout"},
    }


def test_more_groups_than_layers():
    with pytest.raises(ValueError, match="num_groups=7, num_layers=6"):
        build_encoder(num_groups=7)


def test_heads_must_divide_the_width():
    with pytest.raises(ValueError, match="hidden_dim=16, num_heads=5"):
        build_encoder(num_heads=5)


def test_layer_survives_its_config():
    hidden, mask = hidden_and_mask()
    encoder = build_encoder(num_groups=2, activation="relu", dropout=0.1)
    copy = AlbertEncoder.from_config(encoder.get_config())
    expected = encoder(hidden, mask)
    copy(hidden, mask)
    copy.set_weights(encoder.get_weights())
    np.testing.assert_allclose(copy(hidden, mask), expected)
