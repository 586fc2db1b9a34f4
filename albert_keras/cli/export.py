"""`albert-keras export`: a preset in a form that runs without this package."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    import keras

    from albert_keras.export import Artefact

_Preset = Annotated[
    Path,
    typer.Argument(
        metavar="PRESET",
        help="A preset, a run, a checkpoint, or a model in another form.",
    ),
]
_Labels = Annotated[
    str | None,
    typer.Option(
        metavar="A,B,...",
        help="Names of the classes or tags, in order; else those of the "
        "preset, or their numbers.",
        show_default=False,
    ),
]
_Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace what is there already.")
]


def savedmodel(
    preset: _Preset,
    out: Annotated[
        Path,
        typer.Argument(
            metavar="OUT", help="Folder of the model; OUT/1 is written."
        ),
    ],
    labels: _Labels = None,
    top_k: Annotated[
        int, typer.Option(help="Guesses a [MASK], or answers a question.")
    ] = 5,
    dtype: Annotated[
        Literal["float32", "bfloat16"],
        typer.Option(help="What weights are stored and computed in."),
    ] = "float32",
    text: Annotated[
        bool,
        typer.Option(help="Take texts, with the tokenizer in the graph."),
    ] = True,
    version: Annotated[
        int, typer.Option(help="Write OUT/VERSION, beside other versions.")
    ] = 1,
    overwrite: _Overwrite = False,
) -> None:
    """Write a preset as a SavedModel for TF Serving, tokenizer included."""
    from albert_keras.export import saved_model
    from albert_keras.models.preset import as_preset

    with Console(stderr=True).status("Writing the SavedModel ..."):
        preset = Path(as_preset(preset))
        model = load_preset(preset, dtype=dtype)
        written = saved_model(
            model,
            out,
            tokenizer=_tokenizer(preset, model) if text else None,
            text=text,
            top_k=top_k,
            labels=_names(preset, labels),
            version=version,
            overwrite=overwrite,
        )
    _show(written)


def tflite(
    preset: _Preset,
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="File to write, *.tflite.")
    ],
    quantization: Annotated[
        Literal[
            "float32",
            "float16",
            "int8",
            "int8-per-tensor",
            "int8-static",
            "int4",
        ],
        typer.Option(
            help="What it stores and computes in; int8: dynamic range, "
            "int8-per-tensor: for the TFLite Task Library, int8-static: 8-bit "
            "activations by --calibration."
        ),
    ] = "float32",
    sequence_length: Annotated[
        int | None,
        typer.Option(
            help="Tokens of a row; by default 128, of a reader 384, or what "
            "the model takes.",
            show_default=False,
        ),
    ] = None,
    max_masks: Annotated[
        int | None,
        typer.Option(help="Masks of a row; by default 20.", show_default=False),
    ] = None,
    num_choices: Annotated[
        int | None,
        typer.Option(
            help="Options of a multiple choice; by default 4.",
            show_default=False,
        ),
    ] = None,
    resizable: Annotated[
        bool,
        typer.Option(
            "--resizable", help="Leave these sizes to whoever runs the file."
        ),
    ] = False,
    calibration: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="For int8-static: texts, one a line, parts between tabs.",
            show_default=False,
        ),
    ] = None,
    check: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Texts on which to compare with Keras; by default those of "
            "--calibration.",
            show_default=False,
        ),
    ] = None,
    max_loss: Annotated[
        float,
        typer.Option(
            help="Points (share of other best answers, in per cent) that may "
            "be lost on these texts; else nothing is written."
        ),
    ] = 5.0,
    labels: _Labels = None,
    pooling: Annotated[
        Literal["mean", "cls", "pooled"] | None,
        typer.Option(
            help="Of a backbone: one vector a text, for text embedders.",
            show_default=False,
        ),
    ] = None,
    text: Annotated[
        bool, typer.Option(help="Pack the vocabulary into the file.")
    ] = True,
    tokenizer_json: Annotated[
        bool,
        typer.Option(
            "--tokenizer-json",
            help="Write tokenizer.json next to OUT, for Hugging Face's "
            "tokenizers in JavaScript and Rust.",
        ),
    ] = False,
    overwrite: _Overwrite = False,
) -> None:
    """Write a preset as a TensorFlow Lite file for phones.

    A line of FILE is a text, or the parts of one with tabs between: a pair of
    texts; question and passage; passage, question and options.
    """
    from albert_keras.export import tflite as write_tflite
    from albert_keras.export.text_rows import read_texts
    from albert_keras.export.tflite_writer import WORTH_A_WARNING
    from albert_keras.models.preset import as_preset

    console = Console(stderr=True)
    with console.status("Converting to TensorFlow Lite ..."):
        preset = Path(as_preset(preset))
        model = load_preset(preset)
        texts = {
            name: read_texts(file) if file else None
            for name, file in {
                "calibration_texts": calibration,
                "check_texts": check,
            }.items()
        }
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".* points lost")  # shown below
            written = write_tflite(
                model,
                out,
                sequence_length=sequence_length,
                max_masks=max_masks,
                num_choices=num_choices,
                resizable=resizable,
                quantization=quantization,
                **texts,
                max_loss=max_loss,
                # A file of ids alone needs none.
                tokenizer=_tokenizer(preset, model)
                if (text or tokenizer_json)
                and (preset / "tokenizer.json").is_file()
                else None,
                text=text,
                labels=_names(preset, labels),
                pooling=pooling,
                tokenizer_json=tokenizer_json,
                overwrite=overwrite,
            )
    _show(written)
    if written.agreement is None:
        return
    worth_a_warning = written.agreement.loss > WORTH_A_WARNING
    console.print(
        f"{'Warning: ' if worth_a_warning else ''}{written.agreement}."
    )


def load_preset(preset: Path, dtype: str = "float32") -> "keras.Model":
    """The model that the preset holds, be it a task or a backbone."""
    from albert_keras.models.albert_backbone import AlbertBackbone
    from albert_keras.models.preset import saved_task_class

    model_class: Any = None
    if preset.is_dir():
        model_class = saved_task_class(preset)
    return (model_class or AlbertBackbone).from_preset(preset, dtype=dtype)


def _tokenizer(preset: Path, model: "keras.Model") -> Any:
    """Return that of a backbone's preset; a task has its preprocessor's."""
    from albert_keras.checkpoints.vocabulary import tokenizer_of_file
    from albert_keras.models.albert_backbone import AlbertBackbone

    if not isinstance(model, AlbertBackbone):
        return None
    return tokenizer_of_file(preset)


def _names(preset: Path, labels: str | None) -> Sequence[str] | None:
    """The labels that were given, or that the preset has."""
    from albert_keras.models.preset import saved_labels

    return labels.split(",") if labels else saved_labels(preset)


def _show(written: "Artefact") -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    per_parameter = written.num_bytes / written.num_parameters
    table.add_row("written", escape(str(written.path)))
    table.add_row(
        "size",
        f"{written.num_bytes:,} bytes, {per_parameter:.2f} for each of "
        f"{written.num_parameters:,} parameters",
    )
    for name, signature in sorted(written.signatures.items()):
        table.add_row(name, f"takes {_tensors(signature.inputs)}")
        table.add_row("", f"gives {_tensors(signature.outputs)}")
    table.add_row("operations", ", ".join(sorted(written.operations)))
    Console().print(table, highlight=False)


def _tensors(tensors: Mapping[str, str]) -> str:
    return escape(
        ", ".join(f"{name} {tensor}" for name, tensor in tensors.items())
    )
