"""Training a SentencePiece vocabulary with ALBERT's settings."""

import hashlib
import importlib.metadata
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from albert_keras import __version__
from albert_keras.text import unigram_trainer
from albert_keras.text.corpus import check_text_files, read_lines
from albert_keras.text.normalization import normalize
from albert_keras.text.segments import SPECIAL_SYMBOLS
from albert_keras.text.sentencepiece import SentencePieceTokenizer
from albert_keras.whole_files import filled_whole

MODEL_NAME = "spiece.model"
FILE_NAMES = ("spiece.vocab", "vocabulary.json", MODEL_NAME)

# The command of the README of google-research/albert, by which the released
# vocabulary was made. The ids of the special symbols are their places here.
_ALBERT_SETTINGS: dict[str, Any] = {
    "model_type": "unigram",
    "pad_id": 0,
    "unk_id": 1,
    "bos_id": -1,
    "eos_id": -1,
    "control_symbols": list(SPECIAL_SYMBOLS),
    "user_defined_symbols": ["(", ")", '"', "-", ".", "–", "£", "€"],
    # The sums of the EM algorithm are split over the threads, so their
    # number, SentencePiece's default, is part of the result.
    "num_threads": 16,
}
_FEWEST_PIECES = 3 + len(SPECIAL_SYMBOLS) + 8
# SentencePiece drops sentences of more than 4192 bytes, its default; a
# character has 4 at most.
_LONGEST_SENTENCE = 4192 // 4
_SENTENCES_A_REPORT = 5000


@dataclass
class _Corpus:
    """What a corpus consists of, counted while it is read."""

    texts: int = 0
    files: int = 0
    sentences: int = 0
    words: int = 0
    characters: int = 0


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
    overwrite: bool = False,
    show_progress: bool = True,
) -> Path:
    """Trains a SentencePiece vocabulary as ALBERT's was trained.

    The corpus is streamed; held in memory are the sentences that
    SentencePiece samples, in a process of its own.

    Args:
        texts_or_files: The corpus, one `str` a text and one path object a
            UTF-8 file. Each line is a sentence.
        out_dir: Folder for `spiece.model`, the readable `spiece.vocab`
            (pieces and log probabilities) and `vocabulary.json`, which says
            what made them. They appear together or not at all.
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
        [Path("novels.txt"), Path("letters.txt")], "vocabulary", vocab_size=8000
    )
    ```

    Source: README of google-research/albert, section on SentencePiece.
    """
    if isinstance(texts_or_files, str | os.PathLike):
        raise TypeError(
            "`texts_or_files` must be an iterable of texts and path objects. "
            f"Received: {texts_or_files!r}, which is one of them."
        )
    settings = {
        "vocab_size": vocab_size,
        "character_coverage": character_coverage,
        "input_sentence_size": input_sentence_size,
        "hard_vocab_limit": hard_vocab_limit,
        "seed": seed,
        **_ALBERT_SETTINGS,
    }
    _check_settings(settings)
    out_dir = Path(out_dir)
    _check_output(out_dir, overwrite)
    if not isinstance(texts_or_files, Iterator):
        check_text_files(
            path for path in texts_or_files if not isinstance(path, str)
        )
    corpus = _Corpus()
    sentences = _sentences(texts_or_files, corpus, lowercase, keep_accents)

    with filled_whole(out_dir, last=MODEL_NAME) as stage:
        model = _train(sentences, corpus, settings, show_progress)
        (stage / MODEL_NAME).write_bytes(model)
        tokenizer = SentencePieceTokenizer(model)
        _write_pieces(tokenizer, stage / "spiece.vocab")
        description = {
            "normalization": {
                "lowercase": lowercase,
                "keep_accents": keep_accents,
            },
            "settings": settings,
            "corpus": asdict(corpus),
            "vocabulary": {
                "pieces": tokenizer.vocabulary_size,
                "sha256": hashlib.sha256(tokenizer.proto).hexdigest(),
            },
            "versions": {
                "albert-keras": __version__,
                "sentencepiece": importlib.metadata.version("sentencepiece"),
                "python": platform.python_version(),
            },
        }
        (stage / "vocabulary.json").write_text(
            json.dumps(description, ensure_ascii=False, indent=2) + "\n",
            encoding="utf-8",
        )
    return out_dir / MODEL_NAME


