"""`albert-keras bench`: how fast an export is."""

import dataclasses
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    import keras

    from albert_keras.export.latency import Contender, Latency


def tflite(
    model: Annotated[
        str,
        typer.Argument(
            metavar="MODEL",
            help="A preset, or the name of a configuration, as "
            "albert_base_v2, for a classifier of random weights.",
        ),
    ],
    quantization: Annotated[
        list[str],
        typer.Option(metavar="NAME", help="May be given several times."),
    ] = ["float32", "float16", "int8", "int4"],  # noqa: B006
    length: Annotated[
        list[int],
        typer.Option(
            metavar="N", help="Tokens of a row; may be given several times."
        ),
    ] = [32, 128, 384],  # noqa: B006
    threads: Annotated[
        list[int],
        typer.Option(metavar="N", help="May be given several times."),
    ] = [1, 2],  # noqa: B006
    weight_cache: Annotated[
        bool,
        typer.Option(
            "--weight-cache",
            help="Also time each with its packed weights in a file, where "
            "those of layers that share them stand once.",
        ),
    ] = False,
    onnx: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Models of ONNX Runtime to time beside; may be given several "
            "times.",
            show_default=False,
        ),
    ] = None,
    seconds: Annotated[
        float, typer.Option(help="How long each is timed.")
    ] = 3.0,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Where to write latency.json and latency.png.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Time a model as TensorFlow Lite files: threads, lengths, quantisations.

    Each file runs in a process of its own. Memory is what that process grew
    by at most.
    """
    from albert_keras.export.latency import Contender, measure
    from albert_keras.requirements import require

    require("lite", "Timing a .tflite file")
    for name, values in (("--length", length), ("--threads", threads)):
        if min(values) < 1:
            raise ValueError(
                f"{name} must be positive. Received: {min(values)}."
            )
    console = Console(stderr=True)
    found: list[Latency] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        console.status("Building the model ...") as status,
    ):
        contenders = []
        for number, contender in enumerate(
            _contenders(model, quantization, length, Path(folder)), start=1
        ):
            contenders.append(contender)
            if weight_cache:
                contenders.append(
                    dataclasses.replace(
                        contender,
                        name=f"{contender.name} cached",
                        weight_cache=contender.path.with_suffix(".cache"),
                    )
                )
            status.update(f"{number} files converted ...")
        contenders += [
            Contender(path.stem, path, tokens)
            for path in onnx or []
            for tokens in length
        ]
        total = len(contenders) * len(threads)
        for latency in measure(contenders, threads, seconds):
            found.append(latency)
            status.update(f"{len(found)} of {total} timed ...")
    _show(found)
    if out is not None:
        _write(model, found, out)
        console.print(f"Written: {out}", highlight=False)


def _contenders(
    model: str, quantizations: list[str], lengths: list[int], folder: Path
) -> "Iterator[Contender]":
    """Converts the model for each quantisation and length."""
    import numpy as np

    from albert_keras.export.ids_signature import exportable
    from albert_keras.export.latency import Contender
    from albert_keras.export.row_sizes import (
        RowSizes,
        choose_sizes,
        input_shapes,
    )
    from albert_keras.export.tflite_conversion import in_float32
    from albert_keras.export.tflite_outputs import tflite_outputs
    from albert_keras.export.tflite_quantization import (
        check_quantization,
        quantized,
    )

    loaded = in_float32(exportable(_load(model)))
    outputs = tflite_outputs(None)
    for quantization in quantizations:
        check_quantization(quantization)
    for tokens in lengths:
        sizes = choose_sizes(loaded, RowSizes(tokens), resizable=False)
        for quantization in quantizations:
            path = folder / f"{quantization}-{tokens}.tflite"
            # Ranges matter to what is answered, not to how fast.
            rows = {
                name: np.ones([2, *map(int, shape)], "int32")
                for name, shape in input_shapes(loaded, sizes).items()
            }
            path.write_bytes(
                quantized(loaded, sizes, quantization, rows, outputs)
            )
            yield Contender(quantization, path, tokens)


def _load(model: str) -> "keras.Model":
    """A preset, or a classifier of random weights of a named size."""
    from albert_keras.cli.export import load_preset
    from albert_keras.config import AlbertConfig
    from albert_keras.models.albert_backbone import AlbertBackbone
    from albert_keras.models.albert_text_classifier import AlbertTextClassifier
    from albert_keras.models.preset import as_preset

    if Path(model).exists():
        return load_preset(Path(as_preset(model)))
    config = AlbertConfig.named(model)
    return AlbertTextClassifier(AlbertBackbone.from_albert_config(config), 2)


def _show(found: "list[Latency]") -> None:
    table = Table(box=None, pad_edge=False)
    for name in ("file", "tokens", "threads", "ms", "of float32", "MB", "peak"):
        table.add_column(name, justify="left" if name == "file" else "right")
    base = {
        (each.sequence_length, each.threads): each.milliseconds
        for each in found
        if each.name == "float32"
    }
    for each in sorted(found, key=lambda e: (e.sequence_length, e.threads)):
        beside = base.get((each.sequence_length, each.threads))
        table.add_row(
            each.name,
            str(each.sequence_length),
            str(each.threads),
            f"{each.milliseconds:.1f}",
            f"{each.milliseconds / beside:.2f}" if beside else "",
            f"{each.num_bytes / 1e6:.1f}",
            f"{each.peak_bytes / 1e6:.0f} MB",
        )
    Console().print(table, highlight=False)


def _write(model: str, found: "list[Latency]", out: Path) -> None:
    from albert_keras.export.latency import describe_runtimes
    from albert_keras.export.latency_picture import draw_latencies
    from albert_keras.training.provenance import describe_maker
    from albert_keras.training.strategies import TrainingStrategy
    from albert_keras.whole_files import written_whole

    record = {
        "model": model,
        "made_by": describe_maker(TrainingStrategy("one")),
        **describe_runtimes(),
        "latencies": [dataclasses.asdict(each) for each in found],
    }
    with written_whole(out / "latency.json") as partial:
        partial.write_text(json.dumps(record, indent=2) + "\n", "utf-8")
    draw_latencies(found, out / "latency.png")
