"""`albert-keras fill-mask`: what a model would put in place of [MASK]."""

from typing import Annotated, Any

import typer

from albert_keras.cli import asking


def fill_mask(
    model: asking.Model,
    texts: asking.Texts = None,
    file: asking.File = None,
    form: asking.Form = None,
    column: asking.Column = None,
    top_k: Annotated[int, typer.Option(help="Guesses for each mask.")] = 5,
    target: Annotated[
        list[str] | None,
        typer.Option(
            metavar="<piece>",
            help="Consider only this piece; may be repeated.",
        ),
    ] = None,
    max_tokens: asking.MaxTokens = None,
    batch_size: asking.BatchSize = 32,
    as_json: asking.AsJson = False,
) -> None:
    """Fill the [MASK] of each text with a masked LM's best guesses.

    FILE has the column text.
    """
    examples = asking.examples_of(
        "text", asking.text_examples(texts), file, column, form
    )
    filler = asking.open_model(
        "FillMask", model, max_tokens=max_tokens, batch_size=batch_size
    )
    filler.choose_from(top_k, target)
    asking.print_answers(
        filler.stream(examples), file, as_json, asking.text_of, _show
    )


def _show(example: Any, answer: dict[str, Any]) -> str:
    result = answer["guesses"]
    masks = result if isinstance(result[0], list) else [result]
    lines = [example.text]
    for number, guesses in enumerate(masks, start=1):
        if len(masks) > 1:
            lines.append(f"  [MASK] {number}")
        lines += [
            f"  {guess['score']:7.4f}  {guess['token_str']:<16} "
            f"{guess['sequence']}"
            for guess in guesses
        ]
    return "\n".join(lines)
