"""Questions with options as rows of ids, one an option."""

from collections.abc import Sequence
from typing import Any

from albert_keras.text.examples import ChoiceExample
from albert_keras.text.rows.encoding import encode_each
from albert_keras.text.rows.table import FeatureRows, Features

_GAP = "_"


def choice_features(
    examples: Sequence[ChoiceExample],
    tokenizer: Any,
    sequence_length: int,
    question_length: int = 128,
) -> Features:
    """Packs `[CLS] passage [SEP] question and option [SEP]` for each option.

    An option takes the place of the question's `_`, or else follows it. Of
    both together the last `question_length` tokens stay; the passage loses
    tokens at its end.

    Args:
        examples: with as many options each.
        tokenizer: a `SentencePieceTokenizer` or `WordPieceTokenizer`.
        sequence_length: most tokens of a row.
        question_length: most tokens of question and option.

    Returns:
        Rows of `token_ids` and `segment_ids`, the options of an example one
        behind the other; `example_index`; `label`, if all have one: the number
        of the example's right option, in each of its rows; `num_cut`, the
        tokens that were cut off.

    Raises:
        ValueError: if examples have not as many options, or there is no room
            for the passage.

    Source: google-research/albert, `race_utils.py`.
    """
    options = len(examples[0].options)
    for example in examples:
        if len(example.options) != options:
            raise ValueError(
                f"All examples must have as many options, {options} as the "
                f"first. Received: {len(example.options)} in {example.source}."
            )
    return option_features(
        examples, tokenizer, sequence_length, question_length
    )


def option_features(
    examples: Sequence[ChoiceExample],
    tokenizer: Any,
    sequence_length: int,
    question_length: int = 128,
) -> Features:
    """As `choice_features`, of examples with any number of options each."""
    if question_length > sequence_length - 3:
        raise ValueError(
            "`question_length` must leave room for [CLS], [SEP] and [SEP] in "
            f"`sequence_length`. Received: question_length={question_length}, "
            f"sequence_length={sequence_length}."
        )
    joined = [
        [question_with(example.question, option) for option in example.options]
        for example in examples
    ]
    passages = encode_each(tokenizer, (e.context for e in examples))
    questions = encode_each(tokenizer, (t for row in joined for t in row))
    labelled = all(example.label is not None for example in examples)
    rows = FeatureRows()
    for number, (example, texts) in enumerate(
        zip(examples, joined, strict=True)
    ):
        passage = passages[example.context]
        for text in texts:
            question = questions[text][-question_length:]
            kept = passage[: sequence_length - 3 - len(question)]
            cut = len(passage) - len(kept)
            cut += len(questions[text]) - len(question)
            first = [tokenizer.cls_id, *kept, tokenizer.sep_id]
            second = [*question, tokenizer.sep_id]
            tokens = {
                "token_ids": first + second,
                "segment_ids": [0] * len(first) + [1] * len(second),
            }
            label = {"label": example.label} if labelled else {}
            rows.add(
                tokens,
                example_index=number,
                num_cut=cut,
                **label,  # type: ignore[arg-type]
            )
    return rows.features()


def question_with(question: str, option: str) -> str:
    """Joins a question and an option.

    Args:
        question: with a gap `_`, or whole.
        option: what fills the gap or answers the question.

    Example:
    >>> question_with("He went _ .", "home")
    'He went home .'
    >>> question_with("Where?", "Home.")
    'Where? Home.'
    """
    if _GAP in question:
        return question.replace(_GAP, option)
    return f"{question} {option}"
