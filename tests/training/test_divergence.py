"""The warning that training goes wrong: rule, real curves, a real run."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from albert_keras.training.divergence import find_divergence
from albert_keras.training.metrics_log import MetricsRow, read_metrics
from albert_keras.training.options import PretrainingOptions
from albert_keras.training.pretraining import pretrain

RUNS = Path(__file__).parents[2] / "benchmarks/results/quickstart"


def rows(losses, every=10):
    return [
        MetricsRow(every * (number + 1), "train", {"masked_lm_loss": loss})
        for number, loss in enumerate(losses)
    ]


def healthy(seed, noise, windows=100):
    """A plateau, a sudden fall, and a slow one, with noise on everything."""
    time = np.linspace(0, 1, windows)
    loss = 6.8 + 2 * np.exp(-40 * time) - 2.5 / (1 + np.exp(30 * (0.4 - time)))
    return loss + np.random.default_rng(seed).normal(0, noise, windows)


# Ten batches of 16 masks each scatter by 0.1 nats, a hundredth of a usual run
# by far less.
@pytest.mark.parametrize("noise", [0.0, 0.02, 0.1, 0.2])
def test_no_false_alarm_however_noisy_the_batches_are(noise):
    for seed in range(50):
        assert find_divergence(rows(healthy(seed, noise)), 1000) is None


@pytest.mark.parametrize("noise", [0.0, 0.02, 0.1])
def test_a_jump_that_stays_is_found_within_two_windows(noise):
    for seed in range(20):
        losses = healthy(seed, noise)
        losses[60:] = 7.0
        found = find_divergence(rows(losses), 1000)
        assert found.since == 610
        assert found.loss == 7.0
        assert found.best_step <= 600
        assert found.best_loss == pytest.approx(losses[:60].min())
        # Known as soon as the second high window is over.
        assert find_divergence(rows(losses[:62]), 1000) == found
        assert find_divergence(rows(losses[:61]), 1000) is None


def test_one_bad_window_is_none():
    losses = healthy(0, 0.02)
    losses[[50, 60, 70]] += 3.0
    assert find_divergence(rows(losses), 1000) is None


def test_a_loss_that_rises_from_the_start_is_found():
    """As with a rate that is too high from the first step."""
    losses = [10.3, 10.3, 10.2, 10.25, 10.3, 10.6, 11.5, 12.0, 14.0, 17.0]
    found = find_divergence(rows(losses), 1000)
    assert (found.best_step, found.since, found.loss) == (30, 90, 17.0)


def test_rows_of_few_steps_are_taken_together():
    # 200 steps: windows of 10 and not of 2, so single batches may be bad.
    losses = np.full(200, 5.0)
    losses[50:53] = 9.0
    assert find_divergence(rows(losses, every=1), 200) is None
    losses[155:] = 6.0
    found = find_divergence(rows(losses, every=1), 200)
    assert (found.best_step, found.since) == (10, 160)


def test_evaluations_are_not_looked_at():
    losses = healthy(0, 0.02)
    mixed = []
    for row in rows(losses):
        mixed += [row, row._replace(split="eval", values={"loss": 99.0})]
    assert find_divergence(mixed, 1000) is None


@pytest.mark.parametrize(
    ("run", "steps", "expected"),
    [("default", 4333, None), ("45-minutes", 26073, (6003, 8091))],
)
def test_real_runs(run, steps, expected):
    """Two quickstarts, of which the longer one fell from 23 % to 5 %."""
    path = RUNS / f"{run}.csv"
    measured = read_metrics(path)
    if run == "45-minutes" and not _collapsed(path):
        pytest.skip(f"{path} is no longer of a run that diverged")
    found = find_divergence(measured, steps)
    assert (found and (found.best_step, found.since)) == expected


def _collapsed(path):
    with path.open(newline="") as file:
        return any(
            row["step"] == "8613" and float(row["masked_lm_accuracy"]) < 0.06
            for row in csv.DictReader(file)
        )


@pytest.mark.parametrize(("rate", "warned"), [(0.02, False), (0.5, True)])
def test_a_run_says_so_once(
    tiny_config, tiny_tokenizer, counting_examples, tmp_path, rate, warned
):
    printed = io.StringIO()
    pretrain(
        tiny_config,
        tiny_tokenizer,
        counting_examples(),
        tmp_path / "run",
        PretrainingOptions(
            num_train_steps=240,
            batch_size=16,
            learning_rate=rate,
            warmup_proportion=0.9 if warned else 0.05,
            checkpoint_every=10,
            keep_checkpoints=30,
        ),
        console=Console(file=printed, width=200),
    )
    text = printed.getvalue()
    assert text.count("Warning: training diverges") == warned
    if warned:
        assert f"{rate / 2:.2g} instead of {rate:.2g}" in text
        assert "is from before" in text
