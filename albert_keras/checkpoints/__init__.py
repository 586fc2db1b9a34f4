"""Checkpoints of ALBERT, in every form it is published in, in and out."""

from albert_keras.checkpoints.loading import load
from albert_keras.checkpoints.saving import save

__all__ = ["load", "save"]
