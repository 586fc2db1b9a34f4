"""SentencePiece's trainer, seen from the process that sends it sentences."""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from typing import Any

from albert_keras.text import unigram_trainer


class TrainerError(Exception):
    """The trainer ended without a model.

    Args:
        status: Its exit status; a signal's number, negative, if it was killed.
        complaint: What it wrote to standard error.
    """

    def __init__(self, status: int, complaint: str):
        super().__init__(status, complaint)
        self.status = status
        self.complaint = complaint

    @property
    def is_of_no_text(self) -> bool:
        """Whether SentencePiece's own normalisation left nothing."""
        return bool(
            re.search(r"all_chars_count|!sentences_\.empty", self.complaint)
        )

    def reason(self, vocab_size: int, words: int) -> Exception:
        """What the complaint means for who asked for the vocabulary.

        Args:
            vocab_size: How many pieces were asked for.
            words: How many words the corpus has.

        Returns:
            The error to raise.
        """
        received = f"Received: vocab_size={vocab_size}"
        if largest := re.search(r"set it to a value <= (\d+)", self.complaint):
            return ValueError(
                "`vocab_size` must not exceed what the corpus gives, which is "
                f"{largest[1]} pieces. {received} for {words} words."
            )
        if needed := re.search(
            r"required_chars\. \d+ vs (\d+)", self.complaint
        ):
            return ValueError(
                f"`vocab_size` must be {needed[1]} at least, to hold the "
                "special symbols and the characters that "
                f"`character_coverage` asks for. {received}."
            )
        if self.status < 0:
            return RuntimeError(
                "SentencePiece's trainer must be left to end by itself. "
                f"Received: signal {-self.status}, as when memory runs out; a "
                "smaller `input_sentence_size` needs less."
            )
        said = " ".join(self.complaint.split())
        reason = said or f"exit status {self.status}"
        return RuntimeError(
            f"SentencePiece could not train the vocabulary: {reason}"
        )


def train_unigram(
    sentences: Iterable[bytes],
    settings: dict[str, Any],
    *,
    after_sentences: Callable[[], object],
) -> bytes:
    """Sends sentences to a trainer and waits for the model.

    Whatever ends this function also ends the trainer.

    Args:
        sentences: The sentences in UTF-8, without line feeds.
        settings: What the trainer takes (see `unigram_trainer`).
        after_sentences: Called when the last one has been sent, and the long
            wait begins.

    Returns:
        The model, serialized.

    Raises:
        TrainerError: If the trainer gave none.
    """
    command = [
        sys.executable,
        # Else this folder would be searched first, and holds a module named
        # as the package that the trainer imports.
        "-P",
        unigram_trainer.__file__,
        json.dumps(settings),
    ]
    with tempfile.TemporaryFile() as complaints:
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
            for sentence in sentences:
                trainer.stdin.write(sentence + b"\n")
            trainer.stdin.write(unigram_trainer.END_OF_SENTENCES)
            trainer.stdin.flush()
            after_sentences()
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
            raise TrainerError(status, complaint)
        return model
