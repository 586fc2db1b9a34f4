"""Tokens a second from text to shards: ours and google-research/albert's.

    python -m benchmarks.examples.speed --original FOLDER --data FOLDER \\
        --model spiece.model

FOLDERs are a checkout of google-research/albert, whose
`create_pretraining_data.py` runs in a process of its own, and one that has
`wikitext-2/wiki.train.tokens`. All read the same sentences with the same
vocabulary and make sequences of 512 tokens, each document once
(`dupe_factor` 1). The original uses one process, ours one for each of two
cores. A turn runs every contender once; the median of the turns counts.

Counted are the tokens of the text, so the ratio of two speeds is that of the
times; and these are of whole commands, from their start to their end. What
is no work on the text (imports, the vocabulary) is measured on a text of a
few lines and given beside.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from albert_keras.pretraining import read_documents
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
        write_sentences(options.data / "wikitext-2/wiki.train.tokens", text)
        few.write_text(FEW_LINES)
        tokens = count_tokens(text, options.model)
        start = {name: run(of, few) for name, of in contenders.items()}
        seconds: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(options.turns):
            for name, command in contenders.items():
                seconds[name].append(run(command, text))
        text_bytes = text.stat().st_size

    figures = figures_of(tokens, seconds, start)
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
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULT)
    return parser.parse_args()


def write_sentences(source: Path, target: Path) -> None:
    """Articles, a sentence a line; " . " ends a sentence there."""
    with (
        source.open(encoding="utf-8") as lines,
        target.open("w", encoding="utf-8") as file,
    ):
        for line in map(str.strip, lines):
            if re.fullmatch(r"= [^=].* =", line):
                file.write("\n")
            file.write(line.replace(" . ", " .\n") + "\n" * bool(line))


def count_tokens(text: Path, model: Path) -> int:
    tokenizer = SentencePieceTokenizer(model)
    return sum(
        sum(map(len, tokenizer.encode_batch(document)))
        for document in read_documents([text])
    )


def run(command: list, text: Path) -> float:
    """Seconds that a command takes."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "out")
        filled = [str(part).format(text=text, out=out) for part in command]
        log = Path(folder, "log")
        with log.open("w") as said:
            started = time.perf_counter()
            done = subprocess.run(filled, stdout=said, stderr=said, check=False)
            took = time.perf_counter() - started
        if done.returncode != 0 or not out.exists():
            raise RuntimeError(f"{filled} failed:\n{log.read_text()[-2000:]}")
    return took


def commit_of(checkout: Path) -> str | None:
    done = subprocess.run(
        ["git", "-C", checkout, "rev-parse", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or None


def figures_of(
    tokens: int, seconds: dict[str, list[float]], start: dict[str, float]
) -> dict[str, dict]:
    medians = {name: statistics.median(of) for name, of in seconds.items()}
    return {
        name: {
            "seconds": [round(each, 2) for each in seconds[name]],
            "seconds_on_a_few_lines": round(start[name], 2),
            "tokens_per_second": round(tokens / medians[name]),
            "times_the_original": round(medians[ORIGINAL] / medians[name], 2),
        }
        for name in seconds
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
