"""The same run under every strategy that one process can have."""

import json
import re

import own_process
import pytest
from run_numbers import THIRTY_STEPS, assert_same_numbers, cut_back

from albert_keras.training.options import PretrainingOptions
from albert_keras.training.strategies import TrainingStrategy, choose_strategy

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("replicas", [2, 4])
def test_replicas_have_the_losses_of_one_device(
    replicas, thirty_steps, pretrain_on_two, pretrain_command, tmp_path
):
    run_dir = tmp_path / "run"
    words = ("--strategy", "mirrored", "--cpu-devices", str(replicas))
    if replicas == 2:
        pretrain_on_two(run_dir, *words, *THIRTY_STEPS)
    else:
        command = pretrain_command(run_dir, *words, *THIRTY_STEPS)
        process = own_process.start(command)
        process.join()
        assert process.exitcode == 0
    assert_same_numbers(run_dir, thirty_steps)
    record = json.loads((run_dir / "run.json").read_text())
    assert record["made_by"]["strategy"] == f"mirrored, {replicas} devices"


def test_micro_batches_have_the_losses_of_the_batch(
    thirty_steps, pretrain_here, tmp_path
):
    run_dir = tmp_path / "run"
    words = ("--gradient-accumulation-steps", "4")
    pretrain_here(run_dir, *words, *THIRTY_STEPS)
    assert_same_numbers(run_dir, thirty_steps)


def test_a_run_goes_on_under_another_strategy(
    thirty_steps, pretrain_on_two, tmp_path
):
    run_dir = cut_back(thirty_steps, tmp_path / "run", step=10)
    words = ("--cpu-devices", "2", "--gradient-accumulation-steps", "2")
    ended = pretrain_on_two(run_dir, *words, *THIRTY_STEPS, "--resume")
    assert "Going on after step 10." in ended.stderr
    assert_same_numbers(run_dir, thirty_steps)


def test_replicas_with_dropout_train(pretrain_on_two, tmp_path):
    run_dir = tmp_path / "run"
    words = (
        *("--strategy", "mirrored", "--cpu-devices", "2"),
        *("--steps", "40", "--log-every", "20", "--warmup", "0.1"),
        *("--steps-per-execution", "5", "--dtype", "mixed_bfloat16"),
    )
    pretrain_on_two(run_dir, *words, dropout=0.1)
    first, last = [
        float(line.split(",")[3])
        for line in (run_dir / "metrics.csv").read_text().splitlines()
        if re.match(r"(20|40),train", line)
    ]
    assert last < first - 0.1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "horovod"}, "strategy='horovod'"),
        ({"name": "tpu"}, r"strategy='tpu', tpu=None"),
        ({"name": "one", "tpu": "mine"}, "strategy='one', tpu='mine'"),
        ({"cpu_devices": 0}, "cpu_devices=0"),
        ({"name": "multiworker"}, "TF_CONFIG.*Received: none"),
        ({"name": "data-parallel"}, "KERAS_BACKEND=jax"),
    ],
)
def test_what_is_no_strategy_here_is_refused(arguments, message, monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    with pytest.raises(ValueError, match=message):
        choose_strategy(**arguments)


@pytest.mark.parametrize(
    "config",
    [
        "worker 1 of 2",
        "[]",
        '{"cluster": {"worker": ["a:1", "b:1"]}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "ps", "index": 0}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", '
        '"index": 1}}',
    ],
)
def test_a_wrong_tf_config_is_refused(config, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(ValueError, match="TF_CONFIG must be a JSON object"):
        choose_strategy()


def test_devices_in_use_cannot_be_divided(monkeypatch):
    import tensorflow as tf

    monkeypatch.delenv("TF_CONFIG", raising=False)
    tf.zeros([])  # which uses them
    with pytest.raises(RuntimeError, match=r"has 1 of them.*cpu_devices=2"):
        choose_strategy(cpu_devices=2)
    assert choose_strategy(cpu_devices=1).name == "one"


def test_a_batch_is_divided_equally_or_refused():
    strategy = TrainingStrategy("mirrored", num_replicas=4)
    strategy.check_batch_size(24, gradient_accumulation_steps=3)
    with pytest.raises(ValueError, match=r"=20, 4 devices, .*=2\."):
        strategy.check_batch_size(20, gradient_accumulation_steps=2)


def test_what_happens_every_few_steps_happens_between_executions():
    with pytest.raises(ValueError, match="eval_every=6, steps_per_execution=4"):
        PretrainingOptions(
            num_train_steps=20, eval_every=6, steps_per_execution=4
        )
