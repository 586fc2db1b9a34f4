"""`albert-keras answer`: answers to questions about passages."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from albert_keras.cli import asking


def answer(
    model: asking.Model,
    questions: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUESTION",
            help="Questions about one passage; without any, and without "
            "--file, JSON lines of standard input.",
        ),
    ] = None,
    context: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="The passage of QUESTIONs; by default standard input.",
            show_default=False,
        ),
    ] = None,
    context_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Or the file it is in.", show_default=False
        ),
    ] = None,
    file: asking.File = None,
    form: asking.Form = None,
    column: asking.Column = None,
    top_k: Annotated[
        int, typer.Option(help="Answers to each question, 20 at most.")
    ] = 1,
    null_threshold: Annotated[
        float,
        typer.Option(
            help="Null odds, a logit, from which on there is no answer; of "
            "models with head v2."
        ),
    ] = 0.0,
    max_tokens: asking.MaxTokens = None,
    batch_size: asking.BatchSize = 32,
    as_json: asking.AsJson = False,
) -> None:
    """Find the answer to each question in a passage of any length.

    FILE has the columns question and context.
    """
    given = _examples(questions, context, context_file)
    examples = asking.examples_of("question", given, file, column, form)
    reader = asking.open_model(
        "Answer",
        model,
        top_k=top_k,
        null_threshold=null_threshold,
        max_tokens=max_tokens,
        batch_size=batch_size,
    )
    # A passage is not said again for each of its questions.
    named = ["question"] if given else ["question", "context"]
    asking.print_answers(
        reader.stream(examples),
        file,
        as_json,
        lambda example: {name: getattr(example, name) for name in named},
        _show,
    )


def _examples(
    questions: list[str] | None, context: str | None, context_file: Path | None
) -> list[Any] | None:
    from albert_keras.text.examples import QuestionExample

    if context is not None and context_file is not None:
        raise ValueError("Either --context or --context-file. Received: both.")
    if not questions:
        if context is not None or context_file is not None:
            raise ValueError("A passage must have a QUESTION. Received: none.")
        return None
    if context is None:
        context = _passage(context_file)
    return [
        QuestionExample("", question, context, (), (), False, "", "")
        for question in questions
    ]


def _passage(path: Path | None) -> str:
    content = sys.stdin.buffer.read() if path is None else path.read_bytes()
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise ValueError(
            "A passage must be encoded in UTF-8. Received: "
            f"{path or 'standard input'}, with the byte "
            f"0x{content[error.start]:02x} at {error.start:,}."
        ) from None


def _show(example: Any, answer: dict[str, Any]) -> str:
    lines = [example.question]
    if answer["start"] is None:
        lines.append(f"  {answer['score']:7.4f}  {'-':<10} (no answer)")
    for found in answer["answers"]:
        place = f"{found['start']}-{found['end']}"
        lines.append(f"  {found['score']:7.4f}  {place:<10} {found['text']}")
    return "\n".join(lines)
