"""Training: ALBERT's optimizers and schedule, and runs that can be resumed.

`AdamW`, `Lamb` and `PolynomialDecayWithWarmup` work on every backend of Keras,
`compile_for` on TensorFlow and JAX. Nothing of it is imported before it is
used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_PUBLIC = {
    "AdamW": "albert_keras.training.optimizers",
    "Lamb": "albert_keras.training.optimizers",
    "PolynomialDecayWithWarmup": "albert_keras.training.schedules",
    "PretrainingOptions": "albert_keras.training.options",
    "RaggedBatches": "albert_keras.training.ragged_batches",
    "ShardExamples": "albert_keras.training.examples",
    "choose_strategy": "albert_keras.training.strategies",
    "compile_for": "albert_keras.training.compiling",
    "pretrain": "albert_keras.training.pretraining",
}

__all__ = [
    "AdamW",
    "Lamb",
    "PolynomialDecayWithWarmup",
    "PretrainingOptions",
    "RaggedBatches",
    "ShardExamples",
    "choose_strategy",
    "compile_for",
    "pretrain",
]

if TYPE_CHECKING:
    from albert_keras.training.compiling import compile_for as compile_for
    from albert_keras.training.examples import ShardExamples as ShardExamples
    from albert_keras.training.optimizers import AdamW as AdamW
    from albert_keras.training.optimizers import Lamb as Lamb
    from albert_keras.training.options import (
        PretrainingOptions as PretrainingOptions,
    )
    from albert_keras.training.pretraining import pretrain as pretrain
    from albert_keras.training.ragged_batches import (
        RaggedBatches as RaggedBatches,
    )
    from albert_keras.training.schedules import (
        PolynomialDecayWithWarmup as PolynomialDecayWithWarmup,
    )
    from albert_keras.training.strategies import (
        choose_strategy as choose_strategy,
    )


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(
        f"module 'albert_keras.training' has no attribute {name!r}"
    )
