"""Whole runs of a tiny model: what they leave, and how they go on."""

import csv
import io
import json
import os
import re
import shutil
import signal

import keras
import numpy as np
import pytest
import tensorflow as tf
from rich.console import Console

from albert_keras.cli.errors import sentence_for
from albert_keras.config import AlbertConfig
from albert_keras.models.albert_pretrainer import AlbertPretrainer
from albert_keras.training import pretraining_run
from albert_keras.training.metrics_log import METRICS
from albert_keras.training.options import PretrainingOptions
from albert_keras.training.pretraining import pretrain
from albert_keras.training.step_budget import Speed

STEPS = 12
OPTIONS = {
    "batch_size": 8,
    "learning_rate": 0.02,
    "warmup_proportion": 0.25,
    "log_every": 2,
    "eval_every": 6,
    "checkpoint_every": 4,
    "keep_checkpoints": 2,
}


@pytest.fixture(scope="module")
def start(tiny_config, tiny_tokenizer, counting_examples):
    """Starts a run; returns its result and what it printed."""

    def start(run_dir, examples=None, resume=False, overwrite=False, **changes):
        options = {"num_train_steps": STEPS, **OPTIONS, **changes}
        printed = io.StringIO()
        result = pretrain(
            tiny_config,
            tiny_tokenizer,
            examples or counting_examples(),
            run_dir,
            PretrainingOptions(**options),
            eval_data=counting_examples(count=20, seed=1),
            baselines={"commonest": 0.05},
            resume=resume,
            overwrite=overwrite,
            console=Console(file=printed, width=200),
        )
        return result, printed.getvalue()

    return start


