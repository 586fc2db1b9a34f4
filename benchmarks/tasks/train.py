"""Trains a small ALBERT on a task from random weights, and records it.

python benchmarks/tasks/train.py sst2 --out RUN [--seeds 1 2]

With --rows, only writes the ids that `peer.py` trains on.
"""

import argparse
import dataclasses
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from baselines import baselines

from albert_keras.tasks.readers import read
from albert_keras.tasks.readers.squad import read_squad
from albert_keras.text.examples import Examples

HERE = Path(__file__).parent
DATA = HERE.parents[2] / "shared" / "data"
RESULTS = HERE.parent / "results" / "tasks"
# Larger rates, fewer steps and shorter texts than the recipes: these models
# are random and small.
SMALL = {
    "sst2": {"num_train_steps": 2500, "sequence_length": 64},
    "conll2003": {"num_train_steps": 1200, "sequence_length": 96},
    "mrpc": {"num_train_steps": 400, "sequence_length": 96},
    "rte": {"num_train_steps": 300, "sequence_length": 128},
    "squad1": {
        "num_train_steps": 1000,
        "sequence_length": 128,
        "stride": 64,
        "question_length": 32,
    },
    "race": {
        "num_train_steps": 500,
        "sequence_length": 128,
        "question_length": 48,
        "batch_size": 16,
    },
}


def load(task: str) -> dict[str, Examples]:
    """The splits; of SQuAD's dev set every fifth article is the test set."""
    if task == "squad1":
        examples = read_squad(DATA / "squad" / "dev-v1.1.json", "1.1")
        titles = list(dict.fromkeys(e.title for e in examples))
        tests = set(titles[::5])
        train = tuple(e for e in examples if e.title not in tests)
        test = tuple(e for e in examples if e.title in tests)
        return {
            "train": dataclasses.replace(examples, examples=train),
            "test": dataclasses.replace(examples, examples=test),
        }
    folder = DATA / (task if task in ("race", "conll2003") else "glue")
    splits = ("train", "dev", "test")
    found = {split: read(task, folder, split) for split in splits}
    if found["test"].kind == "text":
        del found["test"]  # has no labels
    return found


def settings(task: str, seed: int):
    from albert_keras.tasks.recipes import recipe

    steps = SMALL[task]["num_train_steps"]
    return dataclasses.replace(
        recipe(task),
        **{"batch_size": 32, **SMALL[task]},
        learning_rate=1e-3,
        num_warmup_steps=steps // 10,
        dropout=0.1,
        eval_every=steps,
        seed=seed,
        log_every=50,
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=SMALL)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--config", type=Path, default=HERE / "small.json")
    parser.add_argument("--rows", action="store_true")
    args = parser.parse_args()

    from albert_keras.models.albert_tokenizer import AlbertTokenizer
    from albert_keras.tasks.finetuning import finetune
    from albert_keras.tasks.repeats import run_seeds
    from albert_keras.tasks.start import Start
    from albert_keras.text.rows.texts import text_features
    from albert_keras.training.provenance import describe_maker
    from albert_keras.training.strategies import TrainingStrategy

    data = load(args.task)
    spiece = str(DATA / "albert" / "spiece.model")
    options = settings(args.task, args.seeds[0])
    if args.rows:
        python = AlbertTokenizer(spiece).python_tokenizer
        for split, examples in data.items():
            folder = args.out / split
            folder.mkdir(parents=True, exist_ok=True)
            text_features(examples, python, options.sequence_length).save(
                folder
            )
        record = dataclasses.asdict(options)
        (args.out / "options.json").write_text(json.dumps(record))
        return
    start = Start(config=str(args.config), tokenizer=spiece)

    def train(options, folder):
        result = finetune(options, start, data, folder, resume=True)
        return result.metrics

    begun = time.monotonic()
    summary = run_seeds(options, args.seeds, args.out, train)
    split = "test" if "test" in summary else "dev"
    spread = summary[split][options.metric]
    constant = baselines(data["train"], data[split])
    record = {
        "command": f"python benchmarks/tasks/train.py {args.task} --seeds "
        + " ".join(map(str, args.seeds)),
        "made_by": describe_maker(TrainingStrategy("one")),
        "model": json.loads(args.config.read_text()),
        "options": dataclasses.asdict(options),
        "seeds": args.seeds,
        "seconds": round(time.monotonic() - begun),
        "split": split,
        "metric": options.metric,
        "score": spread,
        "all_scores": summary,
        "baselines": constant,
    }
    if "majority" in constant:
        above = spread["median"] - constant["majority"]
        record["standard_errors_above_majority"] = (
            above / constant["standard_error"]
        )
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{args.task}.json"
    path.write_text(json.dumps(record, indent=2) + "\n")
    print(json.dumps({"score": spread, "baselines": constant}))


if __name__ == "__main__":
    main()
