"""What is asked in a load test, from a file."""

import json
from pathlib import Path
from typing import Any


def read_requests(
    rows: Path | None, text: Path | None, batch: int
) -> list[dict[str, list]]:
    """Requests of so many rows each, from a file.

    Args:
        rows: JSON lines, one row each; or
        text: lines of text.
        batch: Rows of a request; those that are left at the end go to none.

    Raises:
        ValueError: A line is no JSON object with the names of the first, or
            there are too few of them.
    """
    path = rows or text
    assert path is not None
    read = []
    lines = path.read_text("utf-8").split("\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        row = {"text": line} if rows is None else _row(line)
        if row is None or (read and row.keys() != read[0].keys()):
            raise ValueError(
                f"{path}:{number} must be a JSON object with the same names as "
                f"the first. Received: {line[:60]}"
            )
        read.append(row)
    requests = [
        {name: [row[name] for row in part] for name in part[0]}
        for begin in range(0, len(read) - batch + 1, batch)
        if (part := read[begin : begin + batch])
    ]
    if not requests:
        raise ValueError(
            f"{path} must have a row for each of a batch. Received: "
            f"{len(read)} rows, a batch of {batch}."
        )
    return requests


def _row(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and row else None
