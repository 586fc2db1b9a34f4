"""`albert-keras classify`: classify texts."""

from collections.abc import Iterable
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
    threshold: Annotated[
        float | None,
        typer.Option(
            help="Lowest score of the classes that a multi-label classifier "
            "gives a text (default: 0.5).",
            show_default=False,
        ),
    ] = None,
    max_tokens: asking.MaxTokens = None,
    batch_size: asking.BatchSize = 32,
    as_json: asking.AsJson = False,
) -> None:
    """Classify texts, or pairs of texts.

    Prints the best class and its score; for a multi-label classifier the
    classes above --threshold with their scores, for a regression its number.
    FILE has the column text and, for pairs, pair.
    """
    given = asking.text_examples(texts, pair)
    examples = asking.examples_of("pair", given, file, column, form)
    classifier = asking.open_model(
        "Classify",
        model,
        labels=asking.split_labels(labels),
        threshold=threshold,
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
    scores = answer.get("scores", {})
    if "labels" in answer:
        shown = {label: scores[label] for label in answer["labels"]}
        names = ",".join(map(str, shown)) or "(none)"
        return f"{names}\t{_joined(shown.values())}\t{text}"
    if "label" not in answer:  # a regression
        return f"{_joined(scores.values() or [answer['score']])}\t{text}"
    return f"{answer['label']}\t{answer['score']:.4f}\t{text}"


def _joined(scores: Iterable[float]) -> str:
    return ",".join(f"{score:.4f}" for score in scores)
