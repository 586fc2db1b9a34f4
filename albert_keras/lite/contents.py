"""Reading what is packed with a .tflite model."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from albert_keras.artefact_names import (
    LABELS_FILE,
    MODEL_FILE,
    SENTENCE_PIECE_FILE,
)
from albert_keras.lite.associated_files import read_files
from albert_keras.text.raw_text_model import takes_normalized_text
from albert_keras.text.sentencepiece import SentencePieceTokenizer
from albert_keras.text.wordpiece import WordPieceTokenizer


class LiteContents:
    """What a file that `ak.export.tflite` wrote holds beside the model.

    It is an archive behind the model, which any reader of ZIP files opens.

    Args:
        path: The .tflite file.

    Attributes:
        description: `albert.json`: the `model`'s class, its `config`,
            `sequence_length` (null where it may be resized), `quantization`,
            `versions`; `text`, how ids are made of a text, and `vocabulary`,
            the file of its pieces and its SHA-256, null where there is none.
        labels: Names of the classes, in order; None for a model without.
        files: All files by name, as bytes.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: Nothing is packed with the model, or it is damaged.

    Example:

    ```python
    contents = ak.export.LiteContents("albert.tflite")
    contents.description["sequence_length"]  # 128
    contents.tokenizer().encode("a fine film")
    ```
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = Path(path)
        try:
            self.files = read_files(self.path.read_bytes(), MODEL_FILE)
        except ValueError as error:
            raise ValueError(f"`{self.path}` is damaged. {error}") from None
        if MODEL_FILE not in self.files:
            raise ValueError(
                f"`{self.path}` must be a file that `ak.export.tflite` wrote. "
                f"Received: one without {MODEL_FILE}."
            )
        self.description: dict[str, Any] = json.loads(self.files[MODEL_FILE])
        self.labels: list[str] | None = None
        if LABELS_FILE in self.files:
            self.labels = self.files[LABELS_FILE].decode().split("\n")[:-1]

    def tokenizer(
        self, vocabulary: str | os.PathLike | None = None
    ) -> SentencePieceTokenizer | WordPieceTokenizer:
        """What makes ids of texts for the model.

        Args:
            vocabulary: A vocabulary beside the file; by default the one that
                is packed.

        Returns:
            A tokenizer that gives the ids of the one the model was exported
            with, in Python and without TensorFlow.

        Raises:
            FileNotFoundError: There is no file `vocabulary`.
            ValueError: No vocabulary is packed, or it is not the one that the
                model was exported with.
        """
        expected = self.description["vocabulary"]
        if expected is None:
            raise ValueError(
                f"`{self.path}` must hold a vocabulary to make ids of texts. "
                "Received: a model that was exported without one."
            )
        name = expected["file"]
        if vocabulary is None:
            proto = self.files.get(name, b"")
            origin = f"{name} in `{self.path}`"
        else:
            proto = Path(vocabulary).read_bytes()
            origin = f"`{vocabulary}`"
        digest = hashlib.sha256(proto).hexdigest()
        known = (expected["sha256"], expected["original_sha256"])
        if digest not in known:
            raise ValueError(
                f"{origin} must be the vocabulary that the model was exported "
                f"with, with the SHA-256 {' or '.join(sorted(set(known)))}. "
                f"Received: {digest}."
            )
        options = dict(self.description["text"])
        del options["max_tokens"]
        if name != SENTENCE_PIECE_FILE:
            return WordPieceTokenizer(proto.decode().splitlines(), **options)
        if digest == expected["sha256"]:
            proto = takes_normalized_text(proto)
        return SentencePieceTokenizer(proto, **options)
