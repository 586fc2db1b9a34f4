"""The layout of sentence-transformers: what makes a vector of a text.

`modules.json` lists the steps after the encoder. The configuration of the step
Pooling says which vectors it takes.

Source: huggingface/sentence-transformers, `SentenceTransformer.py` and
`models/Pooling.py`.
"""

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

from albert_keras.json_objects import (
    check_small_file,
    is_file_name,
    read_json_object,
)

MODULES_FILE = "modules.json"
LENGTH_FILE = "sentence_bert_config.json"
_POOLINGS = {
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_cls_token": "cls",
}
_MODES = "pooling_mode"


class SentenceLayout(NamedTuple):
    """How a model of sentence-transformers makes a vector of a text.

    Args:
        pooling: `"mean"` or `"cls"`; None where `refusal` says why.
        normalize: Whether vectors have a length of 1.
        max_tokens: Maximum tokens per text; None for the encoder's limit.
        refusal: What `ak.inference.Embed` cannot do, if there is anything.
    """

    pooling: str | None
    normalize: bool
    max_tokens: int | None
    refusal: str | None = None


def read_layout(folder: Path) -> SentenceLayout | None:
    """Read the layout of a folder; None if it has none.

    Args:
        folder: A folder of Hugging Face, or a preset made of one.

    Raises:
        ValueError: A file is damaged.
    """
    path = folder / MODULES_FILE
    if not path.is_file():
        return None
    check_small_file(path)
    try:
        modules = json.loads(path.read_text("utf-8"))
        if not isinstance(modules, list):
            raise TypeError("no list")
        kinds = [each["type"].rpartition(".")[2] for each in modules]
        places = [each["path"] for each in modules]
        if not all(is_file_name(place) for place in places if place != ""):
            raise ValueError("a path that isn't the name of a folder")
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        raise ValueError(
            f"`{path}` must list modules of sentence-transformers, each with "
            "`type` and `path`. Received: something else."
        ) from None
    pooling, refusal = None, None
    others = [
        k for k in kinds if k not in ("Transformer", "Pooling", "Normalize")
    ]
    if others:
        refusal = f"`{path}` has the step {others[0]}"
    elif kinds.count("Pooling") != 1:
        refusal = f"`{path}` has {kinds.count('Pooling')} steps of pooling"
    else:
        place = folder / places[kinds.index("Pooling")] / "config.json"
        pooling = _pooling(read_json_object(place))
        if pooling is None:
            refusal = f"`{place}` has another pooling than mean or cls"
    length = None
    if (folder / LENGTH_FILE).is_file():
        length = read_json_object(folder / LENGTH_FILE).get("max_seq_length")
    return SentenceLayout(
        pooling,
        "Normalize" in kinds,
        length if isinstance(length, int) and length > 0 else None,
        refusal,
    )


def copy_layout(source: Path, folder: Path) -> None:
    """Copy the files of the layout, if a folder has any, into another.

    Raises:
        ValueError: A file is damaged.
    """
    layout = read_layout(source)
    if layout is None or layout.refusal:
        return
    files = [source / MODULES_FILE, source / LENGTH_FILE]
    for file in (*files, *source.glob("*_Pooling/config.json")):
        if file.is_file():
            copy = folder / file.relative_to(source)
            copy.parent.mkdir(exist_ok=True)
            shutil.copyfile(file, copy)


def _pooling(settings: dict[str, Any]) -> str | None:
    if isinstance(settings.get(_MODES), str):  # since version 5.2
        found = [settings[_MODES]]
    else:
        found = [
            _POOLINGS.get(name, name)
            for name, value in settings.items()
            if name.startswith(_MODES) and value is True
        ]
    return found[0] if found in (["mean"], ["cls"]) else None
