"""The tokenizer's files beside a checkpoint."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

SENTENCEPIECE_NAMES = ("spiece.model", "30k-clean.model")


class Vocabulary(NamedTuple):
    """A vocabulary, and how text is prepared for it.

    Args:
        path: A SentencePiece model, or a `vocab.txt`.
        lowercase: Whether text is lower-cased.
        keep_accents: Whether accents are kept.
    """

    path: Path
    lowercase: bool = True
    keep_accents: bool = False


def find_vocabulary(
    folder: Path, settings: Path | None = None
) -> Vocabulary | None:
    """The vocabulary in a folder.

    Args:
        folder: Where to look, and in its `assets`.
        settings: A `tokenizer_config.json` of Hugging Face, if there is one.

    Returns:
        A SentencePiece model goes before a `vocab.txt`; None if there is
        neither.

    Raises:
        ValueError: Several SentencePiece models of other names are there, or
            the settings are damaged.
    """
    options = _options(settings)
    folders = [folder, folder / "assets"]
    for each in folders:
        for name in SENTENCEPIECE_NAMES:
            if (each / name).is_file():
                return Vocabulary(each / name, **options)
    models = [file for each in folders for file in _models(each)]
    if len(models) > 1:
        names = ", ".join(file.name for file in models)
        raise ValueError(
            f"`{folder}` must have one SentencePiece model, or one named "
            f"spiece.model. Received: {names}."
        )
    if models:
        return Vocabulary(models[0], **options)
    for each in folders:
        for name in ("vocab.txt", "vocab_chinese.txt"):
            if (each / name).is_file():
                return Vocabulary(each / name, **options)
    return None


def _models(folder: Path) -> Iterable[Path]:
    return sorted(folder.glob("*.model")) if folder.is_dir() else ()


def _options(settings: Path | None) -> dict[str, bool]:
    if settings is None or not settings.is_file():
        return {}
    try:
        content: Any = json.loads(settings.read_text("utf-8"))
    except (RecursionError, ValueError) as error:
        raise ValueError(
            f"`{settings}` must be a JSON file. Received: {error}."
        ) from None
    if not isinstance(content, dict):
        return {}
    return {
        ours: bool(content[theirs])
        for ours, theirs in (
            ("lowercase", "do_lower_case"),
            ("keep_accents", "keep_accents"),
        )
        if theirs in content
    }


def make_tokenizer(vocabulary: Vocabulary) -> Any:
    """The tokenizer layer for a vocabulary."""
    from albert_keras.models.albert_tokenizer import AlbertTokenizer
    from albert_keras.models.albert_word_piece_tokenizer import (
        AlbertWordPieceTokenizer,
    )

    tokenizer_class: Any = AlbertTokenizer
    if vocabulary.path.suffix == ".txt":
        tokenizer_class = AlbertWordPieceTokenizer
    return tokenizer_class(
        str(vocabulary.path),
        lowercase=vocabulary.lowercase,
        keep_accents=vocabulary.keep_accents,
    )
