"""SentencePiece's unigram trainer, as a process of its own.

The trainer runs for minutes in C++, where Ctrl-C does not reach it, writes to
standard error as it likes and keeps the memory it took. `train_vocabulary`
starts this file, sends it the sentences, and can end it at any time.

Usage: `python unigram_trainer.py SETTINGS`: the settings in JSON, among them
`seed` and `input_sentence_size`. Sentences come on standard input, one a line,
in UTF-8, and an empty line after the last. The model goes to standard output,
what went wrong to standard error. Who closes standard input any earlier, if
only by dying, gives up the training.
"""

import io
import json
import os
import random
import sys
import threading
from collections.abc import Iterable, Iterator

import sentencepiece as spm

END_OF_SENTENCES = b"\n"


def main() -> None:
    """Trains as the command line says."""
    settings = json.loads(sys.argv[1])
    # SentencePiece has a sampler, but lets nobody seed it.
    sample = sample_lines(
        _sentences(),
        settings.pop("input_sentence_size"),
        random.Random(settings.pop("seed")),
    )
    threading.Thread(target=_end_with_sender, daemon=True).start()
    model = io.BytesIO()
    try:
        spm.SentencePieceTrainer.train(
            sentence_iterator=_emptied(sample),
            model_writer=model,
            input_sentence_size=0,
            shuffle_input_sentence=False,
            minloglevel=3,
            **settings,
        )
    except (RuntimeError, ValueError, OSError) as error:
        sys.exit(str(error))
    sys.stdout.buffer.write(model.getvalue())


def _sentences() -> Iterator[bytes]:
    """The lines of standard input, up to the empty one."""
    for line in sys.stdin.buffer:
        if line == END_OF_SENTENCES:
            return
        yield line
    sys.exit("Standard input was closed before the last sentence.")


def _end_with_sender() -> None:
    """Waits until standard input is closed, and ends the process."""
    os.read(sys.stdin.fileno(), 1)
    os._exit(1)


def sample_lines(
    lines: Iterable[bytes], size: int, rng: random.Random
) -> list[bytes]:
    """A sample of `size` lines, each as likely as any other.

    Reservoir sampling (Vitter 1985, algorithm R), as SentencePiece does it.

    Args:
        lines: The lines, read once.
        size: How many to keep, if there are more.
        rng: Decides which.

    Returns:
        The sample.
    """
    sample: list[bytes] = []
    for number, line in enumerate(lines, start=1):
        if len(sample) < size:
            sample.append(line)
        else:
            place = rng.randrange(number)
            if place < size:
                sample[place] = line
    return sample


def _emptied(lines: list[bytes]) -> Iterator[bytes]:
    """The lines, each let go of when it has been taken."""
    while lines:
        yield lines.pop()


if __name__ == "__main__":
    main()
