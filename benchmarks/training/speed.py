"""Tokens a second of ALBERT base in training, beside its peers.

    python -m benchmarks.training.speed --torch-python PYTHON

PYTHON is one with torch and transformers; it may be this one. Each contender is
a process of its own, which trains at both lengths; the rounds go through all of
them in turn, and medians count. Random ids, 20 masked positions an example, no
dropout (albert-base-v2 has none), one step of Adam or LAMB on the whole batch.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.tokenizer.record import RESULTS, write_record

OUT = RESULTS.with_name("training") / "speed.json"
CONTENDERS = Path(__file__).with_name("speed_contenders.py")
OURS = ("ours bfloat16", "ours float32")
PEERS = (
    "keras-hub float32",
    "keras-hub bfloat16",
    "Hugging Face float32",
)
# What design asks of ours in bfloat16, by peer.
AIMS = {
    "keras-hub float32": 1.8,
    "keras-hub bfloat16": 1.1,
    "Hugging Face float32": 2.4,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--torch-python", default=sys.executable)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    rounds: dict[str, dict[str, list[float]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for number in range(options.rounds):
        for name in (*OURS, *PEERS):
            is_torch = name.startswith("Hugging Face")
            python = options.torch_python if is_torch else sys.executable
            for key, value in measure(python, name).items():
                rounds[name][key].append(value)
            print(number + 1, name, dict(rounds[name]), flush=True)
    medians = {
        name: {key: statistics.median(values) for key, values in of.items()}
        for name, of in rounds.items()
    }
    ours = medians["ours bfloat16"]
    shapes = [name for name in ours if not name.endswith("flops")]
    ratios = {
        shape: {peer: ours[shape] / medians[peer][shape] for peer in PEERS}
        for shape in shapes
    }
    shares = {
        name: {
            shape: statistics.median(
                value / peak
                for value, peak in zip(
                    rounds[name][f"{shape} flops"],
                    rounds[name]["matrix flops"],
                    strict=True,
                )
            )
            for shape in shapes
        }
        for name in OURS
    }
    show(medians, ratios, shares, shapes)
    write_record(
        options.out,
        ["tensorflow", "keras", "keras-hub"],
        {
            "tokens_per_second": medians,
            "ratios_of_ours_in_bfloat16": ratios,
            "aims": AIMS,
            "share_of_the_matrix_rate": shares,
            "seconds_a_token_at_512_against_128": ours[shapes[0]]
            / ours[shapes[1]],
            "rounds": rounds,
        },
    )


def measure(python: str, name: str) -> dict[str, float]:
    """Tokens a second by shape, from a process of its own."""
    done = subprocess.run(
        [python, str(CONTENDERS), name],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def show(
    medians: dict[str, dict[str, float]],
    ratios: dict[str, dict[str, float]],
    shares: dict[str, dict[str, float]],
    shapes: list[str],
) -> None:
    table = Table("", *(f"{s}, tokens/s" for s in shapes), "ours bfloat16 is")
    for name in (*OURS, *PEERS):
        ratio = ", ".join(
            f"{ratios[s][name]:.2f} x" for s in shapes if name in ratios[s]
        )
        aim = f" (aim {AIMS[name]} x)" if name in AIMS else ""
        table.add_row(
            name, *(f"{medians[name][s]:,.0f}" for s in shapes), ratio + aim
        )
    for name in OURS:
        table.add_row(
            f"{name}, share of matrix rate",
            *(f"{shares[name][s]:.0%}" for s in shapes),
        )
    Console().print(table)


if __name__ == "__main__":
    main()
