"""Runs google-research/albert's `create_pretraining_data.py` as it is.

    python benchmarks/examples/run_original.py CHECKOUT --input_file=... ...

The checkout stays as it is, and its flags are its own. What it needs and
Python 3 or TensorFlow 2 do not have any more is put in its way first.
"""

import runpy
import sys
import types

import sentencepiece as spm


def main() -> None:
    checkout, *flags = sys.argv[1:]
    # It imports itself as `albert`, whatever the folder is called.
    package = types.ModuleType("albert")
    package.__path__ = [checkout]
    # Its tokenization imports TensorFlow Hub, which making data never calls.
    sys.modules |= {
        "albert": package,
        "tensorflow_hub": types.ModuleType("tensorflow_hub"),
    }
    spm.SentencePieceProcessor.EncodeAsPieces = encode_as_pieces
    sys.argv = ["create_pretraining_data.py", *flags]
    # `tf.app.run` looks for its `main` in the module of this name.
    runpy.run_module(
        "albert.create_pretraining_data", run_name="__main__", alter_sys=True
    )


def encode_as_pieces(
    self: spm.SentencePieceProcessor, text: str | bytes
) -> list[str]:
    """As SentencePiece was then: asked with bytes, it answers in text."""
    if isinstance(text, bytes):
        text = text.decode()
    return self.encode(text, out_type=str)


if __name__ == "__main__":
    main()
