import numpy as np
import pytest

from albert_keras.layers.embedding import AlbertEmbedding


def layer_norm(x, gamma, beta):
    mean = x.mean(axis=-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(axis=-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + 1e-12) * gamma + beta


@pytest.mark.parametrize("hidden_dim", [8, 20])
def test_sum_norm_then_projection(hidden_dim):
    embedding = AlbertEmbedding(
        50, 8, hidden_dim, max_sequence_length=10, num_segments=3
    )
    token_ids = np.array([[4, 9, 49, 0], [1, 1, 2, 3]], "int32")
    segment_ids = np.array([[0, 1, 2, 0], [1, 1, 0, 0]], "int32")
    outputs = embedding(token_ids, segment_ids)
    weights = {v.path.split("/", 1)[1]: v.numpy() for v in embedding.weights}
    expected = (
        weights["token_embedding/embeddings"][token_ids]
        + weights["segment_embedding/embeddings"][segment_ids]
        + weights["position_embedding/embeddings"][None, :4]
    )
    expected = layer_norm(
        expected, weights["layer_norm/gamma"], weights["layer_norm/beta"]
    )
    if hidden_dim != 8:
        expected = expected @ weights["projection/kernel"]
        expected += weights["projection/bias"]
    else:
        assert "projection/kernel" not in weights
    np.testing.assert_allclose(outputs, expected, atol=1e-5)


def test_too_long_a_sequence_is_named():
    embedding = AlbertEmbedding(50, 8, 16, max_sequence_length=10)
    token_ids = np.zeros((1, 11), "int32")
    with pytest.raises(ValueError, match=r"at most 10 tokens.*\(1, 11\)"):
        embedding(token_ids, token_ids)
