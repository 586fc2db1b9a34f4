"""The functions of google-research/albert's own `tokenization.py`.

The file is no part of this project: it is loaded from where it lies.
"""

import importlib.util
import sys
import types
from pathlib import Path

import sentencepiece as spm


class _Underline(bytes):
    """The file's `"▁".encode()`, which it compares to text.

    In Python 2, for which it was written, the two are equal.
    """

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            other = other.encode()
        return bytes(self) == other

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = bytes.__hash__


class _Processor(spm.SentencePieceProcessor):
    """SentencePiece as it was then: asked with bytes, it answers in text."""

    def EncodeAsPieces(self, text: str | bytes) -> list[str]:
        if isinstance(text, bytes):
            text = text.decode()
        return self.encode(text, out_type=str)


class Original:
    """Token ids as `tokenization.py` gives them.

    Args:
        path: The file.
        model: Path of the SentencePiece model.
        as_meant: Whether the comparison of text to bytes comes out as in
            Python 2. Otherwise the file is left as it is.
    """

    def __init__(self, path: Path, model: Path, *, as_meant: bool):
        # It needs TensorFlow 1 for its logging, and TensorFlow Hub.
        names = ("tensorflow", "tensorflow.compat", "tensorflow.compat.v1")
        stubs = {n: types.ModuleType(n) for n in (*names, "tensorflow_hub")}
        stubs["tensorflow.compat"].v1 = stubs["tensorflow.compat.v1"]
        before = {name: sys.modules.get(name) for name in stubs}
        spec = importlib.util.spec_from_file_location("original_albert", path)
        self._module = importlib.util.module_from_spec(spec)
        sys.modules.update(stubs)
        try:
            spec.loader.exec_module(self._module)
        finally:
            for name, module in before.items():
                if module is None:
                    del sys.modules[name]
                else:
                    sys.modules[name] = module
        if as_meant:
            underline = _Underline(self._module.SPIECE_UNDERLINE)
            self._module.SPIECE_UNDERLINE = underline
        self._processor = _Processor(model_file=str(model))

    def encode(self, text: str) -> list[int]:
        text = self._module.preprocess_text(text, lower=True)
        return self._module.encode_ids(self._processor, text)
