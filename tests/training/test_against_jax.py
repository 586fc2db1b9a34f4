"""Twenty steps on JAX have the losses that they have on TensorFlow."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

STEPS, BATCH, SEQUENCE, PREDICTIONS = 20, 4, 12, 3

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("jax") is None, reason="needs jax"),
]


def train(remat):
    """The loss of each step."""
    import dataclasses

    import keras

    from albert_keras.config import AlbertConfig
    from albert_keras.models.albert_backbone import AlbertBackbone
    from albert_keras.models.albert_pretrainer import AlbertPretrainer
    from albert_keras.training.compiling import compile_for
    from albert_keras.training.optimizers import Lamb

    config = dataclasses.replace(
        AlbertConfig.named("albert_tiny_test"), num_hidden_layers=3
    )
    model = AlbertPretrainer(AlbertBackbone.from_albert_config(config))
    model.backbone.encoder.remat = remat
    random = np.random.default_rng(0)
    for variable in model.trainable_variables:
        start = np.ones if variable.name == "gamma" else np.zeros
        noise = random.normal(0, 0.1, variable.shape)
        variable.assign(start(variable.shape) + noise)
    compile_for(model, Lamb(0.02), gradient_accumulation_steps=2)
    losses = []
    model.fit(
        batches(random, config.vocab_size),
        steps_per_epoch=1,
        epochs=STEPS,
        verbose=0,
        callbacks=[
            keras.callbacks.LambdaCallback(
                on_epoch_end=lambda _, logs: losses.append(logs["loss"])
            )
        ],
    )
    return losses


def batches(random, vocabulary_size):
    """Two batches that come again and again, so that they are learnt."""
    import tensorflow as tf

    rows = 2 * BATCH
    ids = random.integers(5, vocabulary_size, (rows, SEQUENCE))
    weights = np.ones((rows, PREDICTIONS), "float32")
    weights[::3, -1] = 0.0
    x = {
        "token_ids": ids,
        "segment_ids": np.tile(np.arange(SEQUENCE) > 6, (rows, 1)),
        "padding_mask": np.ones_like(ids),
        "mask_positions": np.tile([1, 4, 9], (rows, 1)),
    }
    y = {"mlm_logits": ids[:, [1, 4, 9]], "sop_logits": np.arange(rows) % 2}
    arrays = (
        {name: array.astype("int32") for name, array in x.items()},
        {name: array.astype("int32") for name, array in y.items()},
        {"mlm_logits": weights, "sop_logits": np.ones(rows, "float32")},
    )
    data = tf.data.Dataset.from_tensor_slices(arrays)
    return data.repeat().batch(BATCH, drop_remainder=True)


def both():
    """The backend, and the losses without and with remat."""
    from keras import backend

    return [backend.backend(), train(False), train(True)]


@pytest.fixture(scope="module")
def losses():
    """By backend and remat; JAX has a process of its own."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__))],
        env={**os.environ, "KERAS_BACKEND": "jax"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    results = {"jax": json.loads(done.stdout.splitlines()[-1])}
    results["tensorflow"] = both()
    return {
        backend: {False: np.array(kept), True: np.array(remat)}
        for backend, (used, kept, remat) in results.items()
        if used == backend
    }


@pytest.mark.parametrize("remat", [False, True], ids=["kept", "remat"])
def test_losses_are_those_of_tensorflow(losses, remat):
    expected = losses["tensorflow"][remat]
    assert len(expected) == STEPS
    assert expected[-1] < expected[0] - 0.5  # it learns
    np.testing.assert_allclose(losses["jax"][remat], expected, atol=1e-4)


if __name__ == "__main__":
    print(json.dumps(both()))
