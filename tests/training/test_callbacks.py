"""What is told of each step, and of the step that is not a number."""

import io
import json
import math
from types import SimpleNamespace

import keras
import pytest
from rich.console import Console

from albert_keras.pretraining.shard_files import RecordPlace
from albert_keras.training.callbacks import (
    MeasureTraining,
    StepCost,
    StopOnNonFiniteLoss,
)
from albert_keras.training.metrics_log import METRICS, read_metrics
from albert_keras.training.options import PretrainingOptions, TrainingPlan
from albert_keras.training.progress import ShowProgress, line_gap
from albert_keras.training.run_checkpoints import RunCheckpoints
from albert_keras.training.run_folder import RunFolder
from albert_keras.training.run_log import RunLog


def model():
    """What the callbacks look at of one."""
    steps = keras.Variable(0, dtype="int64", trainable=False)
    return SimpleNamespace(
        optimizer=SimpleNamespace(iterations=steps),
        reset_metrics=lambda: None,
    )


def run_steps(callbacks, logs_by_step, steps_per_execution=1):
    """As `fit` calls them."""
    trained = model()
    for callback in callbacks:
        callback.set_model(trained)
        callback.on_train_begin()
    for batch, logs in enumerate(logs_by_step):
        for callback in callbacks:
            callback.on_train_batch_begin(batch)
        trained.optimizer.iterations.assign_add(steps_per_execution)
        for callback in callbacks:
            callback.on_train_batch_end(batch, logs)


def logs(value, **others):
    return {**dict.fromkeys(METRICS, value), **others}


def plan(steps, log_every):
    options = PretrainingOptions(num_train_steps=steps, log_every=log_every)
    return TrainingPlan.of(options, steps)


@pytest.fixture
def log(tmp_path):
    folder = RunFolder(tmp_path)
    log = RunLog(folder)
    yield log
    log.close()


def measure(log, plan, cost=1.0):
    return MeasureTraining(log, plan, lambda step: 0.1 * (step + 1), cost)


def test_rows_are_the_means_of_their_steps(log, tmp_path):
    measured = measure(log, plan(4, 2))
    run_steps(
        [measured],
        [logs(float(n), gradient_norm=10.0 * n) for n in (1, 2, 3, 5)],
    )
    rows = read_metrics(tmp_path / "metrics.csv")
    assert [row.step for row in rows] == [2, 4]
    assert [row.values["masked_lm_loss"] for row in rows] == [1.5, 4.0]
    assert [row.values["gradient_norm"] for row in rows] == [15.0, 40.0]
    rates = [row.values["learning_rate"] for row in rows]
    assert rates == pytest.approx([0.2, 0.4])


def test_an_execution_counts_as_its_steps(log):
    """Three steps of one call have the mean of the three."""
    measured = measure(log, plan(9, 9))
    run_steps([measured], [logs(1.0), logs(4.0), logs(7.0)], 3)
    (row,) = log.rows
    assert row.step == 9
    assert row.values["loss"] == 4.0
    assert measured.get_state()["num_steps"] == 0


def test_speed_is_that_of_real_tokens(log, monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr(
        "albert_keras.training.callbacks.time.perf_counter",
        lambda: float(next(clock)),
    )
    # An execution of two steps takes a second of this clock; the first one,
    # in which TensorFlow traces, does not count.
    cost = StepCost(tokens=700.0, flops=3e9, peak_flops=1e10)
    measured = measure(log, plan(6, 6), cost)
    run_steps([measured], [logs(1.0)] * 3, 2)
    (row,) = log.rows
    assert row.values["tokens_per_second"] == pytest.approx(1400.0)
    assert row.values["share_of_peak"] == pytest.approx(0.6)


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("steps_per_execution", [1, 3])
def test_a_loss_that_is_not_finite_names_its_records(
    tmp_path, value, steps_per_execution
):
    checkpoints = RunCheckpoints(tmp_path / "checkpoints")
    checkpoints.directory.mkdir()
    (checkpoints.directory / "step_00000003.npz").touch()

    def records_of(step):
        return [RecordPlace("a.tfrecord", 100 * step + n) for n in range(5)] + [
            RecordPlace("b.tfrecord", step)
        ]

    report = tmp_path / "bad_batch.json"
    stop = StopOnNonFiniteLoss(checkpoints, records_of, report)
    with pytest.raises(FloatingPointError) as caught:
        run_steps([stop], [logs(1.0), logs(value)], steps_per_execution)
    sentence = str(caught.value)
    assert "the last checkpoint is that of step 3." in sentence
    assert f"all are listed in '{report}'" in sentence
    listed = json.loads(report.read_text())
    if steps_per_execution == 1:
        steps = [2]
        assert sentence.startswith(f"The loss of step 2 is {value};")
        assert "'a.tfrecord' (200, 201, 202 and 2 more)" in sentence
        assert "'b.tfrecord' (2)" in sentence
    else:
        steps = [4, 5, 6]
        assert sentence.startswith("The loss of one of the steps 4 to 6 is")
    assert [entry["step"] for entry in listed["steps"]] == steps
    for entry in listed["steps"]:
        assert entry["records"] == [
            place._asdict() for place in records_of(entry["step"])
        ]


def show(log, is_terminal, width=120):
    printed = io.StringIO()
    console = Console(
        file=printed, width=width, force_terminal=is_terminal, color_system=None
    )
    made = plan(40, 5)
    cost = StepCost(tokens=5000.0, flops=1.0, peak_flops=100.0)
    measured = measure(log, made, cost)
    progress = ShowProgress(console, made, measured)
    with progress:
        run_steps([measured, progress], [logs(0.25)] * 40)
    return printed.getvalue()


def test_a_terminal_shows_all_of_it_in_one_line(log):
    last = show(log, is_terminal=True).split("\r")[-1].split("\n")[0]
    for part in ("40/40", "loss 0.250", "MLM 25.0%", "SOP 25.0%"):
        assert part in last
    for part in ("tokens/s", "of peak", "0:00:00 left"):
        assert part in last


def test_a_narrow_terminal_still_shows_the_time_left(log):
    last = show(log, is_terminal=True, width=80).split("\r")[-1].split("\n")[0]
    assert len(last.rstrip()) <= 80
    assert "SOP 25.0%" in last
    assert "0:00:00 left" in last


def test_a_log_file_gets_few_whole_lines(log):
    """However narrow Rich takes a pipe to be, and however many steps."""
    lines = show(log, is_terminal=False, width=20).splitlines()
    assert 1 <= len(lines) < 5
    assert lines[0].startswith("1/40  loss 0.250  MLM 25.0%")
    assert lines[-1].startswith("40/40  loss")
    assert lines[-1].endswith("left")
    assert not any("\x1b" in line or "\r" in line for line in lines)


def test_lines_get_rarer_in_long_runs():
    assert line_gap(0) == line_gap(100) == 10
    assert line_gap(3600) == 180
    assert line_gap(10**6) == 600
    elapsed = lines = 0
    while elapsed < 24 * 3600:
        elapsed += line_gap(elapsed)
        lines += 1
    assert lines < 250
