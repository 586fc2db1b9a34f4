"""`albert-keras choose`: the best of several answers."""

from typing import Annotated, Any

import typer

from albert_keras.cli import asking


def choose(
    model: asking.Model,
    question: Annotated[
        str | None,
        typer.Argument(
            metavar="QUESTION",
            help="A question, or a text with a gap _; without it, and without "
            "--file, JSON lines of standard input.",
        ),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="An option; two or more."),
    ] = None,
    context: Annotated[
        str, typer.Option(metavar="TEXT", help="The passage, if there is one.")
    ] = "",
    file: asking.File = None,
    form: asking.Form = None,
    column: asking.Column = None,
    max_tokens: asking.MaxTokens = None,
    batch_size: asking.BatchSize = 32,
    as_json: asking.AsJson = False,
) -> None:
    """Choose among the options of each question.

    FILE has the columns question, options (a list in JSON, or several columns:
    --column options=a,b,c) and, where there are passages, context.
    """
    given = _examples(question, option, context)
    examples = asking.examples_of("choice", given, file, column, form)
    chooser = asking.open_model(
        "Choose", model, max_tokens=max_tokens, batch_size=batch_size
    )
    asking.print_answers(
        chooser.stream(examples),
        file,
        as_json,
        lambda example: {
            "question": example.question,
            "options": list(example.options),
        },
        _show,
    )


def _examples(
    question: str | None, options: list[str] | None, context: str
) -> list[Any] | None:
    from albert_keras.text.examples import ChoiceExample

    if question is None:
        if options or context:
            raise ValueError(
                "--option and --context must go with a QUESTION. Received: "
                "none."
            )
        return None
    if len(options or ()) < 2:
        raise ValueError(
            "A QUESTION must have two --option or more. Received: "
            f"{len(options or ())}."
        )
    return [
        ChoiceExample("", context, question, tuple(options or ()), None, "", "")
    ]


def _show(example: Any, answer: dict[str, Any]) -> str:
    lines = [example.question]
    for number, (option, score) in enumerate(
        zip(example.options, answer["scores"], strict=True)
    ):
        mark = "*" if number == answer["choice"] else " "
        lines.append(f"  {mark} {score:7.4f}  {option}")
    return "\n".join(lines)
