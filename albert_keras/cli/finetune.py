"""`albert-keras finetune`: a recipe, a model and data to metrics."""

import dataclasses
from pathlib import Path
from typing import Annotated, Any

import typer

from albert_keras.cli.scores import report_lines, score_line

_FILE = {"metavar": "FILE", "show_default": False}


def finetune(
    task: Annotated[
        str,
        typer.Argument(
            metavar="TASK",
            help="A recipe, as sst2, squad2, race or conll2003; or what your "
            "own files are for: classification, multilabel, regression, "
            "question, choice, tags.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder of the run.")],
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of the task's official files."),
    ] = None,
    train: Annotated[
        Path | None,
        typer.Option(help="Own examples: CSV, TSV or JSON lines.", **_FILE),
    ] = None,
    dev: Annotated[
        Path | None, typer.Option(help="Own held-out examples.", **_FILE)
    ] = None,
    test: Annotated[
        Path | None, typer.Option(help="Own test examples.", **_FILE)
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=COLUMN",
            help="What your files call text, pair, label (of multilabel also "
            "COLUMN,COLUMN...), question, context, answer, options "
            "(COLUMN,COLUMN...), words or tags.",
        ),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            help="Model to start from: a preset, a run folder, a checkpoint, a "
            "handle or a released model's name."
        ),
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|JSON", help="Sizes of a model of random weights."
        ),
    ] = None,
    tokenizer: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="SentencePiece model or vocab.txt, for random weights or in "
            "place of the preset's own.",
        ),
    ] = None,
    learning_rate: Annotated[
        float | None, typer.Option(help="Peak learning rate.")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(help="Examples in a step.")
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Steps to train for.")
    ] = None,
    warmup_steps: Annotated[
        int | None,
        typer.Option(
            help="Steps in which the rate rises.",
            show_default="the recipe's share",
        ),
    ] = None,
    sequence_length: Annotated[
        int | None, typer.Option(help="Maximum tokens per example.")
    ] = None,
    question_length: Annotated[
        int | None, typer.Option(help="Maximum tokens per question.")
    ] = None,
    stride: Annotated[
        int | None, typer.Option(help="Tokens between windows of a passage.")
    ] = None,
    dropout: Annotated[
        float | None, typer.Option(help="Of the encoder.")
    ] = None,
    classifier_dropout: Annotated[
        float | None, typer.Option(help="Before the output.")
    ] = None,
    dtype: Annotated[
        str | None, typer.Option(help="What to compute in.")
    ] = None,
    lora_rank: Annotated[
        int | None, typer.Option(help="Train low-rank additions of this rank.")
    ] = None,
    freeze_encoder: Annotated[
        bool, typer.Option("--freeze-encoder", help="Train the head alone.")
    ] = False,
    class_weight: Annotated[
        str | None,
        typer.Option(
            metavar="balanced|CLASS=WEIGHT,...|FILE.json",
            help="Weights of the classes in the training loss; other classes "
            "weigh 1. A JSON file holds weights by class.",
        ),
    ] = None,
    log_every: Annotated[
        int | None, typer.Option(help="Steps between rows of training loss.")
    ] = None,
    eval_every: Annotated[
        int | None,
        typer.Option(help="Steps between evaluations.", show_default="a fifth"),
    ] = None,
    checkpoint_every: Annotated[
        int | None,
        typer.Option(help="Steps between checkpoints.", show_default="a fifth"),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Decides everything that is drawn.")
    ] = 12345,
    seeds: Annotated[
        str | None,
        typer.Option(
            metavar="1..N|A,B", help="A run for each; median and spread."
        ),
    ] = None,
    search: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=A,B",
            help="Values to try of an option, as learning_rate=1e-5,3e-5; may "
            "be repeated. Needs albert-keras[search].",
        ),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            help="Where tokenized examples are kept for other runs.",
            show_default="~/.cache/albert_keras/features",
        ),
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Keep no tokenized examples.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run, or begin it.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the run.")
    ] = False,
) -> None:
    """Fine-tune a model on a task, by the paper's recipe.

    The run folder gets run.json, metrics.csv, curves.png, metrics.json,
    predictions/, preset/ and, of GLUE, submission.zip.

    Ctrl-C ends the run after the step, with exit code 130; SIGTERM likewise,
    with 143. The same command with --resume goes on.
    """
    if seeds and search:
        raise ValueError("Either --seeds or --search. Received: both.")
    numbers = _seeds(seeds) if seeds else []
    grid = dict(map(_values, search or []))
    files = {"train": train, "dev": dev, "test": test}
    begun, splits = _recipe_and_data(task, data, files, column or [])
    given = {
        "learning_rate": learning_rate,
        "batch_size": batch_size,
        "num_train_steps": steps,
        "num_warmup_steps": warmup_steps,
        "sequence_length": sequence_length,
        "question_length": question_length,
        "stride": stride,
        "dropout": dropout,
        "classifier_dropout": classifier_dropout,
        "dtype": dtype,
        "lora_rank": lora_rank,
        "class_weight": _class_weight(class_weight),
        "log_every": log_every,
        "eval_every": eval_every,
        "checkpoint_every": checkpoint_every,
    }
    if steps is not None and warmup_steps is None:
        share = begun.num_warmup_steps / begun.num_train_steps
        given["num_warmup_steps"] = round(steps * share)
    options = dataclasses.replace(
        begun,
        seed=seed,
        freeze_encoder=freeze_encoder,
        **{name: value for name, value in given.items() if value is not None},
    )

    from albert_keras.tasks.feature_cache import default_folder
    from albert_keras.tasks.finetuning import finetune as run_finetuning
    from albert_keras.tasks.repeats import run_search, run_seeds
    from albert_keras.tasks.start import Start

    start = Start(preset=preset, config=config, tokenizer=tokenizer)

    def run(options: Any, folder: Path) -> Any:
        return run_finetuning(
            options,
            start,
            splits,
            folder,
            resume=resume,
            overwrite=overwrite,
            cache=None if no_cache else cache or default_folder(),
        )

    def trained(options: Any, folder: Path) -> dict[str, dict[str, float]]:
        return run(options, folder).metrics

    if seeds:
        summary = run_seeds(options, numbers, out, trained)
        for split, spreads in summary.items():
            for name, spread in spreads.items():
                print(
                    f"{split} {name}: median {spread['median']:.2f}, from "
                    f"{spread['lowest']:.2f} to {spread['highest']:.2f}"
                )
    elif search:
        for row in run_search(options, grid, out, trained):
            values = "  ".join(f"{n} {row[n]:<10g}" for n in grid)
            print(f"{values}  dev {options.metric} {row['score']:.2f}")
    else:
        result = run(options, out)
        for split, metrics in result.metrics.items():
            for name, value in metrics.items():
                print(split, score_line(name, value))
            for line in report_lines(result.reports.get(split, {})):
                print(split, line)


