"""How long loading takes, and how much memory.

    python benchmarks/checkpoints/loading.py

Time: loading a checkpoint of base size, against reading its bytes and building
the model with random values, all warm, the median of seven, in one process.
Memory: the most that a process holds while it loads xlarge beyond what it held
before, against the bytes of its parameters; a process for each form.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULT = Path(__file__).parents[1] / "results/checkpoints/loading.json"
FORMS = ("keras", "huggingface", "tensorflow")
REPETITIONS = 7


def bytes_of(folder: Path) -> int:
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())


def read_bytes(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            path.read_bytes()


def seconds(function) -> float:
    found = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        function()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def measure_time(folder: Path) -> dict:
    import keras

    import albert_keras as ak

    config = ak.AlbertConfig.named("albert_base_v2")

    def build():
        return ak.AlbertPretrainer(ak.AlbertBackbone.from_albert_config(config))

    model = build()
    found = {"build": seconds(build)}
    for form in FORMS:
        ak.checkpoints.save(model, folder / form, form)
        keras.utils.clear_session()
        read = seconds(lambda form=form: read_bytes(folder / form))
        loaded = seconds(
            lambda form=form: ak.checkpoints.load(
                folder / form, ak.AlbertPretrainer
            )
        )
        found[form] = {
            "read": read,
            "load": loaded,
            "ratio": loaded / (read + found["build"]),
        }
    return found


def memory(name: str) -> int:
    """Bytes of a line of /proc/self/status."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) << 10
    raise SystemExit("memory is measured on Linux only")


def measure_memory(folder: Path) -> None:
    """In a process of its own: prints what loading one folder takes."""
    import albert_keras as ak

    # What TensorFlow allocates once is not the checkpoint's.
    tiny = ak.AlbertBackbone.from_albert_config(
        ak.AlbertConfig.named("albert_tiny_test")
    )
    with tempfile.TemporaryDirectory() as other:
        ak.checkpoints.save(tiny, Path(other) / "tiny", "huggingface")
        ak.checkpoints.load(Path(other) / "tiny")
    Path("/proc/self/clear_refs").write_text("5")  # forgets the peak so far
    before = memory("VmRSS")
    model = ak.checkpoints.load(folder)
    size = 4 * model.count_params()
    peak = memory("VmHWM") - before
    print(
        json.dumps(
            {
                "parameters, bytes": size,
                "peak, bytes": peak,
                "held, bytes": memory("VmRSS") - before,
                "ratio": peak / size,
            }
        )
    )


def save_xlarge(folder: Path) -> None:
    import albert_keras as ak

    config = ak.AlbertConfig.named("albert_xlarge_v2")
    model = ak.AlbertBackbone.from_albert_config(config)
    for form in FORMS:
        ak.checkpoints.save(model, folder / form, form)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=RESULT)
    parser.add_argument("--memory-of", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory_of:
        measure_memory(options.memory_of)
        return
    from albert_keras.whole_files import written_whole

    record = {
        "made_by": {
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": {
                name: version(name)
                for name in ("albert-keras", "keras", "tensorflow")
            },
            "python": platform.python_version(),
            "platform": platform.platform(),
            "cpus": os.cpu_count(),
        },
    }
    with tempfile.TemporaryDirectory() as folder:
        record["base, seconds"] = measure_time(Path(folder))
    print(json.dumps(record["base, seconds"], indent=2))
    with tempfile.TemporaryDirectory() as folder:
        save_xlarge(Path(folder))
        record["xlarge, memory"] = {}
        for form in FORMS:
            command = [sys.executable, __file__, "--memory-of"]
            found = subprocess.check_output(
                [*command, Path(folder) / form], text=True
            )
            record["xlarge, memory"][form] = json.loads(
                found.strip().splitlines()[-1]
            )
            print(form, record["xlarge, memory"][form])
    with written_whole(options.out) as partial:
        partial.write_text(json.dumps(record, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
