"""Figures with what they were measured on."""

import argparse
import json
import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from albert_keras import __version__
from albert_keras.whole_files import written_whole

RESULTS = Path(__file__).parents[1] / "results/tokenizer"


def arguments(description: str, result: str) -> argparse.ArgumentParser:
    """A parser of the options that all of these programs have."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder of the corpora"
    )
    parser.add_argument(
        "--model", type=Path, required=True, help="the vocabulary, spiece.model"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=RESULTS / result,
        help="where the figures are written (%(default)s)",
    )
    return parser


def write_record(
    path: Path, libraries: Iterable[str], content: dict[str, Any]
) -> None:
    """Writes figures as JSON, after the versions and the machine.

    Args:
        path: Of the file.
        libraries: Distributions whose versions matter.
        content: The figures.
    """
    record = {
        "made_by": {
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": {
                "albert-keras": __version__,
                "python": platform.python_version(),
                **{name: version(name) for name in libraries},
            },
            "machine": {
                "platform": platform.platform(),
                "processor": _processor(),
                "cpus": os.cpu_count(),
            },
        },
        **content,
    }
    text = json.dumps(record, indent=2, ensure_ascii=False)
    with written_whole(path) as partial:
        partial.write_text(f"{text}\n", "utf-8")
    print(f"written: {path}")


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
