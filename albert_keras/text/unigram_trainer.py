"""SentencePiece's unigram trainer, as a process of its own.

The trainer runs for minutes in C++, where Ctrl-C does not reach it, writes to
standard error as it likes and keeps the memory it took. `train_vocabulary`
starts this file, sends it the sentences, and can end it at any time.

Usage: `python unigram_trainer.py SETTINGS MODEL`: the settings in JSON, among
them `seed`; the file to write. Sentences come on standard input, one a line,
in UTF-8. What went wrong goes to standard error.
"""

import json
import sys

import sentencepiece as spm


def main() -> None:
    """Trains as the command line says."""
    settings = json.loads(sys.argv[1])
    spm.set_random_generator_seed(settings.pop("seed"))
    try:
        with open(sys.argv[2], "wb") as model:
            spm.SentencePieceTrainer.train(
                sentence_iterator=iter(sys.stdin.buffer),
                model_writer=model,
                minloglevel=3,
                **settings,
            )
    except (RuntimeError, ValueError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