def _recipe_and_data(
    task: str,
    data: Path | None,
    files: dict[str, Path | None],
    columns: list[str],
) -> tuple[Any, Any]:
    from albert_keras.tasks.readers.own import KINDS
    from albert_keras.tasks.recipes import TASKS, recipe
    from albert_keras.tasks.recipes.own import own_recipe
    from albert_keras.tasks.splits import official_splits, own_splits

    given = {split: file for split, file in files.items() if file is not None}
    if task in KINDS:
        if "train" not in given or data is not None:
            raise ValueError(
                f"{task} needs --train with a file of yours (--data is for "
                "official tasks). Received: "
                + ("--data." if data is not None else "no --train.")
            )
        named = dict(_named(column, task) for column in columns)
        splits = own_splits(task, given, named)
        return own_recipe(task, len(splits["train"])), splits
    if task not in TASKS:
        raise ValueError(
            f"TASK must be one of {', '.join((*TASKS, *KINDS))}. "
            f"Received: {task!r}."
        )
    if data is None or given or columns:
        raise ValueError(
            f"{task} needs --data with the folder of its files (--train, "
            "--dev, --test and --column are for your own). Received: "
            + ("no --data." if data is None else "some of these.")
        )
    return recipe(task), official_splits(task, data)


def _named(column: str, task: str) -> tuple[str, str | list[str]]:
    name, equals, called = column.partition("=")
    if not (name and equals and called):
        raise ValueError(f"--column must be NAME=COLUMN. Received: {column!r}.")
    several = "label" if task == "multilabel" else "options"
    if name == several and "," in called:
        return name, called.split(",")
    return name, called


def _class_weight(text: str | None) -> str | dict[str, float] | None:
    if text is None or text == "balanced":
        return text
    if text.endswith(".json"):
        from albert_keras.json_objects import read_json_object

        return read_json_object(Path(text))
    found: dict[str, float] = {}
    for part in text.split(","):
        name, _, weight = part.rpartition("=")
        try:
            found[name] = float(weight)
        except ValueError:
            name = ""
        if not name:
            raise ValueError(
                "--class-weight must be balanced, CLASS=WEIGHT,... or a .json "
                f"file of weights by class. Received: {text!r}."
            )
    return found


def _seeds(text: str) -> list[int]:
    from albert_keras.limits import check_limit

    first, dots, last = text.partition("..")
    try:
        numbers = (
            range(int(first), int(last) + 1)
            if dots
            else [int(number) for number in text.split(",")]
        )
    except ValueError:
        numbers = []
    check_limit("seeds", len(numbers), "--seeds")
    found = list(numbers)
    if not found or len(set(found)) < len(found):
        raise ValueError(
            "--seeds must be whole numbers, as 1..5 or 1,2,3, each once. "
            f"Received: {text!r}."
        )
    return found


def _values(text: str) -> tuple[str, list[int | float]]:
    name, _, values = text.partition("=")
    try:
        numbers = [float(value) for value in values.split(",")]
    except ValueError:
        raise ValueError(
            "--search must be NAME=A,B with numbers, as "
            f"learning_rate=1e-5,3e-5. Received: {text!r}."
        ) from None
    name = {"steps": "num_train_steps"}.get(name, name).replace("-", "_")
    whole = all(number.is_integer() for number in numbers)
    return name, [int(n) if whole else n for n in numbers]