@pytest.fixture(scope="module")
def undisturbed(start, tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("undisturbed") / "run"
    result, printed = start(run_dir)
    return run_dir, result, printed


@pytest.fixture
def two_steps_a_minute(monkeypatch):
    # 95 % of a minute, less 7 s of tracing and an evaluation of 9 s.
    speed = Speed(tracing=7.0, step=20.0, evaluation=9.0)
    monkeypatch.setattr(pretraining_run, "measure_speed", lambda *_: speed)
    monkeypatch.setattr(pretraining_run.time, "monotonic", lambda: 0.0)


def rows_of(run_dir):
    """Rows of metrics.csv, less the speed, which no two runs share."""
    with (run_dir / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row.pop("tokens_per_second")
        row.pop("share_of_peak")
    return rows


def assert_same_run(run_dir, undisturbed):
    """Weights, moments, dropout states, step and metrics: to the bit."""
    assert rows_of(run_dir) == rows_of(undisturbed[0])
    last = f"checkpoints/step_{STEPS:08d}.npz"
    ours, theirs = np.load(run_dir / last), np.load(undisturbed[0] / last)
    assert ours.files == theirs.files
    for name in theirs.files:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)


def test_folder_tells_what_the_run_was(undisturbed, tiny_config):
    run_dir, result, _ = undisturbed
    record = json.loads((run_dir / "run.json").read_text())
    assert record["plan"] == {
        "num_train_steps": STEPS,
        "num_warmup_steps": 3,
        "log_every": 2,
        "eval_every": 6,
        "checkpoint_every": 4,
    }
    assert record["num_parameters"] == result.model.count_params()
    assert record["inputs"]["options"]["seed"] == 12345
    assert record["inputs"]["data"]["count"] == 256
    assert record["made_by"]["versions"]["tensorflow"] == tf.__version__
    assert AlbertConfig.from_json(run_dir / "albert_config.json") == tiny_config
    assert (run_dir / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert [p.name for p in sorted((run_dir / "checkpoints").iterdir())] == [
        "best.npz",
        "step_00000008.npz",
        "step_00000012.npz",
    ]
    assert not list(run_dir.rglob("*.partial"))


def test_metrics_are_in_csv_and_tensorboard(undisturbed):
    run_dir, result, _ = undisturbed
    rows = rows_of(run_dir)
    assert [(int(r["step"]), r["split"]) for r in rows] == [
        *((step, "train") for step in (2, 4, 6)),
        (6, "eval"),
        *((step, "train") for step in (8, 10, 12)),
        (12, "eval"),
    ]
    assert result.metrics == {m: float(rows[-1][m]) for m in METRICS}
    # The rate of the last of the two steps: warm-up to step 3, then decay.
    rates = [float(r["learning_rate"]) for r in rows if r["split"] == "train"]
    expected = [0.02 * 1 / 3] + [0.02 * (1 - s / 12) for s in (3, 5, 7, 9, 11)]
    np.testing.assert_allclose(rates, expected, rtol=1e-5)

    for split in ("train", "eval"):
        scalars = {}
        for file in (run_dir / "tensorboard" / split).iterdir():
            for event in tf.compat.v1.train.summary_iterator(str(file)):
                for value in event.summary.value:
                    number = float(tf.make_ndarray(value.tensor))
                    scalars[event.step, value.tag] = number
        for row in rows:
            if row["split"] == split:
                for metric in METRICS:
                    assert scalars[int(row["step"]), metric] == pytest.approx(
                        float(row[metric]), rel=1e-6
                    )


def test_evaluation_sees_each_example_once(undisturbed, counting_examples):
    _, result, _ = undisturbed
    x, y, weights = counting_examples(count=20, seed=1).arrays
    logits = result.model.predict(x, verbose=0)
    right = logits["mlm_logits"].argmax(-1) == y["mlm_logits"]
    assert result.metrics["masked_lm_accuracy"] == pytest.approx(
        np.average(right, weights=weights["mlm_logits"])
    )
    right = logits["sop_logits"].argmax(-1) == y["sop_logits"]
    assert result.metrics["sentence_order_accuracy"] == pytest.approx(
        right.mean()
    )


def test_the_preset_answers_as_the_trained_model(
    undisturbed, counting_examples, tiny_tokenizer
):
    run_dir, result, _ = undisturbed
    loaded = AlbertPretrainer.from_preset(str(run_dir / "preset"))
    x = {k: v[:4] for k, v in counting_examples().arrays[0].items()}
    for key, logits in result.model.predict(x, verbose=0).items():
        np.testing.assert_allclose(
            loaded.predict(x, verbose=0)[key], logits, atol=1e-6
        )
    tokenizer = loaded.preprocessor.tokenizer
    assert tokenizer.proto == tiny_tokenizer.proto
    assert (run_dir / "spiece.model").read_bytes() == tiny_tokenizer.proto


def test_plain_lines_where_there_is_no_terminal(undisturbed):
    *_, printed = undisturbed
    assert "\x1b" not in printed
    lines = printed.splitlines()
    assert any(line.startswith("1/12  loss ") for line in lines)
    assert any("12/12  held out: loss " in line for line in lines)


def test_a_killed_run_goes_on_to_the_bit(undisturbed, start, tmp_path):
    run_dir = tmp_path / "run"
    shutil.copytree(undisturbed[0], run_dir)
    # As if killed after step 12, and the disk had lost half of a checkpoint:
    # step 8 is the latest one; the rows of later steps are in the log.
    shutil.rmtree(run_dir / "preset")
    last = run_dir / "checkpoints" / "step_00000012.npz"
    last.write_bytes(last.read_bytes()[:5000])
    (run_dir / "checkpoints" / ".step_00000013.npz.partial").touch()
    with (run_dir / "metrics.csv").open("a") as file:
        file.write("13,tr")
    _, printed = start(run_dir, resume=True)
    assert "step_00000012.npz' is damaged" in printed
    assert "Going on after step 8." in printed
    assert_same_run(run_dir, undisturbed)
    assert (run_dir / "preset" / "config.json").exists()


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16"])
def test_executions_of_micro_batches_in_16_bits_go_on_to_the_bit(
    dtype, start, tmp_path
):
    changes = {
        "dtype": dtype,
        "steps_per_execution": 2,
        "gradient_accumulation_steps": 2,
    }
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    result, _ = start(whole, **changes)
    shutil.copytree(whole, killed)
    shutil.rmtree(killed / "preset")
    (killed / "checkpoints" / "step_00000012.npz").unlink()
    _, printed = start(killed, resume=True, **changes)
    assert "Going on after step 8." in printed
    assert_same_run(killed, (whole, result))


def test_the_best_checkpoint_is_kept_beside_the_latest(start, tmp_path):
    # Late in training the rate is so high that the model forgets.
    run_dir = tmp_path / "run"
    start(
        run_dir,
        num_train_steps=40,
        batch_size=32,
        learning_rate=0.3,
        warmup_proportion=1.0,
        eval_every=5,
        checkpoint_every=5,
        keep_checkpoints=1,
    )
    scores = {
        int(row["step"]): float(row["masked_lm_accuracy"])
        for row in rows_of(run_dir)
        if row["split"] == "eval"
    }
    best = max(scores, key=lambda step: (scores[step], -step))
    with np.load(run_dir / "checkpoints" / "best.npz") as archive:
        description = json.loads(archive["description"].tobytes())
    assert description["step"] == best
    assert description["score"] == scores[best]
    assert sorted(p.name for p in (run_dir / "checkpoints").iterdir()) == [
        "best.npz",
        "step_00000040.npz",
    ]


def test_a_full_disk_ends_the_run_with_a_sentence_and_loses_nothing(
    undisturbed, start, tmp_path, small_disk, monkeypatch
):
    run_dir = tmp_path / "run"
    shutil.copytree(undisturbed[0], run_dir)
    shutil.rmtree(run_dir / "preset")
    (run_dir / "checkpoints" / "step_00000012.npz").unlink()
    save = np.savez

    def save_on_a_small_disk(file, **arrays):
        with small_disk(10_000):
            save(file, **arrays)

    monkeypatch.setattr(np, "savez", save_on_a_small_disk)
    with pytest.raises(OSError, match="File too large") as caught:
        start(run_dir, resume=True)
    monkeypatch.undo()
    assert re.fullmatch(
        r"File too large: '.*step_00000012\.npz'\.", sentence_for(caught.value)
    )
    assert not list(run_dir.rglob("*.partial"))
    _, printed = start(run_dir, resume=True)
    assert "Going on after step 8." in printed
    assert_same_run(run_dir, undisturbed)


def test_a_run_that_was_asked_to_stop_goes_on_to_the_bit(
    undisturbed, start, tmp_path, counting_examples
):
    # Batches are drawn a step ahead. The run stops after step 3 or 4, and 6 or
    # 7: before a checkpoint or at one, before an evaluation or behind it, in
    # the middle of a row of metrics.
    def send(signal_number, at_batch):
        def on_batch(number):
            if number == at_batch:
                os.kill(os.getpid(), signal_number)

        return counting_examples(on_batch=on_batch)

    run_dir = tmp_path / "run"
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt, match=r"after step [34] of 12"):
        start(run_dir, send(signal.SIGINT, at_batch=4))
    with pytest.raises(SystemExit, match=r"^143$"):
        start(run_dir, send(signal.SIGTERM, at_batch=7), resume=True)
    assert signal.getsignal(signal.SIGINT) is handler
    assert not (run_dir / "preset").exists()
    _, printed = start(run_dir, resume=True)
    assert re.search(r"Going on after step [67]\.", printed)
    assert_same_run(run_dir, undisturbed)


def test_a_finished_run_is_not_trained_again(undisturbed, start, monkeypatch):
    run_dir, expected, _ = undisturbed
    monkeypatch.setattr(AlbertPretrainer, "fit", None)
    result, printed = start(run_dir, resume=True)
    assert result.metrics == expected.metrics
    assert "The run is complete: 12 steps." in printed


def test_a_run_is_lost_only_by_overwriting_it(
    undisturbed, start, tmp_path, two_steps_a_minute
):
    run_dir = tmp_path / "run"
    shutil.copytree(undisturbed[0], run_dir)
    before = {p: p.stat().st_mtime_ns for p in run_dir.rglob("*")}
    with pytest.raises(FileExistsError, match="holds a run already"):
        start(run_dir)
    with pytest.raises(ValueError, match="seed=13, expected: seed=12345"):
        start(run_dir, resume=True, seed=13)
    with pytest.raises(ValueError, match="taken 12 of 12 steps"):
        start(run_dir, resume=True, num_train_steps=11)
    with pytest.raises(ValueError, match="pass --steps 12, or more"):
        start(run_dir, resume=True, num_train_steps=None, minutes=1)
    with pytest.raises(ValueError, match="resume=True, overwrite=True"):
        start(run_dir, resume=True, overwrite=True)
    assert {p: p.stat().st_mtime_ns for p in run_dir.rglob("*")} == before
    (run_dir / "notes.txt").write_text("mine")
    result, printed = start(
        run_dir,
        overwrite=True,
        minutes=1,
        num_train_steps=None,
        eval_every=None,
        log_every=1,
    )
    assert "2 steps of 20000 ms fit into 1 minutes" in printed
    assert result.num_train_steps == 2
    assert [row["step"] for row in rows_of(run_dir)] == ["1", "2", "2"]
    assert (run_dir / "notes.txt").read_text() == "mine"


def test_a_folder_of_something_else_is_refused(start, tmp_path):
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(FileExistsError, match="holds other files"):
        start(tmp_path, overwrite=True)
    with pytest.raises(NotADirectoryError, match="which is a file"):
        start(tmp_path / "letters.txt")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vocab_size": 80}, "vocab_size=80 and a vocabulary of 90"),
        ({"max_position_embeddings": 8}, "=8 and sequences of 16 tokens"),
        ({}, "Received: examples made with 0123456789ab"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_written(
    tiny_config, tiny_tokenizer, counting_examples, tmp_path, change, message
):
    config = AlbertConfig(**{**tiny_config.to_dict(), **change})
    examples = counting_examples()
    if not change:
        examples.tokenizer_sha256 = "0123456789abcdef"
    with pytest.raises(ValueError, match=message):
        pretrain(
            config,
            tiny_tokenizer,
            examples,
            tmp_path / "run",
            PretrainingOptions(num_train_steps=1),
        )
    assert not (tmp_path / "run").exists()


def test_a_loss_that_is_not_a_number_ends_the_run(start, tmp_path):
    with pytest.raises(FloatingPointError) as caught:
        start(
            tmp_path / "run",
            learning_rate=1e30,
            optimizer="adamw",
            warmup_proportion=0.0,
            checkpoint_every=1,
        )
    # What the command line shows in place of a traceback.
    sentence = sentence_for(caught.value)
    assert re.match(
        r"The loss of step 2 is (nan|inf); the last checkpoint is that of "
        r"step 1\. Lower the learning rate",
        sentence,
    )
    assert not (tmp_path / "run" / "preset").exists()


def test_training_learns(start, tmp_path):
    result, _ = start(
        tmp_path / "run",
        num_train_steps=60,
        batch_size=32,
        eval_every=60,
        warmup_proportion=0.05,
        dtype="mixed_bfloat16",
    )
    assert result.model.backbone.dtype_policy.name == "mixed_bfloat16"
    assert {v.dtype for v in result.model.trainable_variables} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"
    rows = [r for r in rows_of(tmp_path / "run") if r["split"] == "train"]
    # 100 pieces at first, of which the 20 that occur are soon known.
    assert float(rows[0]["masked_lm_loss"]) == pytest.approx(np.log(100), 0.02)
    assert float(rows[-1]["masked_lm_loss"]) < np.log(20) + 0.2
