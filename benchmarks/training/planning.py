"""What `pretrain --plan` foretells, against what a run then takes.

    python -m benchmarks.training.planning --data SHARDS --model spiece.model

SHARDS were made with `prepare --max-seq-length 128`. For each size the needs
are estimated in one process and a few steps are taken in another, whose largest
resident set counts. xxlarge takes 15 GB.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from albert_keras.training.metrics_log import read_metrics
from benchmarks.tokenizer.record import RESULTS, write_record

OUT = RESULTS.with_name("training") / "planning.json"
# Name, examples of a batch, steps, further options.
SIZES = (
    ("albert_base_v2", 8, 4, ()),
    ("albert_base_v2", 8, 4, ("--remat",)),
    ("albert_base_v2", 8, 4, ("--dtype", "mixed_bfloat16")),
    ("albert_xxlarge_v2", 2, 2, ()),
)
ESTIMATE = """
import dataclasses, json, sys
from albert_keras.config import AlbertConfig
from albert_keras.training.planning import estimate_needs
needs = estimate_needs(
    AlbertConfig.named(sys.argv[1]), batch_size=int(sys.argv[2]),
    sequence_length=128, predictions_per_seq=20,
    remat="--remat" in sys.argv,
    dtype="mixed_bfloat16" if "mixed_bfloat16" in sys.argv else "float32",
)
print(json.dumps({**dataclasses.asdict(needs), "bytes": needs.bytes}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    table = Table("", "GB foretold", "GB taken", "ratio", "s foretold", "s")
    records = []
    for name, batch_size, steps, words in SIZES:
        foretold = estimate(name, batch_size, words)
        taken, seconds = train(options, name, batch_size, steps, words)
        ratio = foretold["bytes"] / taken
        records.append(
            {
                "config": name,
                "batch_size": batch_size,
                "options": words,
                "foretold": foretold,
                "bytes": taken,
                "step_seconds": seconds,
                "ratio_of_bytes": ratio,
                "ratio_of_seconds": foretold["step_seconds"] / seconds,
            }
        )
        table.add_row(
            f"{name}, {batch_size} x 128 {' '.join(words)}",
            f"{foretold['bytes'] / 1e9:.2f}",
            f"{taken / 1e9:.2f}",
            f"{ratio:.2f}",
            f"{foretold['step_seconds']:.2f}",
            f"{seconds:.2f}",
        )
        Console().print(table)
    write_record(options.out, ["tensorflow", "keras"], {"sizes": records})


def estimate(name: str, batch_size: int, words: tuple[str, ...]) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", ESTIMATE, name, str(batch_size), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def train(
    options: argparse.Namespace,
    name: str,
    batch_size: int,
    steps: int,
    words: tuple[str, ...],
) -> tuple[float, float]:
    """Bytes of a run of a few steps, and seconds of a step after the first."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder, "run")
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "albert_keras", "pretrain"),
                *("--config", name, "--data", str(options.data)),
                *("--tokenizer", str(options.model), "--out", str(run)),
                *("--steps", str(steps), "--batch-size", str(batch_size)),
                *("--log-every", "1", *words),
            ],
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"The run of {name} ended with {status}.")
        rows = read_metrics(run / "metrics.csv")
        speeds = [
            row.values["tokens_per_second"]
            for row in rows
            if row.values.get("tokens_per_second")
        ]
    return 1024.0 * usage.ru_maxrss, batch_size * 128 / max(speeds)


if __name__ == "__main__":
    main()
