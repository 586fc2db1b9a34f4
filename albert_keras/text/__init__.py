"""From raw text to token ids: normalisation, tokenizers, vocabularies.

Everything here but the modules named `graph_…` works without TensorFlow and
Keras, so that a worker process which only tokenizes starts fast and stays
small.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_PUBLIC = {"train_vocabulary": "albert_keras.text.vocabulary"}

__all__ = ["train_vocabulary"]

if TYPE_CHECKING:
    from albert_keras.text.vocabulary import (
        train_vocabulary as train_vocabulary,
    )


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(
        f"module 'albert_keras.text' has no attribute {name!r}"
    )