def _check_settings(settings: dict[str, Any]) -> None:
    vocab_size = settings["vocab_size"]
    if not isinstance(vocab_size, int) or vocab_size <= _FEWEST_PIECES:
        raise ValueError(
            f"`vocab_size` must be an integer above {_FEWEST_PIECES}, the "
            "number of special symbols and letters that every vocabulary "
            f"holds. Received: vocab_size={vocab_size!r}."
        )
    coverage = settings["character_coverage"]
    if not 0.98 <= coverage <= 1:
        raise ValueError(
            "`character_coverage` must be between 0.98 and 1. Received: "
            f"character_coverage={coverage!r}."
        )
    if settings["input_sentence_size"] <= 100:
        raise ValueError(
            "`input_sentence_size` must be above 100. Received: "
            f"input_sentence_size={settings['input_sentence_size']!r}."
        )
    if not 0 <= settings["seed"] < 2**32:
        raise ValueError(
            "`seed` must be an integer of 32 bits. Received: "
            f"seed={settings['seed']!r}."
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


def _sentences(
    texts_or_files: Iterable[str | os.PathLike[str]],
    corpus: _Corpus,
    lowercase: bool,
    keep_accents: bool,
) -> Iterator[str]:
    for item in texts_or_files:
        if isinstance(item, str):
            corpus.texts += 1
            lines: Iterable[str] = item.splitlines()
        else:
            corpus.files += 1
            lines = read_lines(item)
        for line in lines:
            text = normalize(
                line, lowercase=lowercase, keep_accents=keep_accents
            ).strip()
            if text:
                corpus.sentences += 1
                corpus.words += text.count(" ") + 1
                corpus.characters += len(text)
                yield from _cut(text)


def _cut(text: str) -> Iterator[str]:
    """`text` in stretches that SentencePiece takes, cut at spaces if any."""
    start = 0
    while len(text) - start > _LONGEST_SENTENCE:
        end = text.rfind(" ", start + 1, start + _LONGEST_SENTENCE)
        if end == -1:
            end = start + _LONGEST_SENTENCE
        yield text[start:end]
        start = end
    yield text[start:]


def _train(
    sentences: Iterable[str],
    corpus: _Corpus,
    settings: dict[str, Any],
    show_progress: bool,
) -> bytes:
    """Sends the sentences to the trainer and waits for the model."""
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not show_progress,
    )
    command = [
        sys.executable,
        # Else this folder would be searched first, and holds a module named
        # as the package that the trainer imports.
        "-P",
        unigram_trainer.__file__,
        json.dumps(settings),
    ]
    with progress, tempfile.TemporaryFile() as complaints:
        task = progress.add_task("Reading the corpus", total=None)
        trainer = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
        )
        assert trainer.stdin is not None
        assert trainer.stdout is not None
        model = b""
        try:
            for number, sentence in enumerate(sentences, start=1):
                trainer.stdin.write(sentence.encode() + b"\n")
                if number % _SENTENCES_A_REPORT == 0:
                    so_far = f"Reading the corpus: {corpus.words:,} words"
                    progress.update(task, description=so_far)
            trainer.stdin.write(unigram_trainer.END_OF_SENTENCES)
            trainer.stdin.flush()
            progress.update(
                task,
                description=(
                    f"Choosing {settings['vocab_size']:,} pieces from "
                    f"{corpus.words:,} words"
                ),
            )
            # Its standard input stays open: when it closes, the trainer ends.
            model = trainer.stdout.read()
            status = trainer.wait()
        except BrokenPipeError:
            status = trainer.wait()
        finally:
            trainer.kill()
            trainer.communicate()
        if status != 0:
            complaints.seek(0)
            complaint = complaints.read().decode("utf-8", "replace")
            raise _failure(status, complaint, corpus, settings)
        return model


def _failure(
    status: int, complaint: str, corpus: _Corpus, settings: dict[str, Any]
) -> Exception:
    """What the trainer's complaint means for who gave the corpus."""
    received = f"Received: vocab_size={settings['vocab_size']}"
    if not corpus.sentences or "all_chars_count" in complaint:
        return ValueError(
            "The corpus must hold text to train a vocabulary. Received: "
            f"{corpus.texts} texts and {corpus.files} files without a word."
        )
    if largest := re.search(r"set it to a value <= (\d+)", complaint):
        return ValueError(
            "`vocab_size` must not exceed what the corpus gives, which is "
            f"{largest[1]} pieces. {received} for {corpus.words} words."
        )
    if needed := re.search(r"required_chars\. \d+ vs (\d+)", complaint):
        return ValueError(
            f"`vocab_size` must be {needed[1]} at least, to hold the special "
            "symbols and the characters that `character_coverage` asks for. "
            f"{received}."
        )
    if status < 0:
        return RuntimeError(
            "SentencePiece's trainer must be left to end by itself. Received: "
            f"signal {-status}, as when memory runs out; a smaller "
            "`input_sentence_size` needs less."
        )
    lines = complaint.strip().splitlines() or [f"exit status {status}"]
    return RuntimeError(
        f"SentencePiece could not train the vocabulary: {lines[-1]}"
    )


def _write_pieces(tokenizer: SentencePieceTokenizer, path: Path) -> None:
    lines = [
        f"{piece}\t{tokenizer.processor.get_score(i):.6g}\n"
        for i, piece in enumerate(tokenizer.vocabulary)
    ]
    path.write_text("".join(lines), encoding="utf-8")
