"""The files of SQuAD 1.1 and 2.0."""

import json
from pathlib import Path
from typing import Any

from albert_keras.tasks.readers.whole_text import utf8
from albert_keras.text.examples import Examples, QuestionExample


def read_squad(file: Path, version: str) -> Examples:
    """Reads questions in the JSON layout of SQuAD.

    Args:
        file: in UTF-8.
        version: "1.1", in which each question has an answer, or "2.0".

    Returns:
        `Examples` of kind "question".

    Raises:
        ValueError: if the layout is another one, a text is empty, an answer
            does not stand where it is said to, or a question of 1.1 has none.
    """
    text = utf8(file.read_bytes(), str(file))
    try:
        articles = json.loads(text)["data"]
        examples = tuple(
            _example(article, paragraph, question, version, file, text)
            for article in articles
            for paragraph in article["paragraphs"]
            for question in paragraph["qas"]
        )
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{file}:{error.lineno} must be JSON. Received: {error.msg}."
        ) from None
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(
            f"{file} must have SQuAD's layout (data, paragraphs, qas). "
            f"Received: other JSON ({type(error).__name__}: {error})."
        ) from None
    if not examples:
        raise ValueError(f"{file} must hold questions. Received: none.")
    return Examples("question", examples)


def _example(
    article: Any,
    paragraph: Any,
    question: Any,
    version: str,
    file: Path,
    text: str,
) -> QuestionExample:
    identity = question["id"]
    context, asked = paragraph["context"], question["question"]
    answers = question.get("answers", [])
    is_impossible = version == "2.0" and bool(
        question.get("is_impossible", not answers)
    )

    def refuse(wanted: str, received: str) -> ValueError:
        # A file of SQuAD is often a single line; the id finds the question.
        line = text.count("\n", 0, max(text.find(f'"{identity}"'), 0)) + 1
        return ValueError(
            f"{file}:{line}: question {identity!r} must {wanted}. "
            f"Received: {received}."
        )

    for name, value in (("context", context), ("question", asked)):
        if not value.strip():
            raise refuse(f"have a {name}", f"{value!r:.60}")
    if is_impossible and answers:
        raise refuse("have no answer, being impossible", f"{len(answers)}")
    if not answers and not is_impossible:
        raise refuse("have an answer", "none")
    for answer in answers:
        start, given = answer["answer_start"], answer["text"]
        found = context[start : start + len(given)] if start >= 0 else ""
        if not given.strip() or found != given:
            raise refuse(
                f"have its answer {given!r:.60} at character {start:,}",
                f"{found!r:.60} there",
            )
    return QuestionExample(
        id=identity,
        question=asked,
        context=context,
        answers=tuple(answer["text"] for answer in answers),
        answer_starts=tuple(answer["answer_start"] for answer in answers),
        is_impossible=is_impossible,
        title=str(article.get("title", "")),
        source=f"{file}: question {identity}",
    )
