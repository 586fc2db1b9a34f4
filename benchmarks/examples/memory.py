"""Memory of `albert-keras prepare` for a corpus and for one ten times as long.

    python -m benchmarks.examples.memory --model spiece.model

The corpora are made of the same 10 MB of made-up sentences over and over, in
a temporary folder: 200 MB and 2,000 MB, unless `--megabytes` says otherwise.
A shard is shuffled in memory, so both get shards of the same size; by default
that of the command's own, 100 MB of text. What counts is the largest resident
set of the command and of each process it starts, as Linux reports them, added
up.
"""

import argparse
import contextlib
import math
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.tokenizer import record

RESULT = record.RESULTS.with_name("examples") / "memory.json"
MEGABYTE = 1_000_000
REPEATED = 10 * MEGABYTE
LETTERS = "etaoinshrdlucmfwypvbgk"
AIM = 1.1


def main() -> None:
    options = parse()
    results: dict[str, dict[str, dict[str, float]]] = {}
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        repeated = made_up_text()
        for megabytes in options.megabytes:
            corpus = Path(folder, "corpus.txt")
            with corpus.open("w") as file:
                for _ in range(math.ceil(megabytes * MEGABYTE / REPEATED)):
                    file.write(repeated)
            shards = math.ceil(megabytes / options.shard_megabytes)
            for masking in ("dynamic", "static"):
                results.setdefault(masking, {})[f"{megabytes} MB"] = measure(
                    [
                        *(sys.executable, "-m", "albert_keras", "prepare"),
                        *(str(corpus), "--tokenizer", str(options.model)),
                        *("--masking", masking, "--dupe-factor", "1"),
                        *("--shards", str(shards), "--processes", "2"),
                        *("--out", str(Path(folder, "out")), "--overwrite"),
                    ]
                )
    ratios = {}
    for masking, of in results.items():
        short, long = (figures["megabytes"] for figures in of.values())
        ratios[masking] = round(long / short, 3)
    show(results, ratios)
    record.write_record(
        options.out,
        ["numpy", "sentencepiece"],
        {
            "text_megabytes_per_shard": options.shard_megabytes,
            "processes": 2,
            "aim": AIM,
            "ratios": ratios,
            "results": results,
        },
    )


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument(
        "--megabytes", type=int, nargs=2, default=[200, 2000], metavar="N"
    )
    parser.add_argument("--shard-megabytes", type=int, default=100)
    parser.add_argument("--folder", type=Path, help="of the temporary files")
    parser.add_argument("--out", type=Path, default=RESULT)
    return parser.parse_args()


def made_up_text() -> str:
    """Documents of 1 to 40 sentences of made-up words, common ones short."""
    rng = random.Random(0)
    words = [
        "".join(rng.choices(LETTERS, k=rng.randint(1, 3 + rank // 4000)))
        for rank in range(40_000)
    ]
    pieces: list[str] = []
    size = 0
    while size < REPEATED:
        for _ in range(rng.randint(1, 40)):
            ranks = (rng.random() ** 4 for _ in range(rng.randint(4, 30)))
            drawn = (words[int(rank * len(words))] for rank in ranks)
            pieces.append(" ".join(drawn) + ".\n")
            size += len(pieces[-1])
        pieces.append("\n")
    return "".join(pieces)


def measure(command: list[str]) -> dict[str, float]:
    """The largest resident sets in MB, and how long it took."""
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    peaks: dict[int, float] = {}
    while process.poll() is None:
        for pid in (process.pid, *children(process.pid)):
            # It may have ended since.
            with contextlib.suppress(OSError, TypeError):
                status = Path(f"/proc/{pid}/status").read_text()
                peak = re.search(r"VmHWM:\s+(\d+) kB", status)
                peaks[pid] = int(peak[1]) * 1024 / MEGABYTE  # type: ignore[index]
        time.sleep(0.05)
    if process.returncode != 0:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return {
        "megabytes": round(sum(peaks.values()), 1),
        "of_the_command_itself": round(peaks[process.pid], 1),
        "processes": len(peaks),
        "seconds": round(time.perf_counter() - started, 1),
    }


def children(pid: int) -> Iterator[int]:
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            yield from map(int, (thread / "children").read_text().split())


def show(results: dict[str, dict], ratios: dict[str, float]) -> None:
    table = Table("masks", "corpus", "peak, MB", "of which command", "seconds")
    for masking, of in results.items():
        for corpus, figures in of.items():
            table.add_row(
                masking,
                corpus,
                f"{figures['megabytes']:.0f}",
                f"{figures['of_the_command_itself']:.0f}",
                f"{figures['seconds']:.0f}",
            )
        table.add_row(masking, "ratio", f"{ratios[masking]:.3f}")
    Console().print(table)


if __name__ == "__main__":
    main()
