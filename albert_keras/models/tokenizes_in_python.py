"""What ALBERT's tokenizers do without TensorFlow."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from albert_keras.models.arguments import KnowsArguments
from albert_keras.models.preset import as_preset
from albert_keras.text.packing import pack
from albert_keras.text.sentencepiece import SentencePieceTokenizer
from albert_keras.text.wordpiece import WordPieceTokenizer


class TokenizesInPython(KnowsArguments):
    """Mixed into the tokenizer layers: the methods of `python_tokenizer`.

    They give the ids which the layer gives when it is called, fast for one
    text, without TensorFlow.
    """

    @classmethod
    def from_preset(cls, preset: str, **kwargs: Any) -> Any:
        """Load the tokenizer of a preset.

        Args:
            preset: As KerasHub's method; or the folder of a training run, or
                one of its checkpoints.
            **kwargs: Arguments of the constructor.
        """
        return super().from_preset(  # type: ignore[misc]
            as_preset(preset), **kwargs
        )

    @property
    def python_tokenizer(self) -> SentencePieceTokenizer | WordPieceTokenizer:
        """The tokenizer without TensorFlow."""
        raise NotImplementedError

    def encode(self, text: str | bytes) -> list[int]:
        """Token ids of the text alone; see `SentencePieceTokenizer.encode`."""
        return self.python_tokenizer.encode(text)

    def encode_batch(
        self, texts: Iterable[str | bytes], *, num_threads: int = 1
    ) -> list[list[int]]:
        """As `SentencePieceTokenizer.encode_batch`."""
        return self.python_tokenizer.encode_batch(
            texts, num_threads=num_threads
        )

    def pack(
        self,
        first: str | bytes | Sequence[str | bytes],
        second: str | bytes | Sequence[str | bytes] | None = None,
        **options: Any,
    ) -> dict[str, np.ndarray]:
        """Texts or pairs as arrays that a backbone takes, without TensorFlow.

        Args:
            first: A text, or a batch of them.
            second: The second text of each pair, if they are pairs.
            **options: As `albert_keras.text.packing.pack`: `max_length`,
                `truncation`, `padding`, `pad_to_multiple_of`,
                `return_offsets`, `num_threads`.

        Returns:
            Its dict of arrays: `"token_ids"`, `"segment_ids"`,
            `"padding_mask"`, and `"offsets"` if asked for.

        Example:

        ```python
        question, passage = "Who wrote it?", "It was written by Ann."
        packed = tokenizer.pack(
            [question], [passage], max_length=384, truncation="only_second"
        )
        backbone.predict(packed)["sequence_output"]  # [1, 15, hidden_dim]
        ```
        """
        return pack(self.python_tokenizer, first, second, **options)

    def pieces(self, text: str | bytes) -> list[str]:
        """As `SentencePieceTokenizer.pieces`."""
        return self.python_tokenizer.pieces(text)

    def decode(self, ids: Sequence[int]) -> str:
        """As `SentencePieceTokenizer.decode`."""
        return self.python_tokenizer.decode(ids)

    def offsets(self, text: str | bytes) -> list[tuple[int, int]]:
        """As `SentencePieceTokenizer.offsets`."""
        return self.python_tokenizer.offsets(text)
