"""What the tokenizers in the graph have in common."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import tensorflow as tf

from albert_keras.text.inputs import as_string_tensor
from albert_keras.text.segments import SPECIAL_SYMBOLS


class PythonTwin(Protocol):
    """What a tokenizer in the graph asks of the one in Python."""

    pad_id: int

    def piece_to_id(self, piece: str) -> int:
        """The id of a piece."""
        ...


class GraphBatches(tf.Module):
    """Tokenizes strings of any shape by tokenizing batches of them.

    A subclass says how in `_tokenize_batch`, and what ids stand for in
    `pieces`.

    Args:
        tokenizer: The Python twin.
    """

    def __init__(self, tokenizer: PythonTwin):
        super().__init__()
        self._pad_id = tokenizer.pad_id
        self._symbol_ids = np.array(
            [tokenizer.piece_to_id(symbol) for symbol in SPECIAL_SYMBOLS],
            dtype="int32",
        )
        # One traced call instead of some sixty small ones: in eager mode it
        # takes 2 ms and not 40.
        self._tokenize = tf.function(
            self._tokenize_batch,
            input_signature=[tf.TensorSpec([None], tf.string)],
            autograph=False,
        )

    def tokenize(
        self,
        texts: tf.Tensor | tf.RaggedTensor,
        sequence_length: int | None = None,
    ) -> tf.RaggedTensor | tf.Tensor:
        """Token ids of each text.

        Args:
            texts: String tensor of any shape, dense or ragged, UTF-8, or what
                `as_string_tensor` makes one of.
            sequence_length: If given, each text is cut or padded to so many
                tokens.

        Returns:
            int32 ids, with one dimension more than `texts`: a `RaggedTensor`,
            or a `Tensor` if `texts` is scalar or `sequence_length` is given.
        """
        texts = as_string_tensor(texts)
        if texts.shape.rank == 0:
            return self.tokenize(texts[None], sequence_length)[0]
        tokens = self._tokenize_any(texts)
        if sequence_length is None:
            return tokens
        return tokens.to_tensor(
            default_value=self._pad_id,
            shape=[None] * texts.shape.rank + [sequence_length],
        )

    def _tokenize_any(
        self, texts: tf.Tensor | tf.RaggedTensor
    ) -> tf.RaggedTensor:
        if isinstance(texts, tf.RaggedTensor):
            return texts.with_flat_values(self._tokenize_any(texts.flat_values))
        if texts.shape.rank > 1:
            return self._tokenize_any(
                tf.RaggedTensor.from_tensor(
                    texts, ragged_rank=texts.shape.rank - 1
                )
            )
        return self._tokenize(texts)

    def _tokenize_batch(self, texts: tf.Tensor) -> tf.RaggedTensor:
        """Token ids of texts of shape `(batch,)`."""
        raise NotImplementedError

    def pieces(self, ids: tf.Tensor) -> tf.Tensor:
        """The pieces that ids stand for.

        Args:
            ids: int32 tensor of any shape.

        Returns:
            String tensor of the same shape.
        """
        raise NotImplementedError

    def _symbols(self, symbols: tf.Tensor) -> tf.RaggedTensor:
        """The id of the special symbol before each segment, if there is one."""
        is_symbol = tf.not_equal(symbols, 0)
        return tf.RaggedTensor.from_row_lengths(
            tf.gather(
                self._symbol_ids, tf.boolean_mask(symbols, is_symbol) - 1
            ),
            tf.cast(is_symbol, tf.int64),
            validate=False,
        )
