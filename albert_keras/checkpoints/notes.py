"""What a user should know of a checkpoint, said once."""

from albert_keras.notes import say

__all__ = ["say"]
