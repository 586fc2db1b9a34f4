"""What the card of a pretrained model tells of its run."""

import dataclasses
import shlex
from pathlib import Path
from typing import Any

from albert_keras.models.card.facts import (
    CardFacts,
    Evaluation,
    Metric,
    Training,
)
from albert_keras.models.card.writing import write_card
from albert_keras.training.metrics_log import read_metrics
from albert_keras.training.run_folder import RunFolder

_SPLITS = {"eval": "held out", "train": "training batches"}
# Unit of the metrics whose names end so.
_UNITS = {"share of 1": "accuracy", "nats": "loss"}


def add_run_to_card(preset: Path, folder: RunFolder) -> None:
    """Adds data, command and metrics of a run to its preset's card.

    Args:
        preset: The preset, just saved.
        folder: Of the run.
    """
    record = folder.read_record()
    inputs = record["inputs"]
    options = inputs["options"]
    kind = "pretraining, masked LM"
    if options.get("sop_loss_weight", 1.0):
        kind += " and sentence order"
    settings = {**_set(options), **record["plan"]}
    if "preset" in inputs:
        settings["preset"] = inputs["preset"]
    training = training_of(record, kind, _data(inputs.get("data")), settings)
    write_card(
        preset,
        dataclasses.replace(
            CardFacts.read(preset),
            training=training,
            evaluations=_evaluations(folder),
        ),
    )


def training_of(
    record: dict[str, Any],
    kind: str,
    data: list[str],
    settings: dict[str, Any],
) -> Training:
    """How a run was made, out of its run.json.

    Args:
        record: The content of run.json.
        kind: What was done.
        data: What was learned from.
        settings: What decided the run.
    """
    made_by = record.get("made_by", {})
    program, *words = shlex.split(made_by.get("command", "")) or [""]
    return Training(
        kind,
        # Where the program lies on one's own disk is of no use to others.
        shlex.join([Path(program).name, *words]),
        data,
        settings,
        made_by.get("versions", {}),
    )


def _set(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def _data(described: Any) -> list[str]:
    """Lines for what `Examples.describe` told; a user's own as they are."""
    parts = described if isinstance(described, list) else [described]
    lines = []
    for part in parts:
        if isinstance(part, dict) and {"examples", "tokens"} <= set(part):
            lines.append(
                f"{part['examples']:,} examples, {part['tokens']:,} tokens, "
                f"manifest SHA-256 {part.get('manifest_sha256')}"
            )
        else:
            lines.append(str(part))
    return lines


def _evaluations(folder: RunFolder) -> list[Evaluation]:
    """The last row of metrics.csv, of held-out examples if there are any."""
    rows = read_metrics(folder.metrics)
    measured = [row for row in rows if row.split == "eval"] or rows
    if not measured:
        return []
    last = measured[-1]
    by_unit = {
        unit: [
            Metric(name, type, value)
            for name, value in last.values.items()
            if name.endswith(type)
        ]
        for unit, type in _UNITS.items()
    }
    return [
        Evaluation(
            "own pretraining examples",
            "own-data",
            _SPLITS[last.split],
            unit,
            metrics,
        )
        for unit, metrics in by_unit.items()
        if metrics
    ]
