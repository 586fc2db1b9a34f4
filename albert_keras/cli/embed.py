"""`albert-keras embed`: a vector for each text."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from albert_keras.cli import asking


def embed(
    model: asking.Model,
    texts: asking.Texts = None,
    file: asking.File = None,
    form: asking.Form = None,
    column: asking.Column = None,
    pooling: Annotated[
        list[str] | None,
        typer.Option(
            metavar="mean|cls|pooled",
            help="Mean of all tokens, that of [CLS], or the pooled output; may "
            "be repeated.",
            show_default="what the model's folder says, else mean",
        ),
    ] = None,
    normalize: Annotated[
        bool | None,
        typer.Option(
            help="Give vectors a length of 1, for cosines.",
            show_default="what the model's folder says, else no",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write to *.npy, *.npz, *.jsonl or *.parquet.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what is there already.")
    ] = False,
    max_tokens: asking.MaxTokens = None,
    batch_size: asking.BatchSize = 32,
    as_json: asking.AsJson = False,
) -> None:
    """Turn each text into a vector.

    FILE has the column text. Stopped by Ctrl-C, it keeps in --out the vectors
    that are made. Parquet needs albert-keras[parquet].
    """
    poolings = list(dict.fromkeys(pooling or ()))
    from albert_keras.inference.embed import check_poolings
    from albert_keras.inference.vector_files import check_vector_file

    if poolings:
        check_poolings(poolings)
    if out is not None:
        check_vector_file(out, poolings)
    given = asking.text_examples(texts)
    examples = asking.examples_of("text", given, file, column, form)

    def load() -> Any:
        return asking.open_model(
            "Embed",
            model,
            pooling=poolings or None,
            normalize=normalize,
            max_tokens=max_tokens,
            batch_size=batch_size,
        )

    if out is None:
        _print(load().stream(examples), file, as_json)
    else:
        _write(load, examples, out, file, overwrite)


def _print(answered: asking.Answered, file: Path | None, as_json: bool) -> None:
    from albert_keras.inference.vector_files import json_line

    asking.print_lines(
        answered,
        file,
        lambda example, vectors: (
            json_line(example.text, vectors)
            if as_json
            else _show(example, vectors)
        ),
    )


def _write(
    load: Callable[[], Any],
    examples: Iterable[Any],
    out: Path,
    file: Path | None,
    overwrite: bool,
) -> None:
    from albert_keras.inference.vector_files import vector_file
    from albert_keras.new_output import new_output
    from albert_keras.text.normalization import replace_lone_surrogates

    count, is_stopped = 0, False
    with new_output(out, overwrite=overwrite) as partial:
        encoder = load()
        found = encoder.stream(examples)
        with vector_file(partial, out.suffix, encoder.poolings) as vectors:
            try:
                for example, each in asking.with_progress(found, file):
                    text = replace_lone_surrogates(example.text)
                    vectors.add(text, each)
                    count += 1
            except KeyboardInterrupt:
                is_stopped = True
        if not count:
            raise (
                KeyboardInterrupt("Stopped before there was a vector.")
                if is_stopped
                else ValueError("There must be texts. Received: none.")
            )
    if is_stopped:
        raise KeyboardInterrupt(
            f"Stopped. '{out}' holds the vectors of the first {count:,} texts."
        )
    print(f"{out}: {count:,} texts")


def _show(example: Any, vectors: dict[str, Any]) -> str:
    lines = [example.text]
    for name, vector in vectors.items():
        first = " ".join(f"{number:8.4f}" for number in vector[:6])
        lines.append(f"  {name:<6} {len(vector)} numbers: {first} ...")
    return "\n".join(lines)
