"""How large a row of a TensorFlow Lite file is."""

import dataclasses
from typing import Any

import keras

from albert_keras.export.ids_signature import takes_choices
from albert_keras.models.albert_question_answering import (
    AlbertQuestionAnswering,
)
from albert_keras.models.own_head import class_name
from albert_keras.models.serving import longest_row, takes_mask_positions

DEFAULT_SEQUENCE_LENGTH = 128
# Questions with passages; the length that the TFLite Task Library knows.
DEFAULT_READER_LENGTH = 384
# google-research/albert, create_pretraining_data.py, max_predictions_per_seq.
DEFAULT_MAX_MASKS = 20
# RACE has four options a question.
DEFAULT_NUM_CHOICES = 4


@dataclasses.dataclass(frozen=True)
class RowSizes:
    """Sizes of a row; None where whoever runs the file decides.

    Attributes:
        sequence_length: Tokens.
        max_masks: Mask positions; None also for models that take none.
        num_choices: Texts to choose from; None likewise.
    """

    sequence_length: int | None = None
    max_masks: int | None = None
    num_choices: int | None = None


def input_shapes(
    model: keras.Model, sizes: RowSizes
) -> dict[str, tuple[Any, ...]]:
    """The shape of a row of each input, by name.

    Args:
        model: A model that `exportable` returned.
        sizes: Of the row.
    """
    choices = (sizes.num_choices,) if takes_choices(model) else ()
    return {
        name: (sizes.max_masks,)
        if name == "mask_positions"
        else (*choices, sizes.sequence_length)
        for name in model.input
    }


def choose_sizes(
    model: keras.Model, requested: RowSizes, resizable: bool
) -> RowSizes:
    """The sizes that were asked for, or the defaults.

    Args:
        model: What is to be converted.
        requested: What was asked for; None for the default.
        resizable: Whether all sizes are left to whoever runs the file.

    Raises:
        ValueError: A size is out of range, or does not belong to the model,
            or is given though it is left open.
    """
    _check_belongs(model, requested)
    if resizable:
        return _left_open(requested)
    return RowSizes(
        sequence_length=_sequence_length(model, requested.sequence_length),
        max_masks=(
            _positive("max_masks", requested.max_masks, DEFAULT_MAX_MASKS)
            if takes_mask_positions(model)
            else None
        ),
        num_choices=(
            _positive("num_choices", requested.num_choices, DEFAULT_NUM_CHOICES)
            if takes_choices(model)
            else None
        ),
    )


def _check_belongs(model: keras.Model, requested: RowSizes) -> None:
    for name, value, belongs, owners in (
        (
            "max_masks",
            requested.max_masks,
            takes_mask_positions(model),
            "models with a masked-LM head",
        ),
        (
            "num_choices",
            requested.num_choices,
            takes_choices(model),
            "an AlbertMultipleChoice",
        ),
    ):
        if value is not None and not belongs:
            raise ValueError(
                f"`{name}` is for {owners}. Received: {name}={value} for "
                f"{class_name(model)}."
            )


def _left_open(requested: RowSizes) -> RowSizes:
    given = [
        f"{name}={value}"
        for name, value in dataclasses.asdict(requested).items()
        if value is not None
    ]
    if given:
        raise ValueError(
            "A file that is `resizable` must be given no size. Received: "
            f"{', '.join(given)}."
        )
    return requested


def _sequence_length(model: keras.Model, requested: int | None) -> int:
    longest = longest_row(model)
    if requested is None:
        reads = isinstance(model, AlbertQuestionAnswering)
        default = DEFAULT_READER_LENGTH if reads else DEFAULT_SEQUENCE_LENGTH
        return min(default, longest)
    if not 1 <= requested <= longest:
        raise ValueError(
            f"`sequence_length` must be between 1 and {longest}, the longest "
            f"the model takes. Received: sequence_length={requested}."
        )
    return requested


def _positive(name: str, requested: int | None, default: int) -> int:
    if requested is not None and requested < 1:
        raise ValueError(
            f"`{name}` must be positive. Received: {name}={requested}."
        )
    return requested or default
