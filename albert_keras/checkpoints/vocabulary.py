"""The tokenizer's files beside a checkpoint."""

import json
import os
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
    """Return the tokenizer layer for a vocabulary."""
    return tokenizer_of_file(
        vocabulary.path,
        lowercase=vocabulary.lowercase,
        keep_accents=vocabulary.keep_accents,
    )


def tokenizer_of_file(
    path: str | os.PathLike[str],
    *,
    lowercase: bool | None = None,
    keep_accents: bool | None = None,
) -> Any:
    """Return the tokenizer layer for a vocabulary file or a preset.

    Args:
        path: A `vocab.txt` (any name that ends in `.txt`) for WordPiece, any
            other file for SentencePiece, or the folder of a preset.
        lowercase: Whether to lower-case text; None for the default of the
            class, or what the preset says.
        keep_accents: Whether to keep accents; None as for `lowercase`.

    Returns:
        An `ak.AlbertTokenizer` or an `ak.AlbertWordPieceTokenizer`.

    Raises:
        FileNotFoundError: There is no such file, or no tokenizer in the preset.
        ValueError: The file is no vocabulary that ALBERT can use.
    """
    from albert_keras.models.albert_tokenizer import AlbertTokenizer
    from albert_keras.models.albert_word_piece_tokenizer import (
        AlbertWordPieceTokenizer,
    )

    options = {
        name: value
        for name, value in (
            ("lowercase", lowercase),
            ("keep_accents", keep_accents),
        )
        if value is not None
    }
    path = Path(path)
    if path.is_dir():
        import keras_hub

        if not (path / "tokenizer.json").is_file():
            raise FileNotFoundError(
                f"Preset `{path}` must hold a tokenizer (tokenizer.json). "
                "Received: a folder without one."
            )
        return keras_hub.tokenizers.Tokenizer.from_preset(str(path), **options)
    if path.suffix == ".txt":
        return AlbertWordPieceTokenizer(str(path), **options)
    return AlbertTokenizer(str(path), **options)
