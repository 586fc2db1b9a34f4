"""`albert-keras tag`: the entities of a text, or a tag for each word."""

from typing import Any

from albert_keras.cli import asking


def tag(
    model: asking.Model,
    texts: asking.Texts = None,
    file: asking.File = None,
    form: asking.Form = None,
    column: asking.Column = None,
    labels: asking.Labels = None,
    max_tokens: asking.MaxTokens = None,
    batch_size: asking.BatchSize = 32,
    as_json: asking.AsJson = False,
) -> None:
    """Name the entities of each text, with where in it they stand.

    Words are what white space divides. Where labels are no tags such as B-PER,
    each word is shown with its own. FILE has the column text.
    """
    given = asking.text_examples(texts)
    examples = asking.examples_of("text", given, file, column, form)
    tagger = asking.open_model(
        "Tag",
        model,
        labels=asking.split_labels(labels),
        max_tokens=max_tokens,
        batch_size=batch_size,
    )
    asking.print_answers(
        tagger.stream(examples), file, as_json, asking.text_of, _show
    )


def _show(example: Any, answer: dict[str, Any]) -> str:
    lines = [example.text]
    for found in answer.get("entities", answer["words"]):
        place = f"{found['start']}-{found['end']}"
        lines.append(
            f"  {found['label']!s:<8} {found['score']:7.4f}  {place:<10} "
            f"{found['text']}"
        )
    return "\n".join(lines)
