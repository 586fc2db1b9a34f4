"""Hugging Face's `AlbertTokenizer`, made in the two ways that users get it."""

from pathlib import Path

import transformers
from transformers.convert_slow_tokenizer import AlbertConverter


def like_released(
    model: Path, *, split_special_tokens: bool = False
) -> transformers.AlbertTokenizer:
    """With a vocabulary like those beside the released checkpoints.

    Their `tokenizer.json` was written by the converter of transformers 4,
    which lowers the scores of pieces that end in a digit and a comma by 100.

    Args:
        model: Path of the SentencePiece model.
        split_special_tokens: Whether `[MASK]`, `<unk>` and the like in a text
            are text as any other.
    """

    class Slow:
        vocab_file = str(model)

    converter = AlbertConverter(Slow())
    return transformers.AlbertTokenizer(
        vocab=converter.vocab(converter.proto),
        _spm_precompiled_charsmap=(
            converter.proto.normalizer_spec.precompiled_charsmap
        ),
        split_special_tokens=split_special_tokens,
    )


def from_model(model: Path) -> transformers.AlbertTokenizer:
    """From the SentencePiece model itself, as transformers 5 reads it.

    The vocabulary has its own scores, and each symbol that its trainer was
    given (`(`, `)`, `"`, `-`, `.` and others) is cut out of the text before
    anything else.
    """
    return transformers.AlbertTokenizer.from_pretrained(
        model.parent, local_files_only=True
    )


def encode(
    tokenizer: transformers.AlbertTokenizer, texts: list[str]
) -> list[list[int]]:
    return tokenizer(texts, add_special_tokens=False, verbose=False)[
        "input_ids"
    ]
