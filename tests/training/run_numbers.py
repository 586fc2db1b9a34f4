"""The numbers of short runs, which several tests compare."""

import csv
import shutil

import pytest

THIRTY_STEPS = (
    *("--steps", "30", "--log-every", "1"),
    *("--eval-every", "15", "--checkpoint-every", "10"),
)


def assert_same_numbers(run_dir, expected, tolerance=1e-5):
    """Every number of metrics.csv but those of the clock."""

    def rows_of(folder):
        with (folder / "metrics.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    ours, theirs = rows_of(run_dir), rows_of(expected)
    assert [(r["step"], r["split"]) for r in ours] == [
        (r["step"], r["split"]) for r in theirs
    ]
    for row, other in zip(ours, theirs, strict=True):
        for name in METRICS:
            assert float(row[name]) == pytest.approx(
                float(other[name]), abs=tolerance
            ), (row["step"], row["split"], name)


METRICS = (
    "loss",
    "masked_lm_loss",
    "masked_lm_accuracy",
    "sentence_order_loss",
    "sentence_order_accuracy",
)


def cut_back(run_dir, copy, step):
    """A copy of a run as it was killed some time after a step."""
    shutil.copytree(run_dir, copy)
    shutil.rmtree(copy / "preset")
    for path in (copy / "checkpoints").iterdir():
        if path.name != f"step_{step:08d}.npz":
            path.unlink()
    return copy
