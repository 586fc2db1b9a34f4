"""The command `pretrain` on Keras' JAX backend."""

import os
import subprocess
from importlib.util import find_spec

import pytest
from run_numbers import THIRTY_STEPS, assert_same_numbers, cut_back

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("jax") is None, reason="needs jax"),
]


def test_devices_in_parallel_go_on_with_the_losses_of_one(
    pretrain_command, tmp_path
):
    """Restored on two devices, with micro-batches, from a run on one."""
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    one = tmp_path / "one"
    subprocess.run(
        pretrain_command(one, "--strategy", "one", *THIRTY_STEPS),
        check=True,
        env=environment,
    )
    parallel = cut_back(one, tmp_path / "parallel", step=10)
    words = (
        *("--strategy", "data-parallel", "--cpu-devices", "2"),
        *("--gradient-accumulation-steps", "2", "--resume"),
    )
    ended = subprocess.run(
        pretrain_command(parallel, *words, *THIRTY_STEPS),
        check=True,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert "Going on after step 10." in ended.stderr
    assert_same_numbers(parallel, one)


def test_a_strategy_of_tensorflow_is_refused(pretrain_command, tmp_path):
    words = ("--strategy", "mirrored", "--steps", "1")
    ended = subprocess.run(
        pretrain_command(tmp_path / "run", *words),
        env={**os.environ, "KERAS_BACKEND": "jax"},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert "needs Keras' TensorFlow backend" in ended.stderr
