"""Text to the ids a model takes, in the graph."""

from typing import Any

import tensorflow as tf

from albert_keras.export.token_rows import column, encoder_inputs, keep
from albert_keras.text.graph_batches import GraphBatches
from albert_keras.text.graph_offsets import GraphOffsets
from albert_keras.text.graph_tokenizer import GraphTokenizer
from albert_keras.text.graph_wordpiece import GraphWordPieceTokenizer
from albert_keras.text.sentencepiece import SentencePieceTokenizer
from albert_keras.text.wordpiece import WordPieceTokenizer


class TextPacker:
    """Packs texts as `[CLS] text [SEP]`, padded to the batch's longest.

    A text that is longer than `max_length` takes loses its end. Of a pair,
    `[CLS] text [SEP] pair [SEP]`, the longer loses tokens, the second where
    both are equally long.

    Args:
        tokenizer: The tokenizer.
        max_length: Most tokens of a row, `[CLS]` and `[SEP]` among them.

    Attributes:
        vocabulary: What a saved model has to track; `None` if the vocabulary
            is a constant of the graph.
        locate: The `GraphOffsets` of the tokenizer; `None` for WordPiece.

    Call arguments:
        texts: String tensor `[batch]`.
        pairs: String tensor `[batch]`, the second of each pair, or None.

    Returns:
        The inputs of a backbone: int32 `token_ids`, `segment_ids` (1 for the
        second text) and `padding_mask`, each `[batch, length]`.
    """

    def __init__(
        self,
        tokenizer: SentencePieceTokenizer | WordPieceTokenizer,
        max_length: int,
    ) -> None:
        self.tokenizer = tokenizer
        self.max_length = max_length
        self.vocabulary: tf.Module | None = None
        self.locate: GraphOffsets | None = None
        self._graph_tokenizer: GraphBatches
        if isinstance(tokenizer, WordPieceTokenizer):
            self._graph_tokenizer = GraphWordPieceTokenizer(tokenizer)
        else:
            graph_tokenizer = GraphTokenizer(tokenizer)
            self._graph_tokenizer = graph_tokenizer
            self.vocabulary = graph_tokenizer.sentencepiece
            _create_by_one_function(self.vocabulary._model_resource)
            self.locate = GraphOffsets(graph_tokenizer, tokenizer)

    def __call__(
        self, texts: tf.Tensor, pairs: tf.Tensor | None = None
    ) -> dict[str, tf.Tensor]:
        first = self.tokenize(texts)
        if pairs is None:
            return self.pack(first[:, : self.max_length - 2])
        second = self.tokenize(pairs)
        lengths = first.row_lengths(), second.row_lengths()
        room = self.max_length - 3
        most = tf.maximum(room - lengths[1], -(-room // 2))
        kept = tf.minimum(lengths[0], most)
        return self.pack(
            keep(first, tf.zeros_like(kept), kept),
            keep(
                second,
                tf.zeros_like(kept),
                tf.minimum(lengths[1], room - kept),
            ),
        )

    def tokenize(self, texts: tf.Tensor) -> tf.RaggedTensor:
        """Token ids of each text, int32 `[batch, tokens]`."""
        return self._graph_tokenizer.tokenize(texts)

    def pack(
        self, first: tf.RaggedTensor, second: tf.RaggedTensor | None = None
    ) -> dict[str, tf.Tensor]:
        """Packs tokens that fit, one row each.

        Args:
            first: int32 `[rows, tokens]`.
            second: Likewise, the second segments, if there are any.
        """
        cls = column(self.tokenizer.cls_id, first.nrows())
        sep = column(self.tokenizer.sep_id, first.nrows())
        parts = [cls, first, sep]
        first_lengths = None
        if second is not None:
            parts += [second, sep]
            first_lengths = first.row_lengths() + 2
        return encoder_inputs(
            tf.concat(parts, axis=1),
            first_lengths,
            self.tokenizer.pad_id,
            self.max_length,
        )

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
