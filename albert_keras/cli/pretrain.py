"""`albert-keras pretrain`: examples to a trained model."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from albert_keras.config import AlbertConfig
    from albert_keras.training.examples import ShardExamples
    from albert_keras.training.options import PretrainingOptions


def pretrain(
    config: Annotated[
        str,
        typer.Option(
            metavar="NAME|JSON",
            help="A name such as albert_base_v2, or an albert_config.json.",
        ),
    ],
    data: Annotated[
        list[Path],
        typer.Option(
            metavar="<path>",
            help="Folder of examples, as `prepare` writes it; may be repeated.",
        ),
    ],
    tokenizer: Annotated[
        Path,
        typer.Option(help="SentencePiece model that made the examples."),
    ],
    out: Annotated[Path, typer.Option(help="Folder of the run.")],
    eval_data: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="<path>",
            help="Folder of held-out examples; may be repeated.",
        ),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(help="Steps to train for.")
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(help="Minutes to train for, instead of steps."),
    ] = None,
    batch_size: Annotated[
        int, typer.Option(help="Examples in a step, on all devices together.")
    ] = 64,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            help="Peak learning rate.",
            show_default="LAMB: 0.00176 x sqrt(batch size / 4096)",
        ),
    ] = None,
    warmup: Annotated[
        float,
        typer.Option(help="Share of the steps in which the rate rises."),
    ] = 0.025,
    optimizer: Annotated[
        Literal["lamb", "adamw"], typer.Option(help="ALBERT's own form of it.")
    ] = "lamb",
    dtype: Annotated[
        Literal["float32", "mixed_bfloat16", "mixed_float16"],
        typer.Option(help="What to compute in; weights are float32."),
    ] = "float32",
    strategy: Annotated[
        Literal[
            "auto", "one", "mirrored", "multiworker", "tpu", "data-parallel"
        ],
        typer.Option(
            help="Devices to train on; auto takes the workers of TF_CONFIG, "
            "the TPU, or all GPUs. data-parallel needs KERAS_BACKEND=jax."
        ),
    ] = "auto",
    tpu: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="TPU to use; local on its own VM."),
    ] = None,
    cpu_devices: Annotated[
        int | None,
        typer.Option(help="Divide the CPU, to try a strategy without GPUs."),
    ] = None,
    steps_per_execution: Annotated[
        int, typer.Option(help="Steps between two returns to Python.")
    ] = 1,
    accumulate: Annotated[
        int,
        typer.Option(
            "--gradient-accumulation-steps",
            help="Micro-batches of a step, to save memory.",
        ),
    ] = 1,
    bucket_lengths: Annotated[
        str,
        typer.Option(
            metavar="auto|none|64,128,...",
            help="Pad examples to the next of these lengths, a batch to one.",
        ),
    ] = "none",
    remat: Annotated[
        bool,
        typer.Option(
            "--remat",
            help="Compute activations again instead of keeping them.",
        ),
    ] = False,
    cased: Annotated[
        bool,
        typer.Option("--cased", help="The examples were made with --cased."),
    ] = False,
    keep_accents: Annotated[
        bool,
        typer.Option(
            "--keep-accents",
            help="The examples were made with --keep-accents.",
        ),
    ] = False,
    log_every: Annotated[
        int | None,
        typer.Option(
            help="Steps between rows of metrics.", show_default="a hundredth"
        ),
    ] = None,
    eval_every: Annotated[
        int | None,
        typer.Option(help="Steps between evaluations.", show_default="a tenth"),
    ] = None,
    checkpoint_every: Annotated[
        int | None,
        typer.Option(
            help="Steps between checkpoints.", show_default="as evaluations"
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(help="Decides everything that is drawn.")
    ] = 12345,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with the run, or begin it."),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the run.")
    ] = False,
    plan: Annotated[
        bool,
        typer.Option(
            "--plan", help="Say what memory and time it takes, and end."
        ),
    ] = False,
    plan_devices: Annotated[
        int,
        typer.Option(
            help="For --plan: devices like this one that share a batch."
        ),
    ] = 1,
) -> None:
    """Pretrain a model on prepared examples, from random weights.

    Masked LM and sentence order, with ALBERT's loss, optimizer and learning
    rate. The run folder gets run.json, metrics.csv, tensorboard/, curves.png,
    checkpoints/ and, at the end, preset/.

    Ctrl-C ends the run after the step, with exit code 130; SIGTERM likewise,
    with 143. The same command with --resume goes on.

    Of several workers all stop when one is asked to, and with code 2 when one
    is lost. Start them all again with --resume.
    """
    import tensorflow as tf

    from albert_keras.training.strategies import choose_strategy

    # First of all: nothing may use a device before.
    devices = choose_strategy(strategy, tpu=tpu, cpu_devices=cpu_devices)

    from albert_keras.config import AlbertConfig
    from albert_keras.models.albert_tokenizer import AlbertTokenizer
    from albert_keras.training.examples import (
        ShardExamples,
        parse_bucket_lengths,
    )
    from albert_keras.training.options import PretrainingOptions
    from albert_keras.training.pretraining import pretrain as run_pretraining

    options = PretrainingOptions(
        num_train_steps=steps,
        minutes=minutes,
        batch_size=batch_size,
        learning_rate=learning_rate,
        warmup_proportion=warmup,
        optimizer=optimizer,
        dtype=dtype,
        seed=seed,
        log_every=log_every,
        eval_every=eval_every,
        checkpoint_every=checkpoint_every,
        steps_per_execution=steps_per_execution,
        gradient_accumulation_steps=accumulate,
        remat=remat,
    )
    lengths = parse_bucket_lengths(bucket_lengths)
    examples = ShardExamples(data, lengths)
    held_out = ShardExamples(eval_data, lengths) if eval_data else None
    is_file = config.endswith(".json") or Path(config).is_file()
    albert = (
        AlbertConfig.from_json(config)
        if is_file
        else AlbertConfig.named(config)
    )
    if plan:
        _print_plan(albert, examples, options, plan_devices)
        return
    try:
        result = run_pretraining(
            albert,
            AlbertTokenizer(
                tokenizer, lowercase=not cased, keep_accents=keep_accents
            ),
            examples,
            out,
            options,
            eval_data=held_out,
            resume=resume,
            overwrite=overwrite,
            strategy=devices,
        )
    except ConnectionError as error:
        typer.echo(f"Error: {error}", err=True)
        # The usual end of a process would wait for the worker that is lost.
        os._exit(2)
    except tf.errors.DataLossError:
        # It names no file; reading all of them finds the one.
        examples.check_shards()
        if held_out is not None:
            held_out.check_shards()
        raise
    if not devices.is_chief:
        return
    metrics = result.metrics
    typer.echo(
        f"{out}: {result.num_train_steps:,} steps; masked LM "
        f"{metrics['masked_lm_accuracy']:.1%}, sentence order "
        f"{metrics['sentence_order_accuracy']:.1%} right; the model is in "
        f"{result.folder.preset}"
    )


def _print_plan(
    config: "AlbertConfig",
    examples: "ShardExamples",
    options: "PretrainingOptions",
    num_devices: int,
) -> None:
    from rich.console import Console

    from albert_keras.training.examples import batch_shapes_of
    from albert_keras.training.plan_table import plan_table
    from albert_keras.training.planning import estimate_needs
    from albert_keras.training.progress import phase

    shapes = batch_shapes_of(examples, options.batch_size).shapes
    shape = max(shapes, key=lambda shape: shape.tokens)  # needs most
    with phase(Console(stderr=True), "Tracing a step and timing a block"):
        needs = estimate_needs(
            config,
            batch_size=shape.batch_size,
            sequence_length=shape.sequence_length,
            predictions_per_seq=shape.predictions_per_seq,
            num_devices=num_devices,
            gradient_accumulation_steps=options.gradient_accumulation_steps,
            dtype=options.dtype,
            remat=options.remat,
        )
    Console().print(plan_table(needs, options, num_devices))
