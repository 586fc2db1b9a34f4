"""A small ALBERT on WikiText-2, from text to curves, by the command line.

    python -m benchmarks.training.wikitext2 --data wikitext-2

`--data` is the folder of `wiki.train.tokens` and `wiki.valid.tokens`. The
vocabulary, the examples and the run are made in a temporary folder, or in
`--work`, where a run that was stopped goes on; the figures, metrics.csv and
curves.png are copied to benchmarks/results/training/.
"""

import argparse
import dataclasses
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from albert_keras.config import AlbertConfig
from albert_keras.quickstart.baselines import measure_baselines
from albert_keras.text.sentencepiece import SentencePieceTokenizer
from albert_keras.training.curves import draw_curves
from albert_keras.training.metrics_log import read_metrics
from benchmarks.tokenizer.record import RESULTS, write_record

OUT = RESULTS.with_name("training")
# Two sentences of an encyclopedia seldom fit into fewer; a longer one alone has
# no order, and would make label 1 the rule.
LENGTH = 64
STEPS = 8_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--learning-rate", type=float, default=0.01)
    options = parser.parse_args()
    if options.work:
        train(options, options.work)
    else:
        with tempfile.TemporaryDirectory() as work:
            train(options, Path(work))


def train(options: argparse.Namespace, work: Path) -> None:
    texts = {
        "train": options.data / "wiki.train.tokens",
        "held_out": options.data / "wiki.valid.tokens",
    }
    vocabulary = work / "vocabulary"
    tokenizer = vocabulary / "spiece.model"
    config = work / "albert_config.json"
    dataclasses.replace(
        AlbertConfig.named("albert_mini"), max_position_embeddings=LENGTH
    ).to_json(config)
    # Each command with the file or folder that it leaves.
    commands = [
        (
            ["vocab", texts["train"], "--size", 8000, "--out", vocabulary],
            tokenizer,
        ),
        *(
            (
                [
                    *("prepare", text, "--format", "paragraphs"),
                    *("--tokenizer", tokenizer, "--out", work / name),
                    *("--max-seq-length", LENGTH, "--max-predictions", 10),
                    *("--single-segment", "skip"),
                ],
                work / name / "manifest.json",
            )
            for name, text in texts.items()
        ),
        (
            [
                *("pretrain", "--config", config, "--data", work / "train"),
                *("--eval-data", work / "held_out", "--tokenizer", tokenizer),
                *("--out", work / "run", "--steps", options.steps),
                *("--batch-size", 32),
                *("--learning-rate", options.learning_rate),
                *("--warmup", 0.1, "--steps-per-execution", 10, "--resume"),
            ],
            work / "run/preset",
        ),
    ]
    for command, left in commands:
        if not left.exists():
            run([str(part) for part in command])
    baselines = measure_baselines(
        texts["train"], work / "held_out", SentencePieceTokenizer(tokenizer)
    )
    metrics = work / "run/metrics.csv"
    rows = read_metrics(metrics)
    last = rows[-1]
    write_record(
        OUT / "wikitext2.json",
        ["tensorflow", "keras"],
        {
            "commands": [
                " ".join(["albert-keras", *map(str, command)])
                .replace(str(work), "WORK")
                .replace(str(options.data), "DATA")
                for command, _ in commands
            ],
            "steps": last.step,
            "validation": last.values,
            "baselines": baselines._asdict(),
        },
    )
    shutil.copyfile(metrics, OUT / "wikitext2.csv")
    draw_curves(
        rows,
        OUT / "wikitext2.png",
        {"bigram": baselines.bigram, "commonest piece": baselines.commonest},
    )


def run(arguments: list[str]) -> None:
    print("albert-keras", *arguments, flush=True)
    subprocess.run(
        [sys.executable, "-m", "albert_keras", *arguments], check=True
    )


if __name__ == "__main__":
    main()
