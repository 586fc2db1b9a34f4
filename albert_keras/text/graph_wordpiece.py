"""The tokenizer of the Chinese ALBERT models as TensorFlow operations."""

from __future__ import annotations

import tensorflow as tf
import tensorflow_text as tf_text

from albert_keras.text.basic_tokenization import graph_split_words
from albert_keras.text.graph_batches import GraphBatches
from albert_keras.text.segments import graph_split_segments
from albert_keras.text.wordpiece import (
    LONGEST_WORD,
    SPACED_CHINESE,
    WordPieceTokenizer,
)
from albert_keras.text.wordpiece_vocabulary import SUFFIX_MARK, UNK_PIECE


class GraphWordPieceTokenizer(GraphBatches):
    """The graph twin of a `WordPieceTokenizer`: same text, same ids.

    The vocabulary is a constant in the graph, in the form which TensorFlow
    Text's `FastWordpieceTokenizer` has made of it. A `tf.Module` that holds
    this one can be saved with `tf.saved_model.save`; to load it again takes
    `import tensorflow_text` and nothing of this project. The operations are
    those which TF Serving links.

    Args:
        tokenizer: The Python twin.

    Example:

    ```python
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "有", "層"]
    graph = GraphWordPieceTokenizer(WordPieceTokenizer(pieces))
    graph.tokenize(tf.constant(["有[MASK]層。", ""]))
    # <tf.RaggedTensor [[5, 4, 6, 1], []]>
    ```
    """

    def __init__(self, tokenizer: WordPieceTokenizer):
        super().__init__(tokenizer)
        self._python = tokenizer
        # The constants are to be made outside of any graph, for all graphs.
        with tf.init_scope():
            self._wordpiece = tf_text.FastWordpieceTokenizer(
                tokenizer.vocabulary,
                suffix_indicator=SUFFIX_MARK,
                unknown_token=UNK_PIECE,
                # What is longer, in characters, is taken out before.
                max_bytes_per_word=LONGEST_WORD * len("𠀀".encode()),
                no_pretokenization=True,
                token_out_type=tf.int32,
            )
            self._pieces = tf.constant(tokenizer.vocabulary)

    def _tokenize_batch(self, texts: tf.Tensor) -> tf.RaggedTensor:
        segments = graph_split_segments(
            texts, at_symbols=self._python.special_symbols
        )
        words = graph_split_words(
            segments.texts.flat_values, **self._python.normalization
        )
        lengths = tf.strings.length(words.flat_values, unit="UTF8_CHAR")
        known = tf.where(lengths > LONGEST_WORD, UNK_PIECE, words.flat_values)
        tokens = words.with_flat_values(self._wordpiece.tokenize(known))
        tokens = tf.concat(
            [self._symbols(segments.symbols), tokens.merge_dims(1, 2)], axis=1
        )
        return segments.texts.with_flat_values(tokens).merge_dims(1, 2)

    def pieces(self, ids: tf.Tensor) -> tf.Tensor:
        return tf.gather(self._pieces, ids)

    def detokenize(self, ids: tf.RaggedTensor) -> tf.Tensor:
        """The text that token ids stand for.

        As `WordPieceTokenizer.decode`.

        Args:
            ids: int32 `RaggedTensor` of shape `(batch, None)`.

        Returns:
            String tensor of shape `(batch,)`.
        """
        kept = tf.ragged.boolean_mask(ids, ids != self._python.pad_id)
        pieces = kept.with_flat_values(self.pieces(kept.flat_values))
        texts = tf.strings.reduce_join(pieces, axis=-1, separator=" ")
        texts = tf.strings.regex_replace(texts, f" {SUFFIX_MARK}", "")
        return tf.strings.regex_replace(texts, SPACED_CHINESE, r"\1")
