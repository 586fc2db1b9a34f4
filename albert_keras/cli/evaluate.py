"""`albert-keras evaluate`: prediction files against the official metrics."""

import json
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer


def squad(
    predictions: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help="JSON of any system: an answer by each id."
        ),
    ],
    data: Annotated[
        Path,
        typer.Option(metavar="FILE", help="The dataset, as dev-v2.0.json."),
    ],
    null_odds: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="JSON: what speaks for no answer, a number by each id.",
            show_default=False,
        ),
    ] = None,
    threshold: Annotated[
        float,
        typer.Option(help="Null odds above it count as no answer."),
    ] = 1.0,
    version: Annotated[
        Literal["1.1", "2.0"] | None,
        typer.Option(
            help="Whose metric; by default what the data says.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object, all digits.")
    ] = False,
) -> None:
    """Score answers to SQuAD 1.1 or 2.0 as its official scripts do.

    Example: albert-keras evaluate squad --data dev-v2.0.json --predictions
    predictions.json --null-odds null_odds.json
    """
    from albert_keras.tasks.metrics import squad as metric
    from albert_keras.tasks.metrics import squad_files as files

    dataset = files.read_dataset(data)
    given = files.read_predictions(predictions)
    if (version or dataset.version) == "2.0":
        odds = None if null_odds is None else files.read_null_odds(null_odds)
        scores = metric.squad2(dataset.answers, given, odds, threshold)
    elif null_odds is None:
        missing = len(dataset.answers.keys() - given.keys())
        if missing:
            print(
                f"{missing:,} of {len(dataset.answers):,} questions have no "
                "prediction and count as wrong.",
                file=sys.stderr,
            )
        scores = metric.squad1(dataset.answers, given)
    else:
        raise ValueError(
            "`--null-odds` belongs to SQuAD 2.0. Received: data of 1.1."
        )
    strangers = len(given.keys() - dataset.answers.keys())
    if strangers:
        print(
            f"{strangers:,} predictions are for questions that `{data}` does "
            "not hold, and are left out.",
            file=sys.stderr,
        )
    if as_json:
        print(json.dumps(scores))
        return
    for name, value in scores.items():
        print(_line(name, value))


def _line(name: str, value: float) -> str:
    if name.endswith("total"):
        return f"{name:18} {value:,}"
    note = ""
    if name.startswith("best_"):
        note = "   (fitted on these questions)"
    return f"{name:18} {value:.3f}{note}"
