"""Training a SentencePiece vocabulary with ALBERT's settings."""

import contextlib
import hashlib
import importlib.metadata
import json
import os
import platform
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from albert_keras import __version__
from albert_keras.text.corpus import read_text_lines, text_files
from albert_keras.text.fertility import measure_fertility
from albert_keras.text.held_out import HeldOut
from albert_keras.text.sentencepiece import SentencePieceTokenizer
from albert_keras.text.sentences import LONGEST_LINE, Sentences
from albert_keras.text.trainer_process import TrainerError, train_unigram
from albert_keras.text.vocabulary_settings import trainer_settings
from albert_keras.whole_files import filled_whole

MODEL_NAME = "spiece.model"
DESCRIPTION_NAME = "vocabulary.json"
FILE_NAMES = ("spiece.vocab", DESCRIPTION_NAME, MODEL_NAME)

_SENTENCES_A_REPORT = 5000


def train_vocabulary(
    texts_or_files: Iterable[str | os.PathLike[str]],
    out_dir: str | os.PathLike[str],
    *,
    vocab_size: int = 30_000,
    lowercase: bool = True,
    keep_accents: bool = False,
    character_coverage: float = 0.99995,
    input_sentence_size: int = 10_000_000,
    hard_vocab_limit: bool = True,
    seed: int = 12345,
    held_out_share: float = 0.01,
    held_out_files: Iterable[str | os.PathLike[str]] = (),
    overwrite: bool = False,
    show_progress: bool = True,
) -> Path:
    """Trains a SentencePiece vocabulary as ALBERT's was trained.

    The corpus is streamed; held in memory are the sentences that
    SentencePiece samples, in a process of its own. Some sentences are held
    out of training, and the vocabulary is measured on them (see `Fertility`).

    The defaults are those of English ALBERT. For any other language take
    `keep_accents=True`: else German `für` becomes `fur`, Japanese `が` becomes
    `か` and Arabic `أ` becomes `ا`. For German, whose nouns are known by their
    capitals, add `lowercase=False`. Each character costs a piece, so Chinese
    and Japanese, with thousands, want `character_coverage=0.9995`; of
    alphabets, German or Arabic, 1.0 costs little and leaves none unknown.

    Args:
        texts_or_files: The corpus, one `str` a text and one path object a
            UTF-8 file, or a folder of such. Each line is a sentence.
        out_dir: Folder for `spiece.model`, the readable `spiece.vocab`
            (pieces and log probabilities) and `vocabulary.json`, which says
            what made them, and how they do on the held-out sentences. They
            appear together or not at all.
        vocab_size: Number of pieces, special symbols included.
        lowercase: Whether text is lower-cased; the tokenizer must do the
            same.
        keep_accents: Whether combining characters are kept, likewise.
        character_coverage: Share of the characters of the corpus, from 0.98
            to 1, that the vocabulary covers; rarer ones become `<unk>`.
        input_sentence_size: How many sentences, more than 100, to sample if
            there are more. 100,000 of a small corpus give nearly the same
            vocabulary in half the time.
        hard_vocab_limit: Whether a corpus too small for `vocab_size` is an
            error, instead of giving fewer pieces.
        seed: Decides the sample. The number of cores has no influence.
        held_out_share: Share of the different sentences, up to 0.5, to hold
            out: 10,000 at most, chosen by their hashes (see `HeldOut`). A
            corpus in which they would be fewer than 10 holds none out.
        held_out_files: UTF-8 files, or folders of such, to measure on
            instead: the whole corpus is trained on then, and whether it has
            some of their lines is not looked at.
        overwrite: Whether files of these names in `out_dir` are replaced.
        show_progress: Whether to show progress on standard error.

    Returns:
        The path of `spiece.model`.

    Raises:
        FileExistsError: If one of the files exists and `overwrite` is false.
        FileNotFoundError: If a file of the corpus does not exist.
        ValueError: If a setting is out of range, the corpus is empty, not
            UTF-8 text, or too small for `vocab_size`.

    Example:

    ```python
    train_vocabulary(
        [Path("romane.txt"), Path("briefe")],
        "wortschatz",
        vocab_size=8000,
        lowercase=False,
        keep_accents=True,
    )
    ```

    Source: README of google-research/albert, section on SentencePiece.
    """
    _check_several("texts_or_files", texts_or_files)
    _check_several("held_out_files", held_out_files)
    settings = trainer_settings(
        vocab_size=vocab_size,
        character_coverage=character_coverage,
        input_sentence_size=input_sentence_size,
        hard_vocab_limit=hard_vocab_limit,
        seed=seed,
    )
    out_dir = Path(out_dir)
    _check_output(out_dir, overwrite)
    if not isinstance(texts_or_files, Iterator):
        text_files(item for item in texts_or_files if not isinstance(item, str))
    measured_paths = [os.fspath(path) for path in held_out_files]
    measured_files = text_files(measured_paths)
    for _ in _lines(measured_files):
        pass  # that one is no text is to be known before the training
    held_out = HeldOut(0 if measured_paths else held_out_share)
    normalization = {"lowercase": lowercase, "keep_accents": keep_accents}
    corpus = Sentences(texts_or_files, **normalization)

    with (
        filled_whole(out_dir, last=MODEL_NAME) as stage,
        _reporting(show_progress) as report,
    ):
        model, sent = _train(corpus, held_out, settings, report)
        (stage / MODEL_NAME).write_bytes(model)
        tokenizer = SentencePieceTokenizer(model, **normalization)
        _write_pieces(tokenizer, stage / "spiece.vocab")
        fertility = None
        if measured_files or held_out:
            report("Measuring on held-out sentences")
            fertility = measure_fertility(
                tokenizer, held_out or _lines(measured_files)
            )
        description = {
            "normalization": normalization,
            "settings": settings,
            "corpus": corpus.description()
            | {"trained_sentences": min(sent, input_sentence_size)},
            "vocabulary": {
                "pieces": tokenizer.vocabulary_size,
                "sha256": hashlib.sha256(model).hexdigest(),
            },
            "held_out": {
                "share": None if measured_paths else held_out_share,
                "paths": measured_paths,
                "fertility": fertility and fertility.description(),
            },
            "versions": {
                "albert-keras": __version__,
                "sentencepiece": importlib.metadata.version("sentencepiece"),
                "python": platform.python_version(),
                "unicode": unicodedata.unidata_version,
            },
        }
        (stage / DESCRIPTION_NAME).write_text(
            json.dumps(description, ensure_ascii=False, indent=2) + "\n",
            encoding="utf-8",
        )
    return out_dir / MODEL_NAME


