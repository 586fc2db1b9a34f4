"""How long files take for a row, and how much memory."""

import contextlib
import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PROCESS = Path(__file__).with_name("latency_process.py")
_RUNTIMES = ("ai-edge-litert", "onnxruntime")
# On these it depends how much faster integers are than float32.
_INSTRUCTIONS = {
    *("avx2", "avx512f", "avx_vnni", "avx512_vnni", "amx_int8"),
    *("asimd", "asimddp", "i8mm"),
}


@dataclasses.dataclass(frozen=True)
class Contender:
    """A file that is timed at one length.

    Attributes:
        name: What it is called, `"int8"` or `"onnx int8"` for instance.
        path: The .tflite or .onnx file.
        sequence_length: Tokens of the row.
        weight_cache: A file for LiteRT's packed weights, or None to pack them
            into memory. It is written where there is none, and is for this
            file and no other.
    """

    name: str
    path: Path
    sequence_length: int
    weight_cache: Path | None = None


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


def describe_runtimes() -> dict[str, dict[str, str] | list[str]]:
    """What runs the files here, beside what made them.

    Returns:
        Dictionary: `"runtimes"`, versions of those that are installed, and
        `"instructions"`, those of the processor that multiply fast, as Linux
        names them; none where it is not Linux.
    """
    runtimes = {}
    for name in _RUNTIMES:
        with contextlib.suppress(PackageNotFoundError):
            runtimes[name] = version(name)
    words: list[str] = []
    with contextlib.suppress(OSError):
        words = Path("/proc/cpuinfo").read_text("utf-8").split()
    return {
        "runtimes": runtimes,
        "instructions": sorted(_INSTRUCTIONS.intersection(words)),
    }


def _measured(contender: Contender, threads: int, seconds: float) -> Latency:
    cache = contender.weight_cache
    if cache and not cache.exists():
        _run(contender, threads, 0)
    return Latency(
        name=contender.name,
        sequence_length=contender.sequence_length,
        threads=threads,
        num_bytes=contender.path.stat().st_size,
        **_run(contender, threads, seconds),
    )


def _run(contender: Contender, threads: int, seconds: float) -> dict[str, Any]:
    cache = contender.weight_cache
    process = subprocess.run(
        [
            sys.executable,
            "-I",  # nothing of this package, nor of the folder one is in
            str(_PROCESS),
            str(contender.path.resolve()),
            str(contender.sequence_length),
            str(threads),
            str(seconds),
            *([str(cache.resolve())] if cache else []),
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
    found: dict[str, Any] = json.loads(process.stdout)
    return found
