"""`albert-keras evaluate`: prediction files against the official metrics."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from albert_keras.cli.scores import score_line


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
    """Score answers to SQuAD 1.1 or 2.0 as its official scripts do."""
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
    _say_strangers(given.keys() - dataset.answers.keys(), data)
    _show(scores, as_json)


_PREDICTIONS = typer.Option(
    metavar="FILE", help="JSON of any system, a prediction by each id."
)
_AS_JSON = typer.Option("--json", help="One JSON object, all digits.")


def glue(
    task: Annotated[
        str,
        typer.Argument(
            metavar="TASK", help="As cola, sst2, mrpc, stsb, mnli-mm, rte."
        ),
    ],
    predictions: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="TSV with index and prediction, as GLUE takes it, or JSON.",
        ),
    ],
    data: Annotated[
        Path,
        typer.Option(metavar="FILE", help="The task's labelled file: dev.tsv."),
    ],
    as_json: Annotated[bool, _AS_JSON] = False,
) -> None:
    """Score predictions on a GLUE task by its own metrics, in per cent."""
    from albert_keras.tasks.metrics import prediction_files as files
    from albert_keras.tasks.metrics.glue import METRICS
    from albert_keras.tasks.metrics.glue import glue as metric
    from albert_keras.tasks.readers.glue import read_glue

    labelled = [name for name in METRICS if name != "ax"]
    if task not in labelled:
        raise ValueError(
            f"TASK must be one of {', '.join(labelled)}. Received: {task!r}."
        )
    examples = read_glue(task, data, labelled=True)
    by_id = files.read_by_id(predictions)
    given = files.in_order(by_id, examples, predictions)
    _say_strangers(by_id.keys() - {e.id for e in examples}, data)
    if examples.labels:
        labels = [examples.labels[e.label] for e in examples]
        scores = metric(task, _known(given, examples, predictions), labels)
    else:
        try:
            numbers = [float(value) for value in given]
        except (TypeError, ValueError):
            raise ValueError(
                f"`{predictions}` must hold numbers for {task}. Received: "
                "something else."
            ) from None
        scores = metric(task, numbers, [e.label for e in examples])
    _show(scores, as_json)


def _known(given: list, examples: Any, path: Path) -> list[str]:
    for example, label in zip(examples, given, strict=True):
        if str(label) not in examples.labels:
            raise ValueError(
                f"`{path}` must hold {', '.join(examples.labels)}. Received: "
                f"{label!r:.60} for {example.id!r}."
            )
    return [str(label) for label in given]


def race(
    predictions: Annotated[Path, _PREDICTIONS],
    data: Annotated[
        Path,
        typer.Option(help="RACE's folder, or its archive."),
    ],
    split: Annotated[
        Literal["dev", "test", "train"], typer.Option(help="Which part of it.")
    ] = "test",
    as_json: Annotated[bool, _AS_JSON] = False,
) -> None:
    """Score letters by the ids of RACE's questions, as high1001.txt-0."""
    from albert_keras.tasks.metrics import prediction_files as files
    from albert_keras.tasks.metrics.race import race as metric
    from albert_keras.tasks.readers import read
    from albert_keras.text.examples import LETTERS

    examples = read("race", data, split)
    by_id = files.read_by_id(predictions)
    files.in_order(by_id, examples, predictions)
    _say_strangers(by_id.keys() - {e.id for e in examples}, data)
    answers = {e.id: LETTERS[e.label] for e in examples}
    groups = {e.id: e.group for e in examples}
    _show(metric(answers, by_id, groups), as_json)


def conll(
    predictions: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="In columns, the predicted tag in the last; or JSON, the tags "
            "by the number of the sentence.",
        ),
    ],
    data: Annotated[
        Path,
        typer.Option(metavar="FILE", help="In columns, as test.txt."),
    ],
    as_json: Annotated[bool, _AS_JSON] = False,
) -> None:
    """Score tags of words by whole entities, as conlleval does."""
    from albert_keras.tasks.metrics import prediction_files as files
    from albert_keras.tasks.metrics.conll import conll as metric
    from albert_keras.tasks.readers.conll import read_conll

    examples = read_conll(data)
    given = files.read_tags(predictions, examples)
    _show(metric(given, [e.tags for e in examples]), as_json)


def _say_strangers(strangers: set[str], data: Path) -> None:
    if strangers:
        print(
            f"{len(strangers):,} predictions are for ids that `{data}` does "
            "not hold, and are left out.",
            file=sys.stderr,
        )


def _show(scores: dict[str, float], as_json: bool) -> None:
    if as_json:
        print(json.dumps(scores))
        return
    for name, value in scores.items():
        print(score_line(name, value))
