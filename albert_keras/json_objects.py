"""JSON files that hold one object."""

import json
import os
from pathlib import Path
from typing import Any


def read_json_object(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The object in a JSON file.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no JSON, or holds something else.
    """
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
