"""Text to the ids a model takes, in the graph."""

from typing import Any

import tensorflow as tf

from albert_keras.text.graph_batches import GraphBatches
from albert_keras.text.graph_tokenizer import GraphTokenizer
from albert_keras.text.graph_wordpiece import GraphWordPieceTokenizer
from albert_keras.text.sentencepiece import SentencePieceTokenizer
from albert_keras.text.wordpiece import WordPieceTokenizer

# Few lengths rather than any: oneDNN prepares a kernel for each shape it meets.
_LENGTH_MULTIPLE = 8


class TextPacker:
    """Packs each text as `[CLS] text [SEP]`, padded to the batch's longest.

    The length is rounded up to a multiple of 8, and is never more than
    `max_length`: a longer text loses its end, `[SEP]` stays.

    Args:
        tokenizer: The tokenizer.
        max_length: Most tokens of a row, `[CLS]` and `[SEP]` among them.

    Attributes:
        vocabulary: What a saved model has to track; `None` if the vocabulary
            is a constant of the graph.

    Call arguments:
        texts: String tensor `[batch]`.

    Returns:
        The inputs of a backbone: int32 `token_ids`, `segment_ids` (all 0) and
        `padding_mask`, each `[batch, length]`.
    """

    def __init__(
        self,
        tokenizer: SentencePieceTokenizer | WordPieceTokenizer,
        max_length: int,
    ) -> None:
        self.tokenizer = tokenizer
        self.max_length = max_length
        self.vocabulary: tf.Module | None = None
        self._graph_tokenizer: GraphBatches
        if isinstance(tokenizer, WordPieceTokenizer):
            self._graph_tokenizer = GraphWordPieceTokenizer(tokenizer)
        else:
            self._graph_tokenizer = GraphTokenizer(tokenizer)
            self.vocabulary = self._graph_tokenizer.sentencepiece
            _create_by_one_function(self.vocabulary._model_resource)

    def __call__(self, texts: tf.Tensor) -> dict[str, tf.Tensor]:
        tokens = self._graph_tokenizer.tokenize(texts)
        first = tf.fill([tokens.nrows(), 1], self.tokenizer.cls_id)
        last = tf.fill([tokens.nrows(), 1], self.tokenizer.sep_id)
        rows = tf.concat(
            [first, tokens[:, : self.max_length - 2], last], axis=1
        )
        lengths = rows.row_lengths()
        # A batch may be empty, and a row never is.
        longest = tf.reduce_max(tf.concat([lengths, [1]], axis=0))
        width = -(-longest // _LENGTH_MULTIPLE) * _LENGTH_MULTIPLE
        width = tf.minimum(width, self.max_length)
        token_ids = rows.to_tensor(
            self.tokenizer.pad_id, shape=tf.stack([rows.nrows(), width])
        )
        return {
            "token_ids": token_ids,
            "segment_ids": tf.zeros_like(token_ids),
            "padding_mask": tf.sequence_mask(lengths, width, tf.int32),
        }

    def pieces(self, token_ids: tf.Tensor) -> tf.Tensor:
        """The pieces that ids stand for, as a string tensor."""
        return self._graph_tokenizer.pieces(token_ids)


def _create_by_one_function(resource: Any) -> None:
    """Lets a saved model hold the vocabulary once.

    A SavedModel creates a resource in two places, one for Python and one for
    sessions such as TF Serving's, and the vocabulary is a constant of the
    operation that does it. A function that both call stands there once.
    """
    create = tf.function(resource._create_resource, autograph=False)
    resource._create_resource = create.get_concrete_function()
