"""Kills a pretraining run again and again, and compares what comes of it.

    python -m benchmarks.training.kills

A small ALBERT with dropout is pretrained on Python's own docstrings, once
undisturbed and once killed 20 times with SIGKILL: by turns after a random time
and in the middle of a save. Each time the same command with --resume goes on.
Then all arrays of both last checkpoints (weights, moments, dropout states) and
both metrics.csv are compared, to the bit. About 8 minutes on 2 cores.
"""

import argparse
import csv
import dataclasses
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console

from benchmarks.tokenizer import record

RESULT = record.RESULTS.with_name("training") / "kills.json"
CONSOLE = Console(stderr=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        command = prepare(Path(folder), options.steps)
        undisturbed, killed = Path(folder, "undisturbed"), Path(folder, "run")
        subprocess.run([*command, "--out", str(undisturbed)], check=True)
        chance = random.Random(options.seed)
        kills = [
            kill_once([*command, "--out", str(killed)], killed, chance, number)
            for number in range(options.kills)
        ]
        subprocess.run([*command, "--out", str(killed)], check=True)
        same = compare(undisturbed, killed)
    record.write_record(
        RESULT,
        ["keras", "tensorflow", "numpy"],
        {"steps": options.steps, **same, "kills": kills},
    )
    if not all(same.values()):
        sys.exit("The killed run came to something else.")


def prepare(folder: Path, steps: int) -> list[str]:
    """Makes vocabulary, examples and config; returns the command."""
    from albert_keras.config import AlbertConfig

    corpus = folder / "corpus.txt"
    documents = []
    for name in ("json", "functools", "argparse", "csv", "logging", "os"):
        module = __import__(name)
        documents += [
            member.__doc__
            for member in vars(module).values()
            if isinstance(getattr(member, "__doc__", None), str)
        ]
    corpus.write_text("\n\n".join(documents))
    albert = [sys.executable, "-m", "albert_keras"]
    for words in (
        ["vocab", str(corpus), "--size", "500", "--out", str(folder / "v")],
        [
            *("prepare", str(corpus), "--max-seq-length", "32"),
            *("--tokenizer", str(folder / "v" / "spiece.model")),
            *("--out", str(folder / "examples")),
        ],
    ):
        subprocess.run([*albert, *words], check=True)
    config = dataclasses.replace(
        AlbertConfig.named("albert_tiny_test"),
        vocab_size=500,
        hidden_dropout_prob=0.1,
        attention_probs_dropout_prob=0.1,
    )
    config.to_json(folder / "albert_config.json")
    return [
        *(*albert, "pretrain", "--resume", "--steps", str(steps)),
        *("--config", str(folder / "albert_config.json")),
        *("--data", str(folder / "examples")),
        *("--eval-data", str(folder / "examples")),
        *("--tokenizer", str(folder / "v" / "spiece.model")),
        *("--batch-size", "8", "--learning-rate", "0.005"),
        *("--log-every", "3", "--eval-every", "200"),
        *("--checkpoint-every", "7"),
    ]


def kill_once(
    command: list[str], run: Path, chance: random.Random, number: int
) -> dict:
    """Starts or resumes the run and kills it once it has got on."""
    checkpoints = run / "checkpoints"

    def latest() -> str:
        return max((p.name for p in checkpoints.glob("step_*")), default="")

    def is_saving() -> bool:
        return any(checkpoints.glob(".step_*.partial"))

    begun_at = latest()
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while latest() == begun_at:
        assert process.poll() is None, "the run ended before it was killed"
        time.sleep(0.01)
    seconds = chance.uniform(0.0, 1.5)
    time.sleep(seconds)
    in_a_save = number % 2 == 1
    while in_a_save and not is_saving():
        assert process.poll() is None, "the run ended before it was killed"
    process.kill()
    process.wait()
    kill = {
        "latest_checkpoint": latest(),
        "in_a_save": is_saving(),
        "seconds_after_the_first_save": round(seconds, 2),
    }
    CONSOLE.print(number + 1, kill)
    return kill


def compare(one: Path, other: Path) -> dict[str, bool]:
    """Whether two finished runs came to the same."""
    last = max(path.name for path in (one / "checkpoints").glob("step_*"))
    ours, theirs = (np.load(run / "checkpoints" / last) for run in (one, other))
    return {
        "checkpoints_are_equal": ours.files == theirs.files
        and all(
            np.array_equal(ours[name], theirs[name]) for name in ours.files
        ),
        "metrics_are_equal": rows_of(one) == rows_of(other),
    }


def rows_of(run: Path) -> list[dict[str, str]]:
    """metrics.csv without the columns that depend on the clock."""
    with (run / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        for name in ("tokens_per_second", "share_of_peak"):
            row.pop(name, None)
    return rows


if __name__ == "__main__":
    main()
