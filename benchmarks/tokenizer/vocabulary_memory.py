"""Memory of `albert-keras vocab` as the corpus grows, the sample being fixed.

    python benchmarks/tokenizer/vocabulary_memory.py

Three corpora of made-up words, drawn by Zipf's law: 20 MB, 200 MB, and 200 MB
without a line feed. Of each, 50,000 sentences are sampled. What counts is the
largest resident set of the command and of the trainer that it starts, as Linux
reports them. Sentences of the last corpus are as long as SentencePiece takes
them, so its sample, and with it the trainer, is larger.
"""

import argparse
import contextlib
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import record
from rich.console import Console
from rich.table import Table

SAMPLE = 50_000
LETTERS = "etaoinshrdlucmfwypvbgk"
WORDS = 50_000
# Name, size in bytes, and what stands between sentences.
CORPORA = (
    ("20 MB", 20_000_000, "\n"),
    ("200 MB", 200_000_000, "\n"),
    ("200 MB, one line", 200_000_000, " "),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--out", type=Path, default=record.RESULTS / "vocabulary_memory.json"
    )
    options = parser.parse_args()
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, size, separator in CORPORA:
            corpus = Path(folder, "corpus.txt")
            write_corpus(corpus, size, separator)
            results[name] = measure(corpus)

    table = Table("corpus", "command, MB", "trainer, MB", "seconds")
    for name, figures in results.items():
        table.add_row(name, *(f"{figure:.0f}" for figure in figures.values()))
    Console().print(table)
    record.write_record(
        options.out,
        ["sentencepiece"],
        {"input_sentence_size": SAMPLE, "results": results},
    )


def write_corpus(path: Path, size: int, separator: str) -> None:
    rng = random.Random(0)
    words = [
        "".join(rng.choices(LETTERS, k=rng.randint(2, 10)))
        for _ in range(WORDS)
    ]
    cumulative = np.cumsum(1 / np.arange(1, WORDS + 1))
    draws = np.random.default_rng(0)
    with path.open("w") as file:
        while file.tell() < size:
            drawn = draws.random(100_000) * cumulative[-1]
            text = [words[i] for i in np.searchsorted(cumulative, drawn)]
            start = 0
            while start < len(text):
                end = start + rng.randint(8, 30)
                file.write(" ".join(text[start:end]) + "." + separator)
                start = end


def measure(corpus: Path) -> dict[str, float]:
    """The largest resident sets in MB, and how long it took."""
    command = [
        *(sys.executable, "-m", "albert_keras", "vocab", str(corpus)),
        *("--size", "8000", "--input-sentence-size", str(SAMPLE)),
        *("--out", str(corpus.with_name("vocabulary")), "--overwrite"),
    ]
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
                peaks[pid] = int(peak[1]) / 1000  # type: ignore[index]
        time.sleep(0.05)
    if process.returncode != 0:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return {
        "command": peaks.pop(process.pid),
        "trainer": max(peaks.values()),
        "seconds": time.perf_counter() - started,
    }


def children(pid: int) -> Iterator[int]:
    with contextlib.suppress(OSError):
        yield from map(
            int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        )


if __name__ == "__main__":
    main()
