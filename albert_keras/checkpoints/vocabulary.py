"""The tokenizer's files in the folder of a checkpoint, and their settings."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from albert_keras.checkpoints.notes import say

SENTENCEPIECE_NAMES = ("spiece.model", "30k-clean.model")
# The last is what older versions of this package wrote.
WORD_PIECE_NAMES = ("vocab.txt", "vocab_chinese.txt", "vocabulary.txt")
_MAX_LENGTH = "model_max_length"
# What BERT's tokenizer can be told and this one cannot.
_ALWAYS = ("tokenize_chinese_chars", "do_basic_tokenize")
WITHOUT = (
    "load the model without its tokenizer (`preprocessor=None`, "
    "--no-tokenizer) and pass token ids"
)


class Vocabulary(NamedTuple):
    """A vocabulary, and how text is prepared for it.

    Args:
        path: A SentencePiece model, or a `vocab.txt`.
        options: Arguments of the tokenizer, by name.
        sequence_length: Tokens that a text is cut to, if a file says so.
        added: Tokens that Hugging Face looks for in raw text, with their ids
            where these are known.
        refusal: Why there is no tokenizer for it, if there is none.
        content: In place of the file's: a serialized SentencePiece model, or
            the pieces of WordPiece.
    """

    path: Path
    options: Mapping[str, bool] = {}
    sequence_length: int | None = None
    added: Mapping[str, int | None] = {}
    refusal: str | None = None
    content: bytes | Sequence[str] | None = None


def find_vocabulary(
    folder: Path,
    settings: Mapping[str, Any] | None = None,
    *,
    source: Path | None = None,
) -> Vocabulary | None:
    """Return the vocabulary in a folder.

    Args:
        folder: Where to look, and in its `assets`.
        settings: How text is prepared, in the words of Hugging Face's
            `tokenizer_config.json`.
        source: The file of the settings, for messages.

    Returns:
        A SentencePiece model goes before a `vocab.txt`; None if there is
        neither.

    Raises:
        ValueError: Several SentencePiece models of other names are there, or
            a setting is damaged.
    """
    path = _find_file(folder)
    if path is None:
        return None
    return with_settings(path, settings or {}, source or folder)


def with_settings(
    path: Path,
    settings: Mapping[str, Any],
    source: Path,
    content: bytes | Sequence[str] | None = None,
) -> Vocabulary:
    """Return a vocabulary with its settings.

    Args:
        path: Its file.
        settings: As `find_vocabulary`.
        source: The file of the settings, for messages.
        content: As `Vocabulary`.

    Raises:
        ValueError: A setting is damaged.
    """
    is_word_piece = path.suffix == ".txt" or isinstance(content, list)
    return Vocabulary(
        path,
        _options(settings, is_word_piece, source),
        _sequence_length(settings, source),
        refusal=_refusal(settings, source) if is_word_piece else None,
        content=content,
    )


def _find_file(folder: Path) -> Path | None:
    folders = [folder, folder / "assets"]
    for each in folders:
        for name in SENTENCEPIECE_NAMES:
            if (each / name).is_file():
                return each / name
    models = [file for each in folders for file in _models(each)]
    if len(models) > 1:
        names = ", ".join(file.name for file in models)
        raise ValueError(
            f"`{folder}` must have one SentencePiece model, or one named "
            f"spiece.model. Received: {names}."
        )
    if models:
        return models[0]
    for each in folders:
        for name in WORD_PIECE_NAMES:
            if (each / name).is_file():
                return each / name
    return None


def _models(folder: Path) -> Iterable[Path]:
    return sorted(folder.glob("*.model")) if folder.is_dir() else ()


# === Settings in Hugging Face's words ===


def is_sentencepiece(tokenizer: Any) -> bool:
    """Return whether a tokenizer layer has a SentencePiece model."""
    return hasattr(tokenizer.python_tokenizer, "proto")


def text_settings(tokenizer: Any) -> dict[str, Any]:
    """Return a tokenizer's options in the words of `tokenizer_config.json`.

    Args:
        tokenizer: An `ak.AlbertTokenizer` or `ak.AlbertWordPieceTokenizer`.

    Returns:
        The settings that `find_vocabulary` reads. `replace_quotes` is no word
        of Hugging Face; its tokenizers ignore it.
    """
    settings = {"do_lower_case": tokenizer.lowercase}
    if is_sentencepiece(tokenizer):
        settings |= {
            "keep_accents": tokenizer.keep_accents,
            "remove_space": True,
            "replace_quotes": tokenizer.replace_quotes,
        }
    else:
        settings |= {
            "strip_accents": not tokenizer.keep_accents,
            "tokenize_chinese_chars": True,
        }
    return {**settings, "split_special_tokens": not tokenizer.special_symbols}


def _options(
    settings: Mapping[str, Any], is_word_piece: bool, source: Path
) -> dict[str, bool]:
    def flag(name: str) -> bool | None:
        value = settings.get(name)
        if value is not None and not isinstance(value, bool):
            raise ValueError(
                f"`{source}` must say true or false for {name}. Received: "
                f"{value!r}."
            )
        return value

    lowercase = flag("do_lower_case")
    keep_accents = flag("keep_accents")
    splits_symbols = flag("split_special_tokens")
    options = {
        "lowercase": lowercase,
        "special_symbols": None
        if splits_symbols is None
        else not splits_symbols,
    }
    if is_word_piece:
        strips = flag("strip_accents")
        if strips is not None:
            keep_accents = not strips
        elif keep_accents is None and lowercase is not None:
            keep_accents = not lowercase  # one option for both, as in BERT
    else:
        options["replace_quotes"] = flag("replace_quotes")
        if flag("remove_space") is False:
            say(
                f"`{source}` says remove_space=False; the tokenizer made of "
                "it joins white space all the same."
            )
    options["keep_accents"] = keep_accents
    return {name: v for name, v in options.items() if v is not None}


def _refusal(settings: Mapping[str, Any], source: Path) -> str | None:
    for name in _ALWAYS:
        if settings.get(name) is False:
            return (
                f"`{source}` must not have {name}=False, since ALBERT's "
                "WordPiece tokenizer always cuts text at Chinese characters "
                f"and punctuation; {WITHOUT}. Received: {name}=False."
            )
    return None


def _sequence_length(settings: Mapping[str, Any], source: Path) -> int | None:
    length = settings.get(_MAX_LENGTH)
    if length is None:
        return None
    if isinstance(length, bool) or not isinstance(length, int | float):
        raise ValueError(
            f"`{source}` must give {_MAX_LENGTH} as a number. Received: "
            f"{length!r}."
        )
    # Hugging Face writes 1e30 for "no limit".
    return int(length) if 0 < length < 2**31 else None


# === Tokenizers ===


def make_tokenizer(vocabulary: Vocabulary) -> Any:
    """Return the tokenizer layer for a vocabulary.

    Raises:
        ValueError: The file is no vocabulary of ALBERT, or Hugging Face adds
            tokens to it.
    """
    if vocabulary.refusal is not None:
        raise ValueError(vocabulary.refusal)
    tokenizer = _make(vocabulary.path, vocabulary.options, vocabulary.content)
    special = {
        getattr(tokenizer, f"{name}_token")
        for name in ("cls", "sep", "mask", "pad", "unk")
    }
    others = [
        repr(token) if number is None else f"{token!r} ({number})"
        for token, number in vocabulary.added.items()
        if token not in special
        or number not in (None, tokenizer.token_to_id(token))
    ]
    if others:
        raise ValueError(
            f"`{vocabulary.path.parent}` must have no tokens that Hugging Face "
            "adds to the vocabulary or to its special tokens, since ALBERT's "
            f"tokenizer does not know them; {WITHOUT}. Received: "
            f"{', '.join(others[:10])}{' ...' if len(others) > 10 else ''}."
        )
    return tokenizer


def _make(
    path: Path,
    options: Mapping[str, bool],
    content: Any = None,
) -> Any:
    from albert_keras.models.albert_tokenizer import AlbertTokenizer
    from albert_keras.models.albert_word_piece_tokenizer import (
        AlbertWordPieceTokenizer,
    )

    if path.suffix == ".txt" or isinstance(content, list):
        return AlbertWordPieceTokenizer(content or str(path), **options)
    return AlbertTokenizer(content or str(path), **options)


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
    given = {"lowercase": lowercase, "keep_accents": keep_accents}
    options = {name: v for name, v in given.items() if v is not None}
    path = Path(path)
    parts = ("config.json", "tokenizer.json")
    if not any((path / name).is_file() for name in parts):
        return _make(path, options)
    import keras_hub

    # Registers the tokenizers.
    from albert_keras.models import (
        albert_tokenizer,  # noqa: F401
        albert_word_piece_tokenizer,  # noqa: F401
    )
    from albert_keras.models.preset import given_path

    for name in parts:
        if not (path / name).is_file():
            source = given_path(path)
            raise FileNotFoundError(
                f"`{source}` must be a vocabulary file, or a preset with a "
                f"tokenizer; albert-keras convert {source} OUT --to keras "
                "--tokenizer FILE writes one. Received: a folder without "
                f"{name}."
            )
    return keras_hub.tokenizers.Tokenizer.from_preset(str(path), **options)
