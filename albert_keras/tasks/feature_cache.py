"""Features on the disk, found again by what they were made of."""

import dataclasses
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from albert_keras.text.rows.table import Features
from albert_keras.whole_files import written_whole

# Changes with what features hold, so that older ones are not taken for them.
_VERSION = 1


def digest_of(examples: Sequence[Any]) -> str:
    """What tells whether examples are the same, wherever they lie.

    Args:
        examples: dataclasses.

    Returns:
        SHA-256 of their fields but for `source`, in hexadecimal.
    """
    digest = hashlib.sha256()
    for example in examples:
        fields = {
            field.name: getattr(example, field.name)
            for field in dataclasses.fields(example)
            if field.name != "source"
        }
        digest.update(json.dumps(fields).encode())
    return digest.hexdigest()


def default_folder() -> Path:
    """Where the command line keeps features: in the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "albert_keras" / "features"


def cached(
    folder: Path | None,
    made_of: dict[str, Any],
    make: Callable[[], Features],
    say: Callable[[str], None],
) -> Features:
    """Gives features from the disk, or makes and keeps them.

    Args:
        folder: of the cache; None to make them in any case.
        made_of: all that decides what they are, as JSON holds it: digests of
            the examples and the tokenizer, options.
        make: makes them.
        say: is told when they cannot be kept.

    Returns:
        The features; those from the disk are mapped into memory. Damaged ones
        are made again. Where they cannot be written, as on a full disk, they
        are not kept.
    """
    if folder is None:
        return make()
    text = json.dumps({"version": _VERSION, **made_of}, sort_keys=True)
    place = folder / hashlib.sha256(text.encode()).hexdigest()
    if place.is_dir():
        try:
            return Features.load(place)
        except (EOFError, OSError, ValueError):
            shutil.rmtree(place, ignore_errors=True)
    features = make()
    try:
        with written_whole(place) as partial:
            partial.mkdir()
            features.save(partial)
    except OSError as error:
        say(f"Tokenized examples are not kept in `{folder}`: {error}.")
    return features
