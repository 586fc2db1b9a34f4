"""Texts as the rows of ids that a model takes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from albert_keras.models.albert_multiple_choice import AlbertMultipleChoice
from albert_keras.models.albert_question_answering import (
    AlbertQuestionAnswering,
)
from albert_keras.models.albert_token_classifier import AlbertTokenClassifier
from albert_keras.models.serving import takes_mask_positions
from albert_keras.text.examples import (
    ChoiceExample,
    QuestionExample,
    TaggedExample,
    TextExample,
)
from albert_keras.text.lines import numbered_lines
from albert_keras.text.rows.arrays import encoder_inputs, padded
from albert_keras.text.rows.choices import choice_features
from albert_keras.text.rows.questions import question_features
from albert_keras.text.rows.tags import tag_features
from albert_keras.text.rows.texts import text_features

Text = str | Sequence[str]

# A text without [MASK] gets one at every seventh token, near the 15 % that
# the model was trained on.
_MASK_EVERY = 7
_NO_TAG = ""


def read_texts(path: Path) -> list[Text]:
    """Texts of a file, one a line, their parts with tabs between.

    Args:
        path: A UTF-8 file; empty lines are left out.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It holds no text, or is no UTF-8.
    """
    texts = [
        tuple(line.split("\t"))
        for _, line in numbered_lines(path)
        if line.strip()
    ]
    if not texts:
        raise ValueError(f"`{path}` must hold texts. Received: an empty file.")
    return list(texts)


def text_rows(
    model: keras.Model,
    tokenizer: Any,
    texts: Sequence[Text],
    sequence_length: int,
    max_masks: int | None = None,
) -> dict[str, np.ndarray]:
    """Tokenizes and packs texts as the model's own preprocessing does.

    Args:
        model: A model that `exportable` returned.
        tokenizer: A `SentencePieceTokenizer` or `WordPieceTokenizer`.
        texts: A string each, or the parts of one: of a classifier also a
            pair of texts; of a reader question and passage; of a multiple
            choice passage (which may be empty), question and options; of a
            tagger the words, which in a string stand between blanks.
        sequence_length: Most tokens of a row.
        max_masks: Most masks of a row; as many as there are by default.

    Returns:
        The model's inputs by name, int32 `[rows, longest]`, of a multiple
        choice `[rows, options, longest]`. A passage or sentence that is too
        long makes several rows; other texts are cut.

    Raises:
        ValueError: There are no texts, or one has not the parts it needs.
    """
    if isinstance(texts, str) or not len(texts):
        raise ValueError(
            f"Texts must be a list with one text at least. Received: {texts!r}."
        )
    parts: list[tuple[str, ...]] = [
        (t,) if isinstance(t, str) else tuple(t) for t in texts
    ]
    if isinstance(model, AlbertQuestionAnswering):
        return _questions(model, tokenizer, parts, sequence_length)
    if isinstance(model, AlbertMultipleChoice):
        return _choices(tokenizer, parts, sequence_length)
    if isinstance(model, AlbertTokenClassifier):
        return _words(tokenizer, parts, sequence_length)
    _require_parts(parts, 1, 2, "a text, or a pair of texts")
    examples = [
        TextExample("", text[0], text[1] if text[1:] else None, None, "")
        for text in parts
    ]
    rows = encoder_inputs(text_features(examples, tokenizer, sequence_length))
    if takes_mask_positions(model):
        _add_masks(rows, tokenizer, max_masks)
    return rows


def _questions(
    model: AlbertQuestionAnswering,
    tokenizer: Any,
    texts: Sequence[tuple[str, ...]],
    sequence_length: int,
) -> dict[str, np.ndarray]:
    _require_parts(texts, 2, 2, "a question and a passage")
    examples = [
        QuestionExample("", question, passage, (), (), False, "", "")
        for question, passage in texts
    ]
    features = question_features(
        examples,
        tokenizer,
        sequence_length,
        question_length=min(64, sequence_length // 2),
    )
    rows = encoder_inputs(features)
    if "answer_mask" in model.input:
        rows["answer_mask"] = padded(features, "answer_mask")
    return rows


def _choices(
    tokenizer: Any, texts: Sequence[tuple[str, ...]], sequence_length: int
) -> dict[str, np.ndarray]:
    _require_parts(texts, 4, None, "a passage, a question and its options")
    options = {len(text) - 2 for text in texts}
    if len(options) > 1:
        raise ValueError(
            "All texts must have as many options. Received: "
            f"{', '.join(map(str, sorted(options)))}."
        )
    examples = [
        ChoiceExample("", text[0], text[1], text[2:], None, "", "")
        for text in texts
    ]
    features = choice_features(
        examples, tokenizer, sequence_length, min(128, sequence_length // 2)
    )
    return {
        name: ids.reshape(len(texts), -1, ids.shape[1])
        for name, ids in encoder_inputs(features).items()
    }


def _words(
    tokenizer: Any, texts: Sequence[tuple[str, ...]], sequence_length: int
) -> dict[str, np.ndarray]:
    sentences = [t[0].split() if len(t) == 1 else t for t in texts]
    examples = [TaggedExample("", tuple(s), None, "") for s in sentences]
    return encoder_inputs(
        tag_features(examples, tokenizer, sequence_length, [_NO_TAG])
    )


def _add_masks(
    rows: dict[str, np.ndarray], tokenizer: Any, max_masks: int | None
) -> None:
    """Adds `mask_positions`, and masks where a text has none."""
    token_ids = rows["token_ids"]
    positions = []
    for row, length in zip(
        token_ids, rows["padding_mask"].sum(-1), strict=True
    ):
        found = np.flatnonzero(row == tokenizer.mask_id)
        if not len(found):
            special = (tokenizer.cls_id, tokenizer.sep_id)
            words = np.flatnonzero(~np.isin(row[:length], special))
            found = words[_MASK_EVERY // 2 :: _MASK_EVERY]
            found = found if len(found) else words[:1]
            row[found] = tokenizer.mask_id
        positions.append(found[:max_masks])
    most = max(1, *(len(each) for each in positions))
    rows["mask_positions"] = np.zeros((len(positions), most), "int32")
    for row, found in zip(rows["mask_positions"], positions, strict=True):
        row[: len(found)] = found


def _require_parts(
    texts: Sequence[tuple[str, ...]],
    fewest: int,
    most: int | None,
    what: str,
) -> None:
    for number, text in enumerate(texts, 1):
        if not fewest <= len(text) <= (most or len(text)):
            raise ValueError(
                f"Each text must be {what}, in a file with tabs between. "
                f"Received: {len(text)} parts in text {number}, "
                f"{' '.join(text)!r:.60}."
            )
