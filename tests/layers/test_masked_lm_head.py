import keras
import numpy as np

from albert_keras.layers.masked_lm_head import AlbertMaskedLMHead


def build_head(vocabulary=30, width=8):
    table = keras.layers.ReversibleEmbedding(vocabulary, width)
    table.build()
    return AlbertMaskedLMHead(table), table


def test_logits_are_tied_to_the_embedding():
    head, table = build_head()
    hidden = np.random.default_rng(0).normal(size=(2, 5, 16))
    positions = np.array([[1, 2], [4, 0]], "int32")
    before = np.asarray(head(hidden, positions))
    assert before.shape == (2, 2, 30)
    changed = table.embeddings.numpy()
    changed[7] *= 3.0
    table.embeddings.assign(changed)
    after = np.asarray(head(hidden, positions))
    np.testing.assert_allclose(after[..., 7], 3 * before[..., 7], rtol=1e-5)
    np.testing.assert_allclose(after[..., :7], before[..., :7])
    # One table, a transform, a norm and one bias a piece.
    assert head.count_params() == 30 * 8 + 16 * 8 + 8 + 2 * 8 + 30


def test_positions_are_gathered_row_by_row():
    head, _ = build_head()
    hidden = np.random.default_rng(0).normal(size=(3, 5, 16))
    everywhere = np.asarray(head(hidden))
    assert everywhere.shape == (3, 5, 30)
    positions = np.array([[4], [0], [2]], "int32")
    np.testing.assert_allclose(
        np.asarray(head(hidden, positions))[:, 0],
        everywhere[[0, 1, 2], [4, 0, 2]],
        atol=1e-6,
    )


def test_epsilon_is_googles():
    head, _ = build_head()
    assert head.layer_norm.epsilon == 1e-12
