"""What the card of a fine-tuned model tells of its run."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from albert_keras.models.card.facts import CardFacts, Evaluation, Metric
from albert_keras.models.card.writing import write_card
from albert_keras.tasks.recipes import TASKS
from albert_keras.tasks.run_folder import FinetuningFolder
from albert_keras.training.run_card import training_of

# The hub's names of data sets, their parts and metrics.
_HUB_IDS = {
    "squad1": ("rajpurkar/squad", None),
    "squad2": ("rajpurkar/squad_v2", None),
    "race": ("ehovy/race", "all"),
    "conll2003": ("eriktks/conll2003", None),
}
_GLUE = ("nyu-mll/glue", None)
_METRICS = {
    "f1_macro": "f1",
    "f1_micro": "f1",
    "matthews": "matthews_correlation",
    "pearson": "pearsonr",
    "spearman": "spearmanr",
    "exact": "exact_match",
    "best_exact": "exact_match",
    "best_f1": "f1",
    "middle": "accuracy",
    "high": "accuracy",
    "all": "accuracy",
}
_SPLITS = {
    "dev": "validation",
    "dev-mm": "validation_mismatched",
    "test-mm": "test_mismatched",
}


def add_run_to_card(
    preset: Path,
    folder: FinetuningFolder,
    metrics: Mapping[str, Mapping[str, float]],
    labels: Any,
    num_examples: Mapping[str, int],
) -> None:
    """Adds data, command and metrics of a run to its preset's card.

    Args:
        preset: The preset, just saved.
        folder: Of the run.
        metrics: By split, the official metrics in per cent.
        labels: Names of classes or tags, if there are any.
        num_examples: By split.
    """
    record = folder.read_record()
    options = record["inputs"]["options"]
    start = record["inputs"]["start"]
    task = options["task"]
    is_official = task in TASKS
    dataset = _HUB_IDS.get(task, _GLUE)[0] if is_official else "own-data"
    named = task if is_official else f"own data ({task})"
    settings = {
        "begun with": start.get("preset") or "random weights",
        **{name: v for name, v in options.items() if v is not None},
    }
    if labels:
        settings["labels"] = ", ".join(map(str, labels))
    base = str(start.get("preset", ""))
    write_card(
        preset,
        dataclasses.replace(
            CardFacts.read(preset),
            training=training_of(
                record,
                f"fine-tuning on {named}",
                [
                    f"{named}, {split}: {count:,} examples"
                    for split, count in num_examples.items()
                ],
                settings,
            ),
            evaluations=[
                Evaluation(
                    dataset=named,
                    dataset_id=dataset,
                    config=_config(task) if is_official else None,
                    split=_SPLITS.get(split, split),
                    unit="per cent",
                    metrics=_numbers(found),
                )
                for split, found in metrics.items()
                if _numbers(found)
            ],
            datasets=[dataset] if is_official else [],
            base_model=(
                base.removeprefix("hf://") if base.startswith("hf://") else None
            ),
        ),
    )


def _config(task: str) -> str | None:
    return _HUB_IDS[task][1] if task in _HUB_IDS else task


def _numbers(found: Mapping[str, float]) -> list[Metric]:
    """What was scored, without numbers of examples and thresholds."""
    return [
        Metric(name, _METRICS.get(name, name), value)
        for name, value in found.items()
        if not name.endswith(("total", "threshold", "thresh"))
    ]
