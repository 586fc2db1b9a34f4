"""Training: ALBERT's optimizers and schedule, and runs that can be resumed.

`optimizers` and `schedules` work on every backend of Keras, `compile_for` on
TensorFlow and JAX. Nothing of it is imported before it is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_PUBLIC = {
    "choose_strategy": "albert_keras.training.strategies",
    "compile_for": "albert_keras.training.compiling",
}

__all__ = ["choose_strategy", "compile_for"]

if TYPE_CHECKING:
    from albert_keras.training.compiling import compile_for as compile_for
    from albert_keras.training.strategies import (
        choose_strategy as choose_strategy,
    )


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(
        f"module 'albert_keras.training' has no attribute {name!r}"
    )
