"""Tokens a second from text to shards: ours and google-research/albert's.

    python -m benchmarks.examples.speed --original CHECKOUT --data FOLDER \\
        --model spiece.model

CHECKOUT is one of google-research/albert, whose `create_pretraining_data.py`
runs in a process of its own; FOLDER has `wikitext-2/wiki.train.tokens` and
`race/RACE.tar.gz`, of which `--megabytes` are read. (The same text over and
over would flatter ours, which remembers words.) All read the same sentences
with the same vocabulary and make sequences of 512 tokens, each document once
(`dupe_factor` 1). The original uses one process, ours one for each of two
cores. A turn runs every contender once; the median of the turns counts.

Counted are the tokens of the text, so the ratio of two speeds is that of the
times; and these are of whole commands, from their start to their end. What
is no work on the text (imports, the vocabulary) is measured on a text of a
few lines and given beside. Where the CPU seconds of ours are far from the
seconds times two, other programs had a part of the two cores.
"""

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from albert_keras.pretraining import read_documents
from albert_keras.pretraining.sentence_splitting import split_sentences
from albert_keras.text.sentencepiece import SentencePieceTokenizer
from benchmarks.tokenizer import record

RESULT = record.RESULTS.with_name("examples") / "speed.json"
CORES = 2
AIM = 20
ORIGINAL = "google-research/albert"
FEW_LINES = "One line.\nAnother line.\n\nA line.\nAnother one.\n"


def main() -> None:
    options = parse()
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    contenders = {
        f"ours, {masking}": [
            *(sys.executable, "-m", "albert_keras", "prepare", "{text}"),
            *("--tokenizer", options.model, "--out", "{out}"),
            *("--masking", masking, "--dupe-factor", "1"),
            *("--processes", str(CORES)),
        ]
        for masking in ("dynamic", "static")
    } | {
        ORIGINAL: [
            *(sys.executable, Path(__file__).with_name("run_original.py")),
            *(options.original, "--input_file={text}", "--output_file={out}"),
            f"--spm_model_file={options.model}",
            *("--vocab_file=not-read", "--dupe_factor=1"),
        ]
    }
    with tempfile.TemporaryDirectory() as folder:
        text, few = Path(folder, "text.txt"), Path(folder, "few.txt")
        write_text(options.data, text, options.megabytes * 1_000_000)
        few.write_text(FEW_LINES)
        tokens = count_tokens(text, options.model)
        start = {name: run(of, few) for name, of in contenders.items()}
        taken: dict[str, list[Taken]] = {name: [] for name in contenders}
        for _ in range(options.turns):
            for name, command in contenders.items():
                taken[name].append(run(command, text))
        text_bytes = text.stat().st_size

    figures = figures_of(tokens, taken, start)
    show(figures)
    record.write_record(
        options.out,
        ["numpy", "sentencepiece", "tensorflow"],
        {
            "original_commit": commit_of(options.original),
            "cores": CORES,
            "text_bytes": text_bytes,
            "text_tokens": tokens,
            "aim": AIM,
            "results": figures,
        },
    )


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("original", "data", "model"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--megabytes", type=int, default=30)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULT)
    return parser.parse_args()


def write_text(data: Path, target: Path, size: int) -> None:
    """Documents of so many bytes together, a sentence a line."""
    with target.open("w", encoding="utf-8") as file:
        for document in chain(wikitext_articles(data), race_articles(data)):
            file.write(document + "\n\n")
            if file.tell() >= size:
                return


def wikitext_articles(data: Path) -> Iterator[str]:
    text = (data / "wikitext-2/wiki.train.tokens").read_text("utf-8")
    # " = Title = " begins an article, " . " ends a sentence.
    for article in re.split(r"\n (?== [^=].* = \n)", text):
        lines = filter(None, map(str.strip, article.split("\n")))
        yield "\n".join(lines).replace(" . ", " .\n")


def race_articles(data: Path) -> Iterator[str]:
    with tarfile.open(data / "race/RACE.tar.gz") as archive:
        for member in archive:
            if member.name.startswith("RACE/train/") and member.isfile():
                article = json.load(archive.extractfile(member))["article"]
                lines = filter(None, map(str.strip, article.split("\n")))
                yield "\n".join(chain(*map(split_sentences, lines)))


def count_tokens(text: Path, model: Path) -> int:
    tokenizer = SentencePieceTokenizer(model)
    return sum(
        sum(map(len, tokenizer.encode_batch(document)))
        for document in read_documents([text])
    )


class Taken(NamedTuple):
    seconds: float
    cpu_seconds: float


def run(command: list, text: Path) -> Taken:
    """How long a command takes."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        filled = [str(part).format(text=text, out=out) for part in command]
        log = Path(folder, "log")
        with log.open("w") as said:
            cpu_before, started = cpu_seconds(), time.perf_counter()
            done = subprocess.run(filled, stdout=said, stderr=said, check=False)
            seconds = time.perf_counter() - started
        if done.returncode != 0 or not out.exists():
            raise RuntimeError(f"{filled} failed:\n{log.read_text()[-2000:]}")
    return Taken(seconds, cpu_seconds() - cpu_before)


def cpu_seconds() -> float:
    """Of all commands so far, with the processes that they started."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def commit_of(checkout: Path) -> str | None:
    done = subprocess.run(
        ["git", "-C", checkout, "rev-parse", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or None


def figures_of(
    tokens: int, taken: dict[str, list[Taken]], start: dict[str, Taken]
) -> dict[str, dict]:
    medians = {
        name: statistics.median(turn.seconds for turn in turns)
        for name, turns in taken.items()
    }
    return {
        name: {
            "seconds": [round(turn.seconds, 2) for turn in turns],
            "cpu_seconds": [round(turn.cpu_seconds, 2) for turn in turns],
            "seconds_on_a_few_lines": round(start[name].seconds, 2),
            "tokens_per_second": round(tokens / medians[name]),
            "times_the_original": round(medians[ORIGINAL] / medians[name], 2),
        }
        for name, turns in taken.items()
    }


def show(figures: dict[str, dict]) -> None:
    table = Table("", "tokens/s", "× original", "start, s")
    for name, of in figures.items():
        table.add_row(
            name,
            f"{of['tokens_per_second']:,}",
            f"{of['times_the_original']:.1f}",
            f"{of['seconds_on_a_few_lines']:.1f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
