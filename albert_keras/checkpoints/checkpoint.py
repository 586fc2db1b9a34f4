"""What a reader finds in a file or folder, before any model is made."""

import dataclasses
import enum
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from albert_keras.checkpoints.names import Head
from albert_keras.checkpoints.tensors import Tensors
from albert_keras.checkpoints.vocabulary import Vocabulary
from albert_keras.config import AlbertConfig
from albert_keras.layers.layer_norm import LAYER_NORM_EPSILON


class Layout(enum.Enum):
    """How a format lays out what google's code keeps as a matrix."""

    AS_IS = enum.auto()
    TRANSPOSED = enum.auto()
    # [in, out] as [in, heads, out / heads], and [out] as [heads, out / heads].
    HEADS_OUT = enum.auto()
    # [in, out] as [heads, in / heads, out].
    HEADS_IN = enum.auto()

    def stored_shape(
        self, shape: tuple[int, ...], heads: int
    ) -> tuple[int, ...]:
        """The shape in the file of what has google's shape `shape`."""
        if self is Layout.TRANSPOSED:
            return shape[::-1]
        if self is Layout.HEADS_OUT:
            return (*shape[:-1], heads, shape[-1] // heads)
        if self is Layout.HEADS_IN:
            return (heads, shape[0] // heads, shape[1])
        return shape

    def restore(self, stored: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """What was stored, in google's shape."""
        if self is Layout.TRANSPOSED:
            return stored.T
        return stored.reshape(shape)

    def store(self, array: np.ndarray, heads: int) -> np.ndarray:
        """What google's code keeps, as it is stored."""
        if self is Layout.TRANSPOSED:
            return array.T
        return array.reshape(self.stored_shape(array.shape, heads))


def classifier_dropout(settings: Mapping[str, Any], source: Path) -> float:
    """Return the dropout before a head's output that a configuration states.

    Args:
        settings: The configuration, in Hugging Face's words.
        source: Its file, for messages.

    Raises:
        ValueError: It is no number from 0 to 1.
    """
    found = settings.get("classifier_dropout_prob")
    if found is None:
        return 0.1
    if (
        isinstance(found, bool)
        or not isinstance(found, int | float)
        or not 0 <= found < 1
    ):
        raise ValueError(
            f"`{source}` must have a classifier_dropout_prob of at least 0 "
            f"and less than 1. Received: {found!r}."
        )
    return float(found)


class Location(NamedTuple):
    """Where a format keeps a variable.

    Args:
        names: In the file; the first of them that is there counts.
        layout: How it stands there.
    """

    names: tuple[str, ...]
    layout: Layout = Layout.AS_IS


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that was opened: shapes and settings, no values yet.

    Attributes:
        path: What was opened.
        form: What it is, for people.
        config: Sizes and settings, under google's names.
        tensors: By the names of the file.
        locate: From google's name to where the file keeps it; None where the
            format has no place for it.
        is_backbone: Whether a name of the file belongs to the backbone.
        is_known_extra: Whether a name of the file is no weight of a model:
            optimizer slots, steps, tables of positions.
        vocabulary: The tokenizer's files, if there are any.
        layer_norm_epsilon: Of embeddings and encoder.
        head_layer_norm_epsilon: Of the masked-LM head.
        classifier_dropout: Before the output of a task.
        output_head: Which head the variables are that several tasks name
            alike; None if the file does not say.
        architecture: The class that wrote it, if it says.
        notes: What a user should know, a sentence each.
        settings: What the configuration says in Hugging Face's words: names
            of classes, for instance.
        settings_path: The file of the configuration, for messages.
    """

    path: Path
    form: str
    config: AlbertConfig
    tensors: Tensors
    locate: Callable[[str], Location | None]
    is_backbone: Callable[[str], bool]
    is_known_extra: Callable[[str], bool]
    vocabulary: Vocabulary | None = None
    layer_norm_epsilon: float = LAYER_NORM_EPSILON
    head_layer_norm_epsilon: float = LAYER_NORM_EPSILON
    classifier_dropout: float = 0.1
    output_head: Head | None = None
    architecture: str | None = None
    notes: tuple[str, ...] = ()
    settings: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    settings_path: Path = Path("config.json")

    def find(self, name: str) -> str | None:
        """The file's name of what google calls `name`; None if it lacks it."""
        location = self.locate(name)
        if location is None:
            return None
        return next((n for n in location.names if n in self.tensors), None)
