"""Predictions of any system: as JSON by id, or as GLUE's submissions."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from albert_keras.tasks.readers.conll import read_conll
from albert_keras.text.examples import Examples
from albert_keras.text.records.tables import tsv_rows


def read_by_id(path: Path) -> dict[str, Any]:
    """Reads one prediction for each id.

    Args:
        path: a JSON object, or with the suffix `.tsv` the columns `index` and
            `prediction`, as gluebenchmark.com takes them.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it is another file, or names an id twice.
    """
    if path.suffix == ".tsv":
        found: dict[str, Any] = {}
        for row in tsv_rows(path, ("index", "prediction")):
            index = row.cells["index"]
            if index in found:
                raise ValueError(
                    f"{row.source} must have an index of its own. Received: "
                    f"{index!r} again."
                )
            found[index] = row.cells["prediction"]
        return found
    try:
        held = json.loads(path.read_text("utf-8-sig"))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(
            f"`{path}` must be JSON, or end with .tsv. Received: "
            f"{type(error).__name__}: {error}."
        ) from None
    if not isinstance(held, dict):
        raise ValueError(
            f"`{path}` must hold a JSON object with one entry an example. "
            f"Received: a {type(held).__name__}."
        )
    return held


def in_order(
    predictions: dict[str, Any], examples: Examples, path: Path
) -> list[Any]:
    """Puts predictions into the order of the examples.

    Args:
        predictions: by id.
        examples: what is predicted.
        path: where the predictions are from, for messages.

    Raises:
        ValueError: if an example has no prediction.
    """
    missing = [e for e in examples if e.id not in predictions]
    if missing:
        raise ValueError(
            f"`{path}` must have a prediction for each example. Received: "
            f"none for {len(missing):,} of {len(examples):,}, the first id "
            f"{missing[0].id!r}, which is {missing[0].source}."
        )
    return [predictions[example.id] for example in examples]


def read_tags(path: Path, examples: Examples) -> list[Sequence[str]]:
    """Reads the tags of sentences.

    Args:
        path: a JSON object with a list of tags by the number of the sentence
            from 0; any other suffix than `.json` is read in columns, as the
            data, the predicted tag in the last.
        examples: what is predicted.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it holds other sentences or words.
    """
    if path.suffix == ".json":
        tags = in_order(read_by_id(path), examples, path)
        words = [example.words for example in examples]
    else:
        given = read_conll(path)
        tags = [example.tags for example in given]
        words = [example.words for example in given]
        if len(given) != len(examples):
            raise ValueError(
                f"`{path}` must have as many sentences as the data. Received: "
                f"{len(given):,} and {len(examples):,}."
            )
    for example, own, sentence in zip(examples, tags, words, strict=True):
        fits = isinstance(own, list | tuple) and len(own) == len(example.words)
        if not fits or tuple(sentence) != example.words:
            raise ValueError(
                f"`{path}` must have a tag for each word of the data. "
                f"Received: others for {example.source}."
            )
    return tags
