"""One recipe under many seeds, or with many settings."""

import dataclasses
import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from albert_keras.requirements import require
from albert_keras.tasks.options import FinetuningOptions
from albert_keras.whole_files import owned, written_whole

# What trains: it is given options and the folder of the run, and returns the
# metrics by split.
Train = Callable[[FinetuningOptions, Path], dict[str, dict[str, float]]]


def run_seeds(
    options: FinetuningOptions, seeds: Sequence[int], out: Path, train: Train
) -> dict[str, dict[str, dict[str, float]]]:
    """Trains once for each seed, and writes `seeds.json`.

    Args:
        options: of all runs but for their seed.
        seeds: the seeds.
        out: gets a folder `seed-N` for each.
        train: trains.

    Returns:
        By split and metric `median`, `lowest`, `highest` and `deviation`, the
        standard deviation (0 of a single run).
    """
    with owned(out):
        runs = {
            seed: train(
                dataclasses.replace(options, seed=seed), out / f"seed-{seed}"
            )
            for seed in seeds
        }
        summary = _summary(list(runs.values()))
        held = {"summary": summary, "runs": runs}
        with written_whole(out / "seeds.json") as partial:
            partial.write_text(json.dumps(held, indent=2) + "\n", "utf-8")
    return summary


def _summary(
    runs: Sequence[Mapping[str, Mapping[str, float]]],
) -> dict[str, dict[str, dict[str, float]]]:
    summary: dict[str, dict[str, dict[str, float]]] = {}
    for split, metrics in runs[0].items():
        for name in metrics:
            values = [run[split][name] for run in runs]
            summary.setdefault(split, {})[name] = {
                "median": statistics.median(values),
                "lowest": min(values),
                "highest": max(values),
                "deviation": (
                    statistics.stdev(values) if len(values) > 1 else 0.0
                ),
            }
    return summary


def run_search(
    options: FinetuningOptions,
    grid: Mapping[str, Sequence[int | float]],
    out: Path,
    train: Train,
) -> list[dict[str, Any]]:
    """Trains with every combination of a small grid, by KerasTuner.

    What was finished is not trained again when the search is started anew in
    the same folder.

    Args:
        options: of all runs but for what the grid names.
        grid: values by the name of a field of `FinetuningOptions`.
        out: gets a folder for each run, `search.json` and KerasTuner's own
            files.
        train: trains; its "dev" metrics must hold `options.metric`.

    Returns:
        A row a run, the best first: the values by name, and `score`, the
        metric on "dev". The best score is fitted on those examples.

    Raises:
        ModuleNotFoundError: if KerasTuner is not installed.
        ValueError: if the grid names no field, or an unknown one.
    """
    _check_grid(grid)
    require("search", "A search")
    import keras_tuner

    space = keras_tuner.HyperParameters()
    for name, values in grid.items():
        space.Choice(name, list(values))

    class Runs(keras_tuner.GridSearch):
        def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> Any:
            values = dict(trial.hyperparameters.values)
            changed = dataclasses.replace(options, **values)
            named = "_".join(f"{n}-{v:g}" for n, v in sorted(values.items()))
            metrics = train(changed, out / named)
            return {"score": metrics["dev"][options.metric]}

    with owned(out):
        tuner = Runs(
            objective=keras_tuner.Objective("score", "max"),
            hyperparameters=space,
            directory=str(out),
            project_name="tuner",
            tune_new_entries=False,
        )
        tuner.search(verbose=0)
        rows = sorted(
            (
                {**trial.hyperparameters.values, "score": trial.score}
                for trial in tuner.oracle.trials.values()
            ),
            key=lambda row: -row["score"],
        )
        with written_whole(out / "search.json") as partial:
            partial.write_text(json.dumps(rows, indent=2) + "\n", "utf-8")
    return rows


def _check_grid(grid: Mapping[str, Sequence[int | float]]) -> None:
    fields = {
        field.name
        for field in dataclasses.fields(FinetuningOptions)
        if field.type in ("int", "float", "float | None", "int | None")
        or field.type in (int, float, int | None, float | None)
    }
    unknown = grid.keys() - fields
    if unknown or not grid:
        raise ValueError(
            f"A search must name some of {', '.join(sorted(fields))}. "
            f"Received: {', '.join(sorted(unknown)) or 'nothing'}."
        )
