"""Fine-tuning tasks: their data, metrics and recipes.

Nothing of it is imported before it is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_PUBLIC = {
    "Examples": "albert_keras.text.examples",
    "FinetuningOptions": "albert_keras.tasks.options",
    "Start": "albert_keras.tasks.start",
    "finetune": "albert_keras.tasks.finetuning",
    "read": "albert_keras.tasks.readers",
    "recipe": "albert_keras.tasks.recipes",
}

__all__ = [
    "Examples",
    "FinetuningOptions",
    "Start",
    "finetune",
    "read",
    "recipe",
]

if TYPE_CHECKING:
    from albert_keras.tasks.finetuning import finetune as finetune
    from albert_keras.tasks.options import (
        FinetuningOptions as FinetuningOptions,
    )
    from albert_keras.tasks.readers import read as read
    from albert_keras.tasks.recipes import recipe as recipe
    from albert_keras.tasks.start import Start as Start
    from albert_keras.text.examples import Examples as Examples


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(
        f"module 'albert_keras.tasks' has no attribute {name!r}"
    )
