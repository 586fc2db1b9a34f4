"""The most that a file, an option or a call may ask for.

A number is held against these before anything is made of it: a few bytes that
claim a billion layers would otherwise take all memory. The limits are far above
what any ALBERT has; xxlarge, the largest, has 12 layers of 4,096 units.
"""

from typing import Any

# A tokenizer.json of 250,000 pieces has 17 MB.
JSON_BYTES = 64 << 20

LARGEST = {
    # Sizes of a model, under google's names.
    "vocab_size": 1 << 24,
    "hidden_size": 1 << 16,
    "num_hidden_layers": 1000,
    "num_attention_heads": 1 << 12,
    "intermediate_size": 1 << 18,
    "embedding_size": 1 << 16,
    "num_hidden_groups": 1000,
    "inner_group_num": 100,
    "max_position_embeddings": 1 << 20,
    "type_vocab_size": 1 << 10,
    # Options.
    "max_seq_length": 1 << 20,
    "max_predictions_per_seq": 1 << 15,
    "ngram": 1000,
    "batch_size": 1 << 20,
    "dupe_factor": 10_000,
    "processes": 1024,
    "seeds": 1000,
}


def check_epsilon(name: str, value: Any) -> None:
    """Refuse an epsilon of layer normalization that is no small number.

    Raises:
        ValueError: It isn't a number above 0 and below 1.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 < value < 1:
        raise ValueError(
            f"`{name}` must be a number above 0 and below 1. "
            f"Received: {str(value)[:60]}."
        )


def check_limit(name: str, value: Any, shown_as: str | None = None) -> None:
    """Refuse a number above its limit.

    Args:
        name: A key of `LARGEST`.
        value: The number.
        shown_as: The name that the user knows it by, if that is another.

    Raises:
        ValueError: The number is too large.
    """
    if value > LARGEST[name]:
        shown = value if value < 1 << 60 else "more than 10^18"
        raise ValueError(
            f"`{shown_as or name}` must be at most {LARGEST[name]:,}. "
            f"Received: {shown}."
        )
