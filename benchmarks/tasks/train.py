"""Trains a small ALBERT on a task from random weights, and records it.

python benchmarks/tasks/train.py sst2 --out RUN [--seeds 1 2 3]
"""

import argparse
import dataclasses
import json
import math
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from data import DATA, load

RESULTS = Path(__file__).parents[1] / "results" / "tasks"
# Larger rates, fewer steps and shorter texts than the recipes: these models
# are random and small.
SMALL = {
    "sst2": {"num_train_steps": 2500, "sequence_length": 64},
    "conll2003": {"num_train_steps": 1200, "sequence_length": 96},
    "mrpc": {"num_train_steps": 400, "sequence_length": 96},
    "rte": {"num_train_steps": 300, "sequence_length": 128},
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=SMALL)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--config", default="benchmarks/tasks/small.json")
    parser.add_argument("--name")
    args = parser.parse_args()

    from albert_keras.tasks.finetuning import finetune
    from albert_keras.tasks.recipes import recipe
    from albert_keras.tasks.start import Start

    data = load(args.task)
    start = Start(
        config=args.config, tokenizer=str(DATA / "albert" / "spiece.model")
    )
    runs = []
    for seed in args.seeds:
        steps = SMALL[args.task]["num_train_steps"]
        options = dataclasses.replace(
            recipe(args.task),
            **SMALL[args.task],
            learning_rate=1e-3,
            batch_size=32,
            num_warmup_steps=steps // 10,
            dropout=0.1,
            seed=seed,
            log_every=50,
        )
        begun = time.monotonic()
        result = finetune(
            options, start, data, args.out / f"{seed}", resume=True
        )
        runs.append(
            {
                "seed": seed,
                "metrics": result.metrics,
                "seconds": round(time.monotonic() - begun, 1),
            }
        )
    split = "test" if "test" in runs[0]["metrics"] else "dev"
    scores = [run["metrics"][split][options.metric] for run in runs]
    record = {
        "command": " ".join(["python", *sys.argv]),
        "model": args.config,
        "options": dataclasses.asdict(options),
        "runs": runs,
        "split": split,
        "metric": options.metric,
        "median": statistics.median(scores),
        "spread": max(scores) - min(scores),
    }
    examples = data[split].examples
    if hasattr(examples[0], "label"):
        labels = [e.label for e in examples]
        majority = max(labels.count(x) for x in set(labels)) / len(labels)
        error = math.sqrt(majority * (1 - majority) / len(labels))
        record["majority"] = majority
        record["standard_errors_above"] = (record["median"] - majority) / error
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{args.name or args.task}.json"
    path.write_text(json.dumps(record, indent=2) + "\n")
    print(json.dumps({k: record[k] for k in ("median", "spread")}))


if __name__ == "__main__":
    main()
