"""ALBERT's SentencePiece tokenizer as TensorFlow operations."""

from __future__ import annotations

import hashlib
import re

import numpy as np
import tensorflow as tf
import tensorflow_text as tf_text
from tensorflow_text.python.ops.sentencepiece_tokenizer import (
    gen_sentencepiece_tokenizer,
)

from albert_keras.text.graph_batches import GraphBatches
from albert_keras.text.normalization import graph_normalize
from albert_keras.text.piece_rules import WORD_START
from albert_keras.text.segments import SPECIAL_SYMBOLS, graph_split_segments
from albert_keras.text.sentencepiece import SentencePieceTokenizer


class _SharedVocabulary(tf.saved_model.experimental.TrackableResource):
    """A vocabulary that `tf.random.set_seed` does not throw away.

    TensorFlow Text leaves it to the operation that read it, one of those which
    TensorFlow clears when a seed is set; every later call then fails. Under a
    name of its own it stays, once for each vocabulary of the process.

    Args:
        proto: the serialized SentencePiece model.
    """

    def __init__(self, proto: bytes):
        super().__init__()
        self._proto = proto
        _ = self.resource_handle  # made now

    def _create_resource(self) -> tf.Tensor:
        digest = hashlib.sha256(self._proto).hexdigest()
        return gen_sentencepiece_tokenizer.sentencepiece_op(
            model=self._proto, shared_name=f"albert_keras_{digest}"
        )


class GraphTokenizer(GraphBatches):
    """The graph twin of a `SentencePieceTokenizer`: same text, same ids.

    The SentencePiece model is held once, in the resource of the attribute
    `sentencepiece`. A `tf.Module` that holds this one can be saved with
    `tf.saved_model.save`; to load it again takes `import tensorflow_text` and
    nothing of this project. The operations are those which TF Serving links.

    Of segmentations that score exactly the same, as `0000` + `000` and `000` +
    `0000` do, both sides take the one that SentencePiece's search meets first.
    It meets the same one in the 0.1.96 that TensorFlow Text carries and in all
    releases up to 0.2.1; later ones search in another order, which is why this
    project holds SentencePiece below 0.2.2.

    Args:
        tokenizer: The Python twin.

    Example:

    ```python
    python = SentencePieceTokenizer("spiece.model")
    graph = GraphTokenizer(python)
    graph.tokenize(tf.constant(["This is a test", "a [MASK]."]))
    # <tf.RaggedTensor [[48, 25, 21, 1289], [21, 4, 9]]>
    ```
    """

    def __init__(self, tokenizer: SentencePieceTokenizer):
        super().__init__(tokenizer)
        self.sentencepiece = tf_text.SentencepieceTokenizer(
            model=tokenizer.proto, out_type=tf.int32
        )
        self.sentencepiece._model_resource = _SharedVocabulary(tokenizer.proto)
        self._python = tokenizer
        rules = sorted(tokenizer.digit_comma_ids.items())
        self._comma_ids = np.array([i for i, _ in rules], dtype="int32")
        self._comma_splits = np.cumsum(
            [0, *(len(ids) for _, ids in rules)], dtype="int64"
        )
        self._comma_values = np.array(
            [i for _, ids in rules for i in ids], dtype="int32"
        )

    def _tokenize_batch(self, texts: tf.Tensor) -> tf.RaggedTensor:
        segments = graph_split_segments(
            texts, at_symbols=self._python.special_symbols
        )
        flat = graph_normalize(
            segments.texts.flat_values, **self._python.normalization
        )
        marked = tf.where(
            segments.continues, self._python.boundary + flat, flat
        )
        tokens = _drop_first(
            self.sentencepiece.tokenize(marked),
            tf.where(segments.continues, self._python.boundary_length, 0),
        )
        tokens = self._split_digit_commas(tokens)
        tokens = tf.concat([self._symbols(segments.symbols), tokens], axis=1)
        return segments.texts.with_flat_values(tokens).merge_dims(1, 2)

    def pieces(self, ids: tf.Tensor) -> tf.Tensor:
        return self.sentencepiece.id_to_string(ids)

    def detokenize(self, ids: tf.RaggedTensor) -> tf.Tensor:
        """The normalised text that token ids stand for.

        As `SentencePieceTokenizer.decode`.

        Args:
            ids: int32 `RaggedTensor` of shape `(batch, None)`.

        Returns:
            String tensor of shape `(batch,)`.
        """
        flat = ids.flat_values
        pieces = self.pieces(flat)
        pieces = tf.where(flat == self._python.unk_id, " ⁇ ", pieces)
        pieces = tf.where(flat == self._python.pad_id, "", pieces)
        is_symbol = tf.reduce_any(flat[:, None] == self._symbol_ids, axis=1)
        pieces = tf.where(is_symbol, WORD_START + pieces, pieces)
        texts = tf.strings.reduce_join(ids.with_flat_values(pieces), axis=-1)
        # SentencePiece shows nothing of the spaces that text begins with; what
        # follows a symbol is a text of its own.
        symbols = "|".join(map(re.escape, SPECIAL_SYMBOLS))
        texts = tf.strings.regex_replace(
            texts, f"({symbols}){WORD_START}+", rf"\1{WORD_START}"
        )
        texts = tf.strings.regex_replace(texts, f"^{WORD_START}+", "")
        return tf.strings.regex_replace(texts, WORD_START, " ")

    def _split_digit_commas(self, tokens: tf.RaggedTensor) -> tf.RaggedTensor:
        if not self._comma_ids.size:
            return tokens
        flat = tokens.flat_values
        rule = tf.minimum(
            tf.searchsorted(self._comma_ids, flat), self._comma_ids.size - 1
        )
        applies = tf.gather(self._comma_ids, rule) == flat
        # Each token is replaced by a stretch of this: its rule's, or itself.
        pool = tf.concat([self._comma_values, flat], axis=0)
        itself = self._comma_values.size + tf.range(
            tf.size(flat, out_type=tf.int64)
        )
        starts = tf.where(applies, tf.gather(self._comma_splits, rule), itself)
        ends = tf.where(
            applies, tf.gather(self._comma_splits, rule + 1), itself + 1
        )
        split = tf.gather(pool, tf.ragged.range(starts, ends))
        return tokens.with_flat_values(split).merge_dims(1, 2)


def _drop_first(tokens: tf.RaggedTensor, counts: tf.Tensor) -> tf.RaggedTensor:
    """`tokens` without the first `counts[i]` of row `i`."""
    starts = tokens.row_starts() + tf.cast(counts, tf.int64)
    return tf.gather(
        tokens.flat_values, tf.ragged.range(starts, tokens.row_limits())
    )
