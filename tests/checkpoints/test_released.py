"""The released weights against published values, where there is a network.

The values are those of Hugging Face's and KerasHub's integration tests and of
the model card of albert-base-v2.
"""

import os
import socket

import numpy as np
import pytest

import albert_keras as ak

pytestmark = [pytest.mark.network, pytest.mark.slow]


@pytest.fixture(scope="module")
def base():
    """albert-base-v2, fetched, or found in the cache."""
    if os.environ.get("HF_HUB_OFFLINE") == "1":
        pytest.skip("needs huggingface.co, and HF_HUB_OFFLINE is set")
    try:
        socket.create_connection(("huggingface.co", 443), timeout=3).close()
    except OSError as error:
        pytest.skip(f"needs huggingface.co, which is not reached: {error}")
    try:
        return ak.AlbertMaskedLM.from_preset("albert_base_v2")
    except ConnectionError as error:
        pytest.skip(f"needs the weights of albert-base-v2: {error}")


def test_hidden_states_of_hugging_face(base):
    token_ids = np.array(
        [[0, 345, 232, 328, 740, 140, 1695, 69, 6078, 1588, 2]]
    )
    padding_mask = np.ones_like(token_ids)
    padding_mask[0, 0] = 0
    found = base.backbone(
        {
            "token_ids": token_ids,
            "segment_ids": np.zeros_like(token_ids),
            "padding_mask": padding_mask,
        }
    )["sequence_output"]
    expected = [
        [-0.6513, 1.5035, -0.2766],
        [-0.6515, 1.5046, -0.2780],
        [-0.6512, 1.5049, -0.2784],
    ]
    np.testing.assert_allclose(found[0, 1:4, 1:4], expected, atol=1e-4)


def test_golden_values_of_kerashub(base):
    token_ids = np.array([[2, 13, 1, 3]])
    found = base.backbone(
        {
            "token_ids": token_ids,
            "segment_ids": np.zeros_like(token_ids),
            "padding_mask": np.ones_like(token_ids),
        }
    )
    np.testing.assert_allclose(
        found["sequence_output"][0, 0, :5],
        [1.830863, 1.698645, -1.819195, -0.53382, -0.38114],
        atol=1e-4,
    )


def test_masks_of_the_model_card(base):
    guesses = ak.FillMask(base)("Hello I'm a [MASK] model.", top_k=5)
    expected = {
        "▁modeling": 0.0582,
        "▁modelling": 0.0375,
        "▁model": 0.0337,
        "▁runway": 0.0173,
        "▁lingerie": 0.0144,
    }
    assert [guess["token_str"] for guess in guesses] == list(expected)
    for guess in guesses:
        assert guess["score"] == pytest.approx(
            expected[guess["token_str"]], abs=2e-3
        )
    capital = ak.FillMask(base)("Paris is the [MASK] of France.", top_k=5)
    assert [guess["token_str"].strip("▁") for guess in capital] == [
        "capital",
        "capitol",
        "comune",
        "arrondissement",
        "bastille",
    ]
