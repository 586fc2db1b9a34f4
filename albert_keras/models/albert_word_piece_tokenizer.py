"""The tokenizer of the Chinese models as a KerasHub layer."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import keras_hub
from keras.src.saving.serialization_lib import in_safe_mode
from keras_hub.src.tokenizers.word_piece_tokenizer import VOCAB_FILENAME
from keras_hub.src.utils.tensor_utils import (
    canonicalize_python_token_inputs,
    convert_to_ragged_batch,
    in_tf_function,
)

from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.tokenizes_in_python import TokenizesInPython
from albert_keras.text.wordpiece import WordPieceTokenizer
from albert_keras.text.wordpiece_vocabulary import PAD_PIECE, UNK_PIECE


@keras.saving.register_keras_serializable(package="albert_keras")
class AlbertWordPieceTokenizer(
    TokenizesInPython, keras_hub.tokenizers.Tokenizer
):
    """The tokenizer of ALBERT models with a `vocab.txt`, the Chinese ones.

    It takes the place of an `ak.AlbertTokenizer` everywhere: in the
    preprocessors, in presets, in `ak.FillMask`. `WordPieceTokenizer` says in
    detail how text is cut; KerasHub's tokenizer of that name folds case, drops
    characters that Unicode calls ignorable, and takes words for unknown that
    have more than 100 bytes.

    Called on strings it runs as TensorFlow operations, eagerly as well, so it
    can be mapped over a `tf.data.Dataset` and saved in a model. `encode` and
    the methods with it run without TensorFlow and give the same ids.

    Args:
        vocabulary: Path of a `vocab.txt`, or its pieces in the order of their
            ids.
        lowercase: Whether text is lower-cased. `False` for a cased vocabulary.
        keep_accents: Whether accents are kept. `True` for a cased vocabulary.
        special_symbols: Whether `[MASK]`, `[CLS]` and `[SEP]` in a text become
            their ids. `False` for text of people who are not trusted.
        sequence_length: If given, the result is dense, cut or padded to so
            many tokens.
        **kwargs: As `keras_hub.tokenizers.Tokenizer`.

    Call arguments:
        inputs: Strings of any shape: a string, a list (of lists, of any
            lengths), an array or a tensor. Bytes are taken for UTF-8.

    Returns:
        int32 ids of the text alone, one dimension more than `inputs`: a
        `tf.RaggedTensor`, or a `tf.Tensor` of shape `(None,)` for one string.

    Raises:
        FileNotFoundError: If there is no file at the path.
        ValueError: If the file is empty or not UTF-8, a piece occurs twice or
            one of the special pieces is missing, or if texts stand beside
            lists of texts.
        TypeError: If an input is no string.

    Example:

    ```python
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "有", "層"]
    tokenizer = ak.AlbertWordPieceTokenizer(pieces)  # or a vocab.txt
    tokenizer(["有[MASK]層。", ""])
    # <tf.RaggedTensor [[5, 4, 6, 1], []]>
    tokenizer.decode([5, 4, 6])  # "有[MASK]層"
    ```
    """

    backbone_cls = AlbertBackbone

    def __init__(
        self,
        vocabulary: str | os.PathLike[str] | Sequence[str] | None = None,
        lowercase: bool = True,
        keep_accents: bool = False,
        special_symbols: bool = True,
        sequence_length: int | None = None,
        dtype: Any = "int32",
        **kwargs: Any,
    ) -> None:
        super().__init__(dtype=dtype, **kwargs)
        if self.compute_dtype != "int32":
            raise ValueError(
                "`dtype` must be 'int32', the type of token ids. Received: "
                f"dtype={self.compute_dtype!r}."
            )
        self.lowercase = lowercase
        self.keep_accents = keep_accents
        self.special_symbols = special_symbols
        self.sequence_length = sequence_length
        self._python_tokenizer: WordPieceTokenizer | None = None
        self._add_special_token("[CLS]", "cls_token")
        self._add_special_token("[SEP]", "sep_token")
        self._add_special_token(PAD_PIECE, "pad_token")
        self._add_special_token("[MASK]", "mask_token")
        self._add_special_token(UNK_PIECE, "unk_token")
        # The names that KerasHub's packers look for.
        self._add_special_token("[CLS]", "start_token")
        self._add_special_token("[SEP]", "end_token")
        self.file_assets = [VOCAB_FILENAME]
        self.set_vocabulary(vocabulary)

    def set_vocabulary(
        self, vocabulary: str | os.PathLike[str] | Sequence[str] | None
    ) -> None:
        """Sets the vocabulary.

        Args:
            vocabulary: Path of a `vocab.txt`, or its pieces; `None` for none,
                until assets are loaded.
        """
        from albert_keras.text.graph_wordpiece import GraphWordPieceTokenizer

        if vocabulary is None:
            self._python_tokenizer = self._graph_tokenizer = None
            return
        if isinstance(vocabulary, str | os.PathLike) and in_safe_mode():
            raise ValueError(
                "`vocabulary` must not be a file outside of the saved model "
                f"while loading in safe mode. Received: {vocabulary!r}."
            )
        self._python_tokenizer = WordPieceTokenizer(
            vocabulary, **self._text_options()
        )
        # Now and not when it is first used, which may be in some graph.
        self._graph_tokenizer = GraphWordPieceTokenizer(self._python_tokenizer)
        self._update_special_token_ids()

    @property
    def python_tokenizer(self) -> WordPieceTokenizer:
        """The tokenizer without TensorFlow, light enough for workers."""
        if self._python_tokenizer is None:
            raise _no_vocabulary()
        return self._python_tokenizer

    @property
    def graph_tokenizer(self):
        """The `tf.Module` that tokenizes in graphs."""
        if self._graph_tokenizer is None:
            raise _no_vocabulary()
        return self._graph_tokenizer

    def tokenize(self, inputs):
        return self.tokenize_graph(inputs)

    def tokenize_graph(self, texts):
        """Token ids of each text, without any of Keras' machinery.

        To be called where a graph is built by hand, for an export. What holds
        the vocabulary there is `graph_tokenizer`.

        Args:
            texts: As the layer's `inputs`.

        Returns:
            What the layer returns.
        """
        return self.graph_tokenizer.tokenize(texts, self.sequence_length)

    def detokenize(self, inputs):
        """The texts that token ids stand for; see `WordPieceTokenizer.decode`.

        Args:
            inputs: Ids of one text or of a batch: lists, an array, a tensor
                or a `tf.RaggedTensor`.

        Returns:
            A string or a list of strings; in a graph, a string tensor.
        """
        if in_tf_function():
            batch, is_single, _ = convert_to_ragged_batch(inputs)
            found = self.graph_tokenizer.detokenize(batch)
            return found[0] if is_single else found
        rows, is_batched = canonicalize_python_token_inputs(inputs)
        texts = [self.decode(ids) for ids in rows]
        return texts if is_batched else texts[0]

    def call(self, inputs, *args, training=None, **kwargs):
        # Unlike the base class', which makes lists of ragged tensors.
        return self.tokenize(inputs, *args, **kwargs)

    def compute_output_spec(self, input_spec):
        return keras.KerasTensor(
            (*input_spec.shape, self.sequence_length), dtype=self.compute_dtype
        )

    def get_vocabulary(self) -> list[str]:
        """The pieces, in the order of their ids."""
        return list(self.python_tokenizer.vocabulary)

    def vocabulary_size(self) -> int:
        """How many pieces there are."""
        return self.python_tokenizer.vocabulary_size

    def id_to_token(self, id: int) -> str:
        """As `WordPieceTokenizer.id_to_piece`."""
        return self.python_tokenizer.id_to_piece(id)

    def token_to_id(self, token: str) -> int:
        """As `WordPieceTokenizer.piece_to_id`."""
        return self.python_tokenizer.piece_to_id(token)

    def save_assets(self, dir_path, name=VOCAB_FILENAME):
        (Path(dir_path) / name).write_text(
            "".join(f"{piece}\n" for piece in self.get_vocabulary()),
            encoding="utf-8",
            newline="",
        )

    def load_assets(self, dir_path):
        self.set_vocabulary(os.path.join(dir_path, VOCAB_FILENAME))

    def get_config(self):
        config = super().get_config()
        config.update(
            {
                "vocabulary": None,  # it is an asset
                "sequence_length": self.sequence_length,
                **self._text_options(),
            }
        )
        return config

    def _text_options(self) -> dict[str, bool]:
        return {
            "lowercase": self.lowercase,
            "keep_accents": self.keep_accents,
            "special_symbols": self.special_symbols,
        }


def _no_vocabulary() -> ValueError:
    return ValueError(
        "AlbertWordPieceTokenizer must have a vocabulary before it is used. "
        "Received: vocabulary=None."
    )
