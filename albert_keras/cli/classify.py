"""`albert-keras classify`: which class a text is of."""

from typing import Annotated, Any

import typer

from albert_keras.cli import asking


def classify(
    model: asking.Model,
    texts: asking.Texts = None,
    pair: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", help="The second text of TEXT.", show_default=False
        ),
    ] = None,
    file: asking.File = None,
    form: asking.Form = None,
    column: asking.Column = None,
    labels: asking.Labels = None,
    max_tokens: asking.MaxTokens = None,
    batch_size: asking.BatchSize = 32,
    as_json: asking.AsJson = False,
) -> None:
    """Say which class each text, or pair of texts, is of; or its number.

    FILE has the column text and, of pairs, pair.
    """
    given = asking.text_examples(texts, pair)
    examples = asking.examples_of("pair", given, file, column, form)
    classifier = asking.open_model(
        "Classify",
        model,
        labels=asking.split_labels(labels),
        max_tokens=max_tokens,
        batch_size=batch_size,
    )
    asking.print_answers(
        classifier.stream(examples), file, as_json, asking.text_of, _show
    )


def _show(example: Any, answer: dict[str, Any]) -> str:
    text = example.text
    if example.pair is not None:
        text = f"{text}\t{example.pair}"
    if "label" not in answer:  # a regression
        return f"{answer['score']:.4f}\t{text}"
    return f"{answer['label']}\t{answer['score']:.4f}\t{text}"
