"""How long files take for a row, and how much memory."""

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

_PROCESS = Path(__file__).with_name("latency_process.py")


@dataclasses.dataclass(frozen=True)
class Contender:
    """A file that is timed at one length.

    Attributes:
        name: What it is called, `"int8"` or `"onnx int8"` for instance.
        path: The .tflite or .onnx file.
        sequence_length: Tokens of the row.
    """

    name: str
    path: Path
    sequence_length: int


@dataclasses.dataclass(frozen=True)
class Latency:
    """What was measured of a contender.

    Attributes:
        name: The contender's.
        sequence_length: Tokens of the row.
        threads: Threads of an operation.
        milliseconds: Median time of a row.
        fastest: The shortest.
        runs: Rows that were timed.
        peak_bytes: What the process grew by, from before the file was opened.
        num_bytes: Of the file.
    """

    name: str
    sequence_length: int
    threads: int
    milliseconds: float
    fastest: float
    runs: int
    peak_bytes: int
    num_bytes: int


def measure(
    contenders: Sequence[Contender], threads: Sequence[int], seconds: float
) -> Iterator[Latency]:
    """Times contenders, each in a process of its own.

    Args:
        contenders: What is timed.
        threads: With how many threads, one after another.
        seconds: How long each is timed.

    Yields:
        A `Latency` for each contender and number of threads.

    Raises:
        ValueError: A file cannot be run.
    """
    for number in threads:
        for contender in contenders:
            yield _measured(contender, number, seconds)


def _measured(contender: Contender, threads: int, seconds: float) -> Latency:
    process = subprocess.run(
        [
            sys.executable,
            "-I",  # nothing of this package, nor of the folder one is in
            str(_PROCESS),
            str(contender.path.resolve()),
            str(contender.sequence_length),
            str(threads),
            str(seconds),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": str(threads)},
        check=False,
    )
    if process.returncode != 0:
        said = process.stderr.strip().splitlines() or ["nothing"]
        raise ValueError(
            f"`{contender.path}` must run on rows of "
            f"{contender.sequence_length} tokens. Received: {said[-1]}"
        )
    return Latency(
        name=contender.name,
        sequence_length=contender.sequence_length,
        threads=threads,
        num_bytes=contender.path.stat().st_size,
        **json.loads(process.stdout),
    )
