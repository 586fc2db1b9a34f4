"""The tokenizer as a KerasHub layer."""

import os
from typing import Any

import keras
import keras_hub
from keras.src.saving.serialization_lib import in_safe_mode

from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.tokenizes_in_python import TokenizesInPython
from albert_keras.text.sentencepiece import SentencePieceTokenizer


@keras.saving.register_keras_serializable(package="albert_keras")
class AlbertTokenizer(
    TokenizesInPython, keras_hub.tokenizers.SentencePieceTokenizer
):
    """ALBERT's tokenizer: text to token ids and back, in Python and in graphs.

    KerasHub's `AlbertTokenizer` hands the raw text to SentencePiece: it
    neither lower-cases nor removes accents, knows no special symbols in the
    text and lacks ALBERT's rule for digits before a comma. This one does all
    of that, as `SentencePieceTokenizer` says in detail.

    Called on strings it runs as TensorFlow operations, eagerly as well, so it
    can be mapped over a `tf.data.Dataset` and saved in a model. `encode` and
    the methods with it run without TensorFlow and give the same ids.

    Args:
        proto: Path of a SentencePiece model, or its serialized bytes.
        lowercase: Whether text is lower-cased. `False` for a cased vocabulary.
        keep_accents: Whether combining characters are kept.
        replace_quotes: Whether `` and '' become ", as in Hugging Face's
            tokenizer and not in the original.
        special_symbols: Whether `[MASK]`, `[CLS]` and `[SEP]` in a text become
            their ids. `False` for text of people who are not trusted.
        **kwargs: As `keras_hub.tokenizers.SentencePieceTokenizer`. With
            `sequence_length` the result is dense, cut or padded. `add_bos`
            and `add_eos` are not for ALBERT, whose preprocessors put `[CLS]`
            and `[SEP]` around the text.

    Call arguments:
        inputs: Strings of any shape: a string, a list (of lists, of any
            lengths), an array or a tensor. Bytes are taken for UTF-8, and
            those that are not for U+FFFD.

    Returns:
        int32 ids of the text alone, one dimension more than `inputs`: a
        `tf.RaggedTensor`, or a `tf.Tensor` of shape `(None,)` for one string.

    Raises:
        FileNotFoundError: If there is no file at the path.
        ValueError: If the file is no SentencePiece model, or one without the
            special pieces, or if texts stand beside lists of texts.
        TypeError: If an input is no string.

    Example:

    ```python
    tokenizer = ak.AlbertTokenizer("spiece.model")
    tokenizer(["This is a test", "a [MASK]."])
    # <tf.RaggedTensor [[48, 25, 21, 1289], [21, 4, 9]]>
    tokenizer.pieces("a [MASK].")  # ["▁a", "[MASK]", "."]
    ```
    """

    backbone_cls = AlbertBackbone

    def __init__(
        self,
        proto: str | os.PathLike[str] | bytes | None = None,
        lowercase: bool = True,
        keep_accents: bool = False,
        replace_quotes: bool = False,
        special_symbols: bool = True,
        **kwargs: Any,
    ) -> None:
        # The base constructor sets the vocabulary, which needs these.
        self.lowercase = lowercase
        self.keep_accents = keep_accents
        self.replace_quotes = replace_quotes
        self.special_symbols = special_symbols
        self._add_special_token("[CLS]", "cls_token")
        self._add_special_token("[SEP]", "sep_token")
        self._add_special_token("<pad>", "pad_token")
        self._add_special_token("[MASK]", "mask_token")
        self._add_special_token("<unk>", "unk_token")
        # The names that KerasHub's packers look for.
        self._add_special_token("[CLS]", "start_token")
        self._add_special_token("[SEP]", "end_token")
        super().__init__(proto=proto, **kwargs)
        if self.compute_dtype != "int32":
            raise ValueError(
                "`dtype` must be 'int32', the type of token ids. Received: "
                f"dtype={self.compute_dtype!r}."
            )
        if self.add_bos or self.add_eos:
            raise ValueError(
                "`add_bos` and `add_eos` must be False: ALBERT has [CLS] and "
                "[SEP] instead, which the preprocessors add. Received: "
                f"add_bos={self.add_bos}, add_eos={self.add_eos}."
            )

    def set_proto(self, proto: str | os.PathLike[str] | bytes | None) -> None:
        """Sets the vocabulary.

        Args:
            proto: Path of a SentencePiece model, or its serialized bytes;
                `None` for none, until assets are loaded.
        """
        self._python_tokenizer: SentencePieceTokenizer | None = None
        if proto is None:
            super().set_proto(None)
            return
        if not isinstance(proto, bytes) and in_safe_mode():
            raise ValueError(
                "`proto` must not be a file outside of the saved model while "
                f"loading in safe mode. Received: {proto!r}."
            )
        self._python_tokenizer = SentencePieceTokenizer(
            proto, **self._text_options()
        )
        super().set_proto(self._python_tokenizer.proto)

    # The base class calls these two on the bytes of the model, and from then
    # on `tokenize` and `detokenize` of the first, in graphs.

    def _set_proto_tf(self, proto: bytes) -> None:
        from albert_keras.text.graph_tokenizer import GraphTokenizer

        self._sentence_piece = GraphTokenizer(self.python_tokenizer)

    def _set_proto_spm(self, proto: bytes) -> None:
        self._sentence_piece_spm = self.python_tokenizer.processor

    def tokenize(self, inputs):
        return self.tokenize_graph(inputs)

    def tokenize_graph(self, texts):
        """Token ids of each text, without any of Keras' machinery.

        To be called where a graph is built by hand, for an export. What holds
        the vocabulary there, and has to be tracked, is `graph_tokenizer`.

        Args:
            texts: As the layer's `inputs`.

        Returns:
            What the layer returns.
        """
        self._check_vocabulary()
        return self._sentence_piece.tokenize(texts, self.sequence_length)

    @property
    def python_tokenizer(self) -> SentencePieceTokenizer:
        """The tokenizer without TensorFlow, light enough for workers."""
        if self._python_tokenizer is None:
            raise ValueError(
                "AlbertTokenizer must have a vocabulary before it is used. "
                "Received: proto=None."
            )
        return self._python_tokenizer

    @property
    def graph_tokenizer(self):
        """The `tf.Module` that tokenizes in graphs."""
        self._check_vocabulary()
        return self._sentence_piece

    def _detokenize_spm(self, inputs):
        rows, is_batched = self._canonicalize_detokenize_spm_inputs(inputs)
        texts = [self.python_tokenizer.decode(ids) for ids in rows]
        return texts if is_batched else texts[0]

    def get_config(self):
        config = super().get_config()
        config.update(self._text_options())
        return config

    def _text_options(self) -> dict[str, bool]:
        return {
            "lowercase": self.lowercase,
            "keep_accents": self.keep_accents,
            "replace_quotes": self.replace_quotes,
            "special_symbols": self.special_symbols,
        }
