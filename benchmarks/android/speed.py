"""How fast the Java tokenizer is on a JVM, beside Python's.

    python benchmarks/android/speed.py --data FOLDER --model spiece.model

WikiText-2's test lines, one at a time on one thread: what a phone does too, on
another processor and runtime. The median of the rounds behind the first, in
which the JVM still compiles. Needs a JDK.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

sys.path.append(str(Path(__file__).parents[1] / "tokenizer"))
sys.path.append(str(Path(__file__).parents[2] / "export/android"))

import record
from java_build import build

from albert_keras.text.sentencepiece import SentencePieceTokenizer

RESULT = Path(__file__).parents[1] / "results/android/speed.json"


def main() -> None:
    parser = record.arguments(__doc__.splitlines()[0], "")
    parser.set_defaults(out=RESULT)
    parser.add_argument("--rounds", type=int, default=8)
    options = parser.parse_args()
    path = options.data / "wikitext-2/wiki.test.tokens"
    with tempfile.TemporaryDirectory() as folder:
        java = _java(build(Path(folder)), options.model, path, options.rounds)
    python = _python(options.model, path, options.rounds)
    table = Table("", "vocabulary opened, ms", "tokens/s", "with offsets")
    for name, row in {"Java": java, "Python": python}.items():
        table.add_row(
            name,
            f"{row['open_ms']:.0f}",
            f"{row['tokens_per_second']:,.0f}",
            f"{row['tokens_per_second_with_offsets']:,.0f}",
        )
    Console().print(table)
    record.write_record(
        options.out, ["sentencepiece"], {"java": java, "python": python}
    )


def _java(
    classes: Path, model: Path, path: Path, rounds: int
) -> dict[str, float]:
    said = subprocess.run(
        [
            *("java", "-cp", classes, "albertkeras.jvm.text.SpeedProcess"),
            *(model, path, str(rounds)),
        ],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return _row([tuple(map(int, s.split())) for s in said.stdout.splitlines()])


def _python(model: Path, path: Path, rounds: int) -> dict[str, float]:
    lines = path.read_text("utf-8").split("\n")
    found = []
    for _ in range(rounds):
        start = time.perf_counter_ns()
        tokenizer = SentencePieceTokenizer(model)
        opened = time.perf_counter_ns()
        tokens = sum(len(tokenizer.encode(line)) for line in lines)
        encoded = time.perf_counter_ns()
        for line in lines:
            tokenizer.encode(line)
            tokenizer.offsets(line)
        located = time.perf_counter_ns()
        found.append(
            (opened - start, encoded - opened, located - encoded, tokens)
        )
    return _row(found)


def _row(rounds: list[tuple[int, ...]]) -> dict[str, float]:
    opened, encoded, located, tokens = zip(*rounds[1:], strict=True)
    assert len(set(tokens)) == 1, "each round encodes the same"
    return {
        "tokens": tokens[0],
        "open_ms": statistics.median(opened) / 1e6,
        "tokens_per_second": tokens[0] / statistics.median(encoded) * 1e9,
        "tokens_per_second_with_offsets": (
            tokens[0] / statistics.median(located) * 1e9
        ),
    }


if __name__ == "__main__":
    main()
