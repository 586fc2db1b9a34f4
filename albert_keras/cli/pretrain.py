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
    data: Annotated[
        list[Path],
        typer.Option(
            metavar="<path>",
            help="Folder of examples, as `prepare` writes it; may be repeated.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder of the run.")],
    config: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|JSON",
            help="A name such as albert_base_v2, or an albert_config.json, to "
            "start from random weights.",
        ),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            help="Model to start from: a preset, a run or a checkpoint of one, "
            "a released name, a handle, or files of google or Hugging Face.",
        ),
    ] = None,
    tokenizer: Annotated[
        Path | None,
        typer.Option(
            help="SentencePiece model or vocab.txt that made the examples.",
            show_default="that of --preset",
        ),
    ] = None,
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
    sop_loss_weight: Annotated[
        float,
        typer.Option(
            help="Weight of the sentence-order loss; 0 trains without it."
        ),
    ] = 1.0,
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
    seed: Annotated[int, typer.Option(help="Random seed.")] = 12345,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Resume the run, with more --steps if you like; or start it.",
        ),
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
    """Pretrain a model on prepared examples, from --config or --preset.

    Masked LM and sentence order, with ALBERT's loss, optimizer and learning
    rate. The run folder gets run.json, metrics.csv, tensorboard/, curves.png,
    checkpoints/ and, at the end, preset/.

    Ctrl-C ends the run after the step, with exit code 130; SIGTERM ends it
    with 143. Run the same command with --resume to continue. With another
    --steps, the run continues at the learning rate of a run of that length,
    without a second warm-up.

    All workers stop when one of them is asked to, and with code 2 when one is
    lost. Start them all again with --resume.
    """
    import tensorflow as tf

    from albert_keras.training.strategies import choose_strategy

    # First of all: nothing may use a device before.
    devices = choose_strategy(strategy, tpu=tpu, cpu_devices=cpu_devices)

    from albert_keras.checkpoints.vocabulary import tokenizer_of_file
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
        sop_loss_weight=sop_loss_weight,
    )
    if (config is None) == (preset is None) or (
        preset is None and tokenizer is None
    ):
        given = {"config": config, "preset": preset, "tokenizer": tokenizer}
        named = [f"--{name}" for name, value in given.items() if value]
        raise ValueError(
            "Either --preset, or --config and --tokenizer must be given. "
            f"Received: {' and '.join(named) or 'none of them'}."
        )
    lengths = parse_bucket_lengths(bucket_lengths)
    examples = ShardExamples(data, lengths)
    held_out = ShardExamples(eval_data, lengths) if eval_data else None
    albert = None if config is None else _read_config(config)
    if plan:
        _print_plan(
            albert or _config_of(preset), examples, options, plan_devices
        )
        return
    given_tokenizer = None
    if tokenizer is not None:
        given_tokenizer = tokenizer_of_file(
            tokenizer, lowercase=not cased, keep_accents=keep_accents
        )
    elif cased or keep_accents:
        raise ValueError(
            "--cased and --keep-accents need --tokenizer; without it, the text "
            "is normalized as the tokenizer of --preset says. Received: "
            f"{'--cased' if cased else '--keep-accents'}."
        )
    try:
        result = run_pretraining(
            albert,
            given_tokenizer,
            examples,
            out,
            options,
            eval_data=held_out,
            resume=resume,
            overwrite=overwrite,
            strategy=devices,
            preset=preset,
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
    right = [
        f"{words} {result.metrics[name]:.1%}"
        for name, words in (
            ("masked_lm_accuracy", "masked LM"),
            ("sentence_order_accuracy", "sentence order"),
        )
        if name in result.metrics
    ]
    typer.echo(
        f"{out}: {result.num_train_steps:,} steps; {', '.join(right)} right; "
        f"the model is in {result.folder.preset}"
    )


def _read_config(config: str) -> "AlbertConfig":
    from albert_keras.config import AlbertConfig

    if config.endswith(".json") or Path(config).is_file():
        return AlbertConfig.from_json(config)
    return AlbertConfig.named(config)


def _config_of(preset: str | None) -> "AlbertConfig":
    from albert_keras.checkpoints import load
    from albert_keras.models.albert_backbone import AlbertBackbone

    assert preset is not None  # or there is a config
    return load(preset, AlbertBackbone).albert_config()


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
