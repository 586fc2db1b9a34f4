"""SentencePiece's unigram trainer, as a process of its own.

The trainer runs for minutes in C++, where Ctrl-C does not reach it, writes to
standard error as it likes and keeps the memory it took. `train_vocabulary`
starts this file, sends it the sentences, and can end it at any time.

Usage: `python unigram_trainer.py SETTINGS MODEL`: the settings in JSON, among
them `seed` and `input_sentence_size`; the file to write. Sentences come on
standard input, one a line, in UTF-8. What went wrong goes to standard error.
"""

import json
import random
import sys
from collections.abc import Iterable, Iterator

import sentencepiece as spm


def main() -> None:
    """Trains as the command line says."""
    settings = json.loads(sys.argv[1])
    # SentencePiece has a sampler, but lets nobody seed it.
    sample = sample_lines(
        sys.stdin.buffer,
        settings.pop("input_sentence_size"),
        random.Random(settings.pop("seed")),
    )
    try:
        with open(sys.argv[2], "wb") as model:
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
