import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import pytest

from albert_keras.pretraining.docstrings import docstring_documents
from albert_keras.text.sentencepiece import SentencePieceTokenizer
from albert_keras.text.vocabulary import train_vocabulary


class WordTokenizer:
    """One id a word, so that what stands where can be read off the ids.

    "7" has the id 10 + 7 and begins a word; "7x" has the id 510 + 7 and
    goes on with the word before it. "[MASK]" has its id, as in the real one.
    """

    vocabulary_size = 1010
    suffix_mark = ""
    pad_id, unk_id, cls_id, sep_id, mask_id = range(5)

    def id_to_piece(self, token_id: int) -> str:
        return f"▁{token_id}" if token_id < 510 else "x"

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        return [[self._id(word) for word in text.split()] for text in texts]

    def _id(self, word: str) -> int:
        if word == "[MASK]":
            return self.mask_id
        return 510 + int(word[:-1]) if word.endswith("x") else 10 + int(word)


@pytest.fixture
def word_tokenizer() -> WordTokenizer:
    return WordTokenizer()


@pytest.fixture(scope="session")
def library_documents() -> list[list[str]]:
    """Real text that every machine has: docstrings of two packages."""
    library = Path(sysconfig.get_path("stdlib"))
    found = docstring_documents(
        [library / "json", library / "asyncio"],
        processes=1,
        show_progress=False,
    )
    return [sentences for _, sentences in found]


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory, library_documents) -> SentencePieceTokenizer:
    """A vocabulary of 600 pieces, trained on that text."""
    return SentencePieceTokenizer(
        train_vocabulary(
            [text for document in library_documents for text in document],
            tmp_path_factory.mktemp("vocabulary"),
            vocab_size=600,
            show_progress=False,
        )
    )


@pytest.fixture(scope="session")
def write_corpus() -> Callable[[Path, list[list[str]]], Path]:
    def write(path: Path, documents: list[list[str]]) -> Path:
        text = "\n\n".join("\n".join(document) for document in documents)
        path.write_text(text + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def large_corpus(tmp_path_factory, library_documents, write_corpus) -> Path:
    """Enough text for several chunks: the documents, over and over."""
    rng = Random(0)
    documents = [
        rng.sample(document, len(document))
        for document in library_documents * 12
    ]
    path = tmp_path_factory.mktemp("corpus") / "large.txt"
    return write_corpus(path, documents)
