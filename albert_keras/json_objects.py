"""JSON files that hold one object."""

import json
import os
from pathlib import Path
from typing import Any

from albert_keras.limits import JSON_BYTES


def read_json_object(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The object in a JSON file.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no JSON, or holds something else; or it is no
            regular file, or a very large one.
    """
    check_small_file(path)
    try:
        content = json.loads(Path(path).read_text("utf-8"))
    except (RecursionError, ValueError) as error:
        raise ValueError(
            f"`{path}` must be a JSON file in UTF-8. Received: {error}."
        ) from None
    if not isinstance(content, dict):
        raise ValueError(
            f"`{path}` must hold one JSON object. Received: "
            f"{type(content).__name__}."
        )
    return content


def check_small_file(path: str | os.PathLike[str]) -> None:
    """Refuse a file of settings that has no end or is very large.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is a device, a pipe or a folder, or it has more than
            `limits.JSON_BYTES`.
    """
    path = Path(path)
    size = path.stat().st_size
    if not path.is_file() or size > JSON_BYTES:
        raise ValueError(
            f"`{path}` must be a regular file of at most "
            f"{JSON_BYTES >> 20} MiB. Received: "
            + (f"{size:,} bytes." if path.is_file() else "no regular file.")
        )


def is_file_name(name: Any) -> bool:
    """Return whether a value from a file names something in one folder.

    What a file says must not lead out of the folder that the user gave.
    """
    return (
        isinstance(name, str)
        and name not in ("", ".", "..")
        and not set(name) & set("/\\\0")
    )
