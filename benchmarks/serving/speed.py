"""From texts to scores through the exported SavedModel, beside its peers.

    python -m benchmarks.serving.speed --torch-python PYTHON --json F --png F

ALBERT base as a classifier, random weights, the same for all but KerasHub,
whose layers are others. Each contender is a process that has loaded what a
server would; the same requests go to one after the other, round by round, and
medians count. Requests are sentences of SST-2's dev set and passages of
SQuAD's, in batches of 1, 8 and 32 as they come.

- ours: the SavedModel's signature `classify`, in float32 and bfloat16.
- padded: its signature of ids, with every row padded to 128.
- keras-hub: its classifier exported with its preprocessor, which pads to the
  128 or 512 that it was made with.
- Hugging Face: transformers on torch in PYTHON, padded to the batch's longest.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from albert_keras.tasks.readers import read
from benchmarks.tokenizer.record import write_record

PROJECT = Path(__file__).parents[2]
LIBRARIES = ("tensorflow", "tensorflow-text", "keras", "keras-hub")
# Not Hugging Face in bfloat16: without instructions of the CPU for it, torch
# takes minutes.
CONTENDERS = {
    "SST-2": (
        *("ours float32", "ours bfloat16", "padded", "keras-hub 128"),
        "Hugging Face float32",
    ),
    "SQuAD": (
        *("ours float32", "ours bfloat16", "keras-hub 512"),
        "Hugging Face float32",
    ),
}
# Requests of a round, by batch size.
REQUESTS = {"SST-2": {1: 32, 8: 4, 32: 2}, "SQuAD": {1: 6, 8: 1}}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument(
        "--data", type=Path, default=PROJECT.parent / "shared/data"
    )
    options.add_argument("--torch-python", default=sys.executable)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--json", type=Path)
    options.add_argument("--png", type=Path)
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        prepare(arguments.data, folder)
        found = measure(arguments, folder)
    print(json.dumps(found, indent=1))
    if arguments.json:
        write_record(arguments.json, LIBRARIES, found)
    if arguments.png:
        draw(found, arguments.png)


def prepare(data: Path, folder: Path) -> None:
    """Exports what the contenders load, in a process that then ends."""
    exports = Path(__file__).with_name("exports.py")
    subprocess.run(
        [sys.executable, exports, data, folder],
        check=True,
        env={**os.environ, "PYTHONPATH": os.fspath(PROJECT)},
    )


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    texts = _texts(arguments.data)
    names = sorted({name for group in CONTENDERS.values() for name in group})
    running = {
        name: _start(
            arguments.torch_python
            if name.startswith("Hugging")
            else sys.executable,
            name,
            folder,
        )
        for name in names
    }
    rates: dict[str, list[float]] = defaultdict(list)
    latencies: dict[str, list[float]] = defaultdict(list)
    scores: dict[str, list] = {}
    for number in range(arguments.rounds + 1):
        for group, contenders in CONTENDERS.items():
            for batch, count in REQUESTS[group].items():
                requests = [
                    texts[group][i * batch : (i + 1) * batch]
                    for i in range(count)
                ]
                for name in contenders:
                    answer = _ask(running[name], requests)
                    key = f"{group}, batch {batch}, {name}"
                    scores[key] = answer["scores"]
                    if number:  # the first round warms up
                        total = sum(answer["seconds"])
                        rates[key].append(batch * count / total)
                        latencies[key].append(
                            1000 * statistics.median(answer["seconds"])
                        )
        print(f"round {number}", flush=True)
    for process in running.values():
        process.stdin.close()
        process.wait()
    return _summary(rates, latencies, scores)


def _texts(data: Path) -> dict[str, list[str]]:
    films = [each.text for each in read("sst2", data / "glue", "dev")]
    passages = [each.context for each in read("squad1", data / "squad", "dev")]
    return {"SST-2": films, "SQuAD": list(dict.fromkeys(passages))}


def _start(python: str, name: str, folder: Path) -> subprocess.Popen:
    process = subprocess.Popen(
        [python, Path(__file__).with_name("contenders.py"), name, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={
            **os.environ,
            "PYTHONPATH": "" if name.startswith("Hugging") else str(PROJECT),
        },
    )
    if process.stdout.readline() != "ready\n":
        raise RuntimeError(f"`{name}` must start. Received: it ended.")
    return process


def _ask(process: subprocess.Popen, requests: list[list[str]]) -> Any:
    process.stdin.write(json.dumps(requests) + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def _summary(
    rates: Mapping[str, list[float]],
    latencies: Mapping[str, list[float]],
    scores: Mapping[str, list],
) -> dict[str, Any]:
    found: dict[str, Any] = {"texts_per_s": {}, "latency_ms": {}, "ratios": {}}
    for key, values in rates.items():
        found["texts_per_s"][key] = round(statistics.median(values), 2)
        found["latency_ms"][key] = round(statistics.median(latencies[key]), 1)
    for key, rate in found["texts_per_s"].items():
        group, batch, name = key.split(", ")
        for dtype in ("float32", "bfloat16"):
            own = f"{group}, {batch}, ours {dtype}"
            if not name.startswith("ours"):
                found["ratios"][f"ours {dtype} to {key}"] = round(
                    found["texts_per_s"][own] / rate, 2
                )
    found["largest_difference_of_scores"] = {
        name: max(
            float(np.abs(np.subtract(scores[key], scores[own])).max())
            for key in scores
            if key.endswith(name)
            for own in [key.replace(name, "ours float32")]
        )
        for name in ("padded", "Hugging Face float32", "ours bfloat16")
    }
    return found


def draw(found: Mapping[str, Any], path: Path) -> None:
    """Throughput against latency, a line for each contender."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(12, 5), layout="constrained")
    figure.suptitle("ALBERT base, texts to scores, on 2 CPU cores")
    for axis, (group, names) in zip(axes, CONTENDERS.items(), strict=True):
        for name in names:
            keys = [f"{group}, batch {b}, {name}" for b in REQUESTS[group]]
            x = [found["latency_ms"][key] for key in keys]
            y = [found["texts_per_s"][key] for key in keys]
            own = name.startswith("ours")
            (line,) = axis.plot(
                x, y, "o-" if own else "s--", linewidth=2.5 if own else 1.2
            )
            line.set_label(name)
            for batch, *place in zip(REQUESTS[group], x, y, strict=True):
                axis.annotate(
                    str(batch),
                    place,
                    textcoords="offset points",
                    xytext=(4, 5),
                    fontsize=8,
                    color=line.get_color(),
                )
        axis.set(
            xscale="log",
            xlabel="latency of a request, ms",
            ylabel="texts/s",
            ylim=(0, None),
            title=f"{group} (numbers: rows of a request)",
        )
        # Labels between the powers of ten would run into each other.
        axis.xaxis.set_minor_formatter("")
        axis.grid(alpha=0.3, which="both")
        axis.legend(fontsize=8)
    figure.savefig(path, dpi=130)


if __name__ == "__main__":
    main()
