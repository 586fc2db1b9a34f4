"""`albert-keras convert`: a checkpoint in another form."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.console import Console

from albert_keras.cli import asking

if TYPE_CHECKING:
    from albert_keras.checkpoints.verification import Comparison

_MODELS = {
    "backbone": "AlbertBackbone",
    "pretrainer": "AlbertPretrainer",
    "masked-lm": "AlbertMaskedLM",
    "classifier": "AlbertTextClassifier",
    "token-classifier": "AlbertTokenClassifier",
    "multiple-choice": "AlbertMultipleChoice",
    "question-answering": "AlbertQuestionAnswering",
}


def convert(
    source: Annotated[
        str,
        typer.Argument(
            metavar="IN",
            help="File, folder, archive, handle or name of a released model.",
        ),
    ],
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="Folder to write.")
    ],
    to: Annotated[
        Literal["keras", "huggingface", "tensorflow"],
        typer.Option(help="The form to write."),
    ],
    model: Annotated[
        Literal[
            "backbone",
            "pretrainer",
            "masked-lm",
            "classifier",
            "token-classifier",
            "multiple-choice",
            "question-answering",
        ]
        | None,
        typer.Option(
            help="What to make of it; by default what it holds.",
            show_default=False,
        ),
    ] = None,
    config: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|JSON",
            help="Configuration in place of that of IN.",
            show_default=False,
        ),
    ] = None,
    num_heads: Annotated[
        int | None,
        typer.Option(
            help="Attention heads, where IN says otherwise.",
            show_default=False,
        ),
    ] = None,
    activation: Annotated[
        str | None,
        typer.Option(
            help="gelu (tanh), gelu_erf, relu ..., where IN says otherwise.",
            show_default=False,
        ),
    ] = None,
    init_missing_heads: Annotated[
        bool,
        typer.Option(
            "--init-missing-heads",
            help="Let heads that IN lacks begin with random values.",
        ),
    ] = False,
    num_classes: Annotated[
        int | None,
        typer.Option(
            help="Classes of a classifier that IN lacks.", show_default=False
        ),
    ] = None,
    labels: asking.Labels = None,
    no_tokenizer: Annotated[
        bool,
        typer.Option(
            "--no-tokenizer",
            help="Leave the tokenizer out, for a model that takes token ids.",
        ),
    ] = False,
    tokenizer: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="spiece.model, vocab.txt or a preset, for an IN without a "
            "tokenizer or in place of its own.",
            show_default=False,
        ),
    ] = None,
    add_tokens: Annotated[
        Path | None,
        typer.Option(
            help="File of tokens to add to the vocabulary, one a line.",
            show_default=False,
        ),
    ] = None,
    max_length: Annotated[
        int | None,
        typer.Option(
            help="Maximum sequence length to lengthen the model to, in tokens.",
            show_default=False,
        ),
    ] = None,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify",
            help="Run both sides, and their own code where it is installed.",
        ),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what is there already.")
    ] = False,
) -> None:
    """Write a checkpoint of any form in another form, with the same weights."""
    import albert_keras as ak
    from albert_keras.checkpoints.loading import local, tokenizer_in
    from albert_keras.checkpoints.vocabulary import tokenizer_of_file
    from albert_keras.inference.sentence_layout import copy_layout
    from albert_keras.models.growing import with_tokens
    from albert_keras.notes import say

    given: dict[str, Any] = {
        "num_heads": num_heads,
        "activation": activation,
        "num_classes": num_classes,
        "labels": asking.split_labels(labels),
    }
    arguments = {name: v for name, v in given.items() if v is not None}
    if no_tokenizer and tokenizer is not None:
        raise ValueError(
            "--tokenizer and --no-tokenizer exclude each other. Received: both."
        )
    if no_tokenizer or tokenizer is not None:
        arguments["preprocessor"] = None
    if out.exists() and not overwrite:
        raise FileExistsError(
            f"`{out}` must not exist already, unless it is to be overwritten "
            "(--overwrite). Received: a "
            f"{'folder' if out.is_dir() else 'file'}."
        )
    console = Console(stderr=True)
    with local(source) as found:
        with console.status("Reading ..."):
            loaded = ak.checkpoints.load(
                found,
                None if model is None else getattr(ak, _MODELS[model]),
                config=config,
                init_missing_heads=init_missing_heads,
                **arguments,
            )
        is_backbone = isinstance(loaded, ak.AlbertBackbone)
        text = None
        if tokenizer is not None:
            text = tokenizer_of_file(tokenizer)
            _check_pieces(text, loaded, tokenizer)
        elif is_backbone and not no_tokenizer:
            text = tokenizer_in(found, config)
        if text is not None and not is_backbone:
            loaded.preprocessor = loaded.preprocessor_cls(
                text, sequence_length=loaded.backbone.max_sequence_length
            )
        if add_tokens is not None:
            tokens = _read_tokens(add_tokens)
            loaded = ak.models.add_tokens(loaded, tokens, text)
            text = text and with_tokens(text, tokens)
        if max_length is not None:
            loaded = ak.models.lengthen_positions(loaded, max_length)
        is_grown = add_tokens is not None or max_length is not None
        with console.status("Writing ..."):
            ak.checkpoints.save(
                loaded,
                out,
                format=to,
                tokenizer=text if is_backbone else None,
                overwrite=overwrite,
            )
            if is_backbone and to != "tensorflow" and found.is_dir():
                copy_layout(found, out)
        name = type(loaded).__name__
        print(f"{out}: {name}, {loaded.count_params():,} parameters")
        if not (no_tokenizer or text or getattr(loaded, "preprocessor", None)):
            say(
                f"`{source}` has no tokenizer, and so `{out}` has none; "
                "--tokenizer FILE adds one."
            )
        if verify:
            peers = (out,) if is_grown else (found, out)
            for comparison in _verify(peers, out, loaded):
                print(_line(comparison))


def _check_pieces(tokenizer: Any, model: Any, path: Path) -> None:
    pieces = tokenizer.vocabulary_size()
    rows = getattr(model, "backbone", model).vocabulary_size
    if pieces > rows:
        raise ValueError(
            f"--tokenizer must have at most the {rows} pieces of the model. "
            f"Received: {pieces} in `{path}`."
        )


def _read_tokens(path: Path) -> list[str]:
    from albert_keras.text.lines import numbered_lines

    return [line for _, line in numbered_lines(path) if line]


def _verify(
    peers: Iterable[Path], out: Path, loaded: Any
) -> Iterator["Comparison"]:
    from albert_keras.checkpoints import verification
    from albert_keras.checkpoints.loading import load

    inputs = verification.sample_inputs(loaded)
    yield verification.compare_models(
        f"{out} loaded again", loaded, load(out, type(loaded)), inputs
    )
    for path in peers:
        comparison = verification.compare_with_peer(path, loaded, inputs)
        if comparison is not None:
            yield comparison


def _line(comparison: "Comparison") -> str:
    if comparison.difference is None:
        return f"{comparison.what}: not run, as {comparison.reason}"
    return (
        f"{comparison.what}: largest difference of any output "
        f"{comparison.difference:.2g}"
    )
