"""The settings with which ALBERT's vocabulary was trained."""

from typing import Any

from albert_keras.text.segments import SPECIAL_SYMBOLS

# The command of the README of google-research/albert, by which the released
# vocabulary was made. The ids of the special symbols are their places here.
_ALBERT_SETTINGS: dict[str, Any] = {
    "model_type": "unigram",
    "pad_id": 0,
    "unk_id": 1,
    "bos_id": -1,
    "eos_id": -1,
    "control_symbols": list(SPECIAL_SYMBOLS),
    "user_defined_symbols": ["(", ")", '"', "-", ".", "–", "£", "€"],
    # The sums of the EM algorithm are split over the threads, so their
    # number, SentencePiece's default, is part of the result.
    "num_threads": 16,
}
_FEWEST_PIECES = 3 + len(SPECIAL_SYMBOLS) + 8


def trainer_settings(
    *,
    vocab_size: int,
    character_coverage: float,
    input_sentence_size: int,
    hard_vocab_limit: bool,
    seed: int,
) -> dict[str, Any]:
    """Those that can be chosen, looked at, with those that cannot.

    Args:
        vocab_size: As in `train_vocabulary`; likewise the others.
        character_coverage: From 0.98 to 1.
        input_sentence_size: More than 100.
        hard_vocab_limit: Whether fewer pieces are an error.
        seed: An integer of 32 bits.

    Returns:
        What SentencePiece's trainer takes, in words that JSON has, and the
        `seed` of the sample.

    Raises:
        ValueError: If one is out of range.

    Source: README of google-research/albert, section on SentencePiece.
    """
    if not isinstance(vocab_size, int) or vocab_size <= _FEWEST_PIECES:
        raise ValueError(
            f"`vocab_size` must be an integer above {_FEWEST_PIECES}, the "
            "number of special symbols and letters that every vocabulary "
            f"holds. Received: vocab_size={vocab_size!r}."
        )
    if not 0.98 <= character_coverage <= 1:
        raise ValueError(
            "`character_coverage` must be between 0.98 and 1. Received: "
            f"character_coverage={character_coverage!r}."
        )
    if input_sentence_size <= 100:
        raise ValueError(
            "`input_sentence_size` must be above 100. Received: "
            f"input_sentence_size={input_sentence_size!r}."
        )
    if not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ValueError(
            f"`seed` must be an integer of 32 bits. Received: seed={seed!r}."
        )
    return {
        "vocab_size": vocab_size,
        "character_coverage": character_coverage,
        "input_sentence_size": input_sentence_size,
        "hard_vocab_limit": hard_vocab_limit,
        "seed": seed,
        **_ALBERT_SETTINGS,
    }
