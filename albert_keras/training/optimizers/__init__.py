"""ALBERT's optimizers."""

from albert_keras.training.optimizers.adamw import AdamW
from albert_keras.training.optimizers.lamb import Lamb

__all__ = ["AdamW", "Lamb"]
