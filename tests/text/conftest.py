import sysconfig
from pathlib import Path

import pytest

from albert_keras.text.sentencepiece import SentencePieceTokenizer
from albert_keras.text.vocabulary import train_vocabulary

MODULES = ("argparse", "datetime", "decimal", "inspect", "statistics", "typing")
# Numbers before commas, so that the vocabulary has pieces of both, inside
# words as well, whatever this Python's library holds.
NUMBERS = [f"of {n}, {n}0, and x{n % 7}, or 1,{n}, in" for n in range(300)] * 3
NUMBERS += ["of 10, or x0, or 10, in x10,"] * 600


@pytest.fixture(scope="session")
def library_lines() -> list[str]:
    """The lines of some of the standard library's sources."""
    folder = Path(sysconfig.get_path("stdlib"))
    return [
        line
        for name in MODULES
        for line in (folder / f"{name}.py").read_text("utf-8").splitlines()
        if line.strip()
    ]


@pytest.fixture(scope="session")
def model_path(tmp_path_factory, library_lines) -> Path:
    """A vocabulary of 1,500 pieces, trained on them."""
    return train_vocabulary(
        library_lines + NUMBERS,
        tmp_path_factory.mktemp("vocabulary"),
        vocab_size=1500,
        held_out_share=0.0,
        show_progress=False,
    )


@pytest.fixture(scope="session")
def tokenizer(model_path) -> SentencePieceTokenizer:
    return SentencePieceTokenizer(model_path)