def _check_several(name: str, items: Iterable[Any]) -> None:
    if isinstance(items, str | os.PathLike):
        raise TypeError(
            f"`{name}` must be an iterable of texts and path objects. "
            f"Received: {items!r}, which is one of them."
        )


def _check_output(out_dir: Path, overwrite: bool) -> None:
    if out_dir.exists() and not out_dir.is_dir():
        raise NotADirectoryError(
            f"`out_dir` must be a folder. Received: {out_dir}, which is a file."
        )
    existing = [name for name in FILE_NAMES if (out_dir / name).exists()]
    if existing and not overwrite:
        raise FileExistsError(
            "`out_dir` must not hold a vocabulary, unless it is to be "
            "overwritten (`overwrite=True`, --overwrite). Received: "
            f"{out_dir}, with {', '.join(existing)}."
        )


@contextlib.contextmanager
def _reporting(show: bool) -> Iterator[Callable[[str], None]]:
    """Gives what shows, on standard error, what is being done."""
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not show,
    )
    with progress:
        task = progress.add_task("Reading the corpus", total=None)
        yield lambda text: progress.update(task, description=text)


def _train(
    corpus: Sentences,
    held_out: HeldOut,
    settings: dict[str, Any],
    report: Callable[[str], None],
) -> tuple[bytes, int]:
    """The model, and how many sentences it was to be trained on."""
    sent = 0

    def sentences() -> Iterator[bytes]:
        nonlocal sent
        for sentence in held_out.rest_of(corpus):
            sent += 1
            if sent % _SENTENCES_A_REPORT == 0:
                report(f"Reading the corpus: {corpus.words:,} words")
            yield sentence

    vocab_size = settings["vocab_size"]
    try:
        model = train_unigram(
            sentences(),
            settings,
            after_sentences=lambda: report(
                f"Choosing {vocab_size:,} pieces from {corpus.words:,} words"
            ),
        )
    except TrainerError as error:
        if not corpus.sentences or error.is_of_no_text:
            raise ValueError(
                "The corpus must hold text to train a vocabulary. Received: "
                f"{corpus.texts} texts and {corpus.files} files without a word."
            ) from None
        raise error.reason(vocab_size, corpus.words) from None
    return model, sent


def _write_pieces(tokenizer: SentencePieceTokenizer, path: Path) -> None:
    lines = [
        f"{piece}\t{tokenizer.processor.get_score(i):.6g}\n"
        for i, piece in enumerate(tokenizer.vocabulary)
    ]
    path.write_text("".join(lines), encoding="utf-8")


def _lines(files: list[Path]) -> Iterator[str]:
    for file in files:
        yield from read_text_lines(file, longest=LONGEST_LINE)
