"""`manifest.json`: what the shards of a folder hold and how they were made."""

import dataclasses
import hashlib
import json
from os import PathLike
from pathlib import Path

from albert_keras.json_objects import check_small_file, is_file_name
from albert_keras.pretraining.examples import ExampleOptions

MANIFEST_NAME = "manifest.json"
_FORMAT = "albert_keras.pretraining.examples"
_FORMAT_VERSION = 2


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shard:
    """One TFRecord file of a folder.

    Attributes:
        file: Name of the file.
        examples: Number of records in it.
        bytes: Size of the file.
        sha256: Its SHA-256, in hexadecimal.
    """

    file: str
    examples: int
    bytes: int
    sha256: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a folder of pretraining examples holds and how it was made.

    Attributes:
        examples: Number of examples in all shards.
        documents: Number of documents read that had any tokens.
        sentences: Number of sentences read that had any tokens.
        tokens: Tokens of all examples, padding not counted.
        masked_tokens: Tokens to predict in all examples; 0 where the masks
            are dynamic.
        label_1: Number of examples with sentence-order label 1; None in
            folders of earlier versions, as the four that follow.
        lone_pairs: Number of examples of a lone segment paired with one of
            another document, all with label 1.
        corpus_tokens: Tokens of the corpus, counted once for each copy
            (`dupe_factor`).
        cut_tokens: Those of them cut off where a pair was too long.
        skipped_tokens: Those of them in lone segments that were skipped.
        empty_sentences: Number of sentences read that had no tokens.
        paragraph_files: Number of files that were read as one paragraph a
            line because their content says so.
        shards: The files.
        options: How the examples were made.
        tokenizer_sha256: SHA-256 of the SentencePiece model, or of the
            vocab.txt, in hexadecimal.
        vocabulary_size: Number of pieces of that vocabulary.
        special_ids: Its ids of `[CLS]`, `[SEP]` and `[MASK]`, by these names.
        lowercase: Whether the text was lower-cased.
        keep_accents: Whether its combining characters were kept.
        versions: Versions of what made the examples.
    """

    examples: int
    documents: int
    sentences: int
    tokens: int
    masked_tokens: int
    shards: tuple[Shard, ...]
    options: ExampleOptions
    tokenizer_sha256: str
    vocabulary_size: int
    special_ids: dict[str, int]
    lowercase: bool
    keep_accents: bool
    versions: dict[str, str]
    label_1: int | None = None
    lone_pairs: int | None = None
    corpus_tokens: int | None = None
    cut_tokens: int | None = None
    skipped_tokens: int | None = None
    empty_sentences: int | None = None
    paragraph_files: int | None = None

    def write(self, folder: Path) -> None:
        """Write `manifest.json` into a folder.

        Args:
            folder: The folder of the shards.
        """
        content = {"format": _FORMAT, "format_version": _FORMAT_VERSION}
        content |= dataclasses.asdict(self)
        (folder / MANIFEST_NAME).write_text(
            json.dumps(content, indent=2) + "\n", encoding="utf-8"
        )

    @classmethod
    def read(cls, folder: str | PathLike[str]) -> "Manifest":
        """Read the `manifest.json` of a folder.

        Args:
            folder: A folder that `albert-keras prepare` wrote.

        Returns:
            The manifest.

        Raises:
            FileNotFoundError: If the folder has no `manifest.json`.
            ValueError: If the file is not such a manifest.
        """
        path = Path(folder) / MANIFEST_NAME
        if not path.is_file():
            raise FileNotFoundError(
                "A folder of pretraining examples must have a "
                f"{MANIFEST_NAME}. Received: '{folder}', which has none."
            )
        check_small_file(path)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            kind = (content.pop("format"), content.pop("format_version"))
            if kind != (_FORMAT, _FORMAT_VERSION):
                raise ValueError
            content["options"] = ExampleOptions(**content["options"])
            content["shards"] = tuple(
                Shard(**shard) for shard in content["shards"]
            )
            if not all(is_file_name(s.file) for s in content["shards"]):
                raise ValueError  # shards are in the manifest's folder
            return cls(**content)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise ValueError(
                f"'{path}' must be a manifest of pretraining examples, "
                f"format {_FORMAT} {_FORMAT_VERSION}. Received: something else."
            ) from None


def sha256(data: bytes) -> str:
    """The SHA-256 of some bytes.

    Args:
        data: For a manifest, the `vocabulary_bytes` of the tokenizer.

    Returns:
        64 hexadecimal digits.
    """
    return hashlib.sha256(data).hexdigest()
