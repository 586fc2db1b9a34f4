"""`albert-keras fill-mask`: what a model would put in place of [MASK]."""

import json
from pathlib import Path
from typing import Annotated

import typer


def fill_mask(
    preset: Annotated[
        Path,
        typer.Argument(
            metavar="PRESET", help="Folder written by save_to_preset."
        ),
    ],
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TEXT",
            help="Texts with [MASK]; without any, lines of standard input.",
        ),
    ] = None,
    top_k: Annotated[int, typer.Option(help="Guesses for each mask.")] = 5,
    target: Annotated[
        list[str] | None,
        typer.Option(
            metavar="<piece>",
            help="Consider only this piece; may be repeated.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line.")
    ] = False,
) -> None:
    """Fill the [MASK] of each text with a masked LM's best guesses."""
    if not texts:
        texts = _lines_of_standard_input()
    from albert_keras.inference.fill_mask import FillMask
    from albert_keras.models.albert_masked_lm import AlbertMaskedLM

    results = FillMask(AlbertMaskedLM.from_preset(preset))(
        texts, top_k=top_k, targets=target
    )
    for text, result in zip(texts, results, strict=True):
        if as_json:
            line = {"text": text, "guesses": result}
            print(json.dumps(line, ensure_ascii=False))
        else:
            _show(text, result)


def _lines_of_standard_input() -> list[str]:
    lines = []
    for number, line in enumerate(typer.get_binary_stream("stdin"), start=1):
        try:
            lines.append(line.decode("utf-8").rstrip("\r\n"))
        except UnicodeDecodeError as error:
            raise ValueError(
                "Texts must be encoded in UTF-8. Received: standard input, "
                f"with the byte 0x{line[error.start]:02x} in line {number}."
            ) from None
    return lines


def _show(text: str, result: list) -> None:
    masks = result if isinstance(result[0], list) else [result]
    print(text)
    for number, guesses in enumerate(masks, start=1):
        if len(masks) > 1:
            print(f"  [MASK] {number}")
        for guess in guesses:
            print(
                f"  {guess['score']:7.4f}  {guess['token_str']:<16} "
                f"{guess['sequence']}"
            )
