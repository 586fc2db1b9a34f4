"""ALBERT as KerasHub models."""

# Nothing else imports it: a preset which holds that tokenizer and is loaded as
# a task, a preprocessor or any tokenizer needs it registered with Keras.
import albert_keras.models.albert_word_piece_tokenizer  # noqa: F401
from albert_keras.models.growing import (
    add_tokens,
    lengthen_positions,
    with_tokens,
)

__all__ = ["add_tokens", "lengthen_positions", "with_tokens"]
