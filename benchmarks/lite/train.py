"""Trains the small models that the quantisations are measured on.

python benchmarks/lite/train.py sst2 --out FOLDER

From random weights, as `benchmarks/tasks/train.py`, by whose rates and lengths
it goes. The preset is FOLDER/sst2; the run is FOLDER/runs/sst2.
"""

import argparse
import dataclasses
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tasks"))
from train import DATA, HERE, load, settings

# SQuAD wants more steps than it has there: a model has to answer something
# before it can lose an answer.
STEPS = {"squad1": 3000}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=["sst2", "conll2003", "squad1"])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--config", type=Path, default=HERE / "small.json")
    parser.add_argument("--steps", type=int)
    args = parser.parse_args()

    from albert_keras.tasks.finetuning import finetune
    from albert_keras.tasks.start import Start

    options = settings(args.task, seed=1)
    steps = args.steps or STEPS.get(args.task, options.num_train_steps)
    options = dataclasses.replace(
        options,
        num_train_steps=steps,
        num_warmup_steps=steps // 10,
        eval_every=steps,
    )
    start = Start(
        config=str(args.config),
        tokenizer=str(DATA / "albert" / "spiece.model"),
    )
    run = args.out / "runs" / args.task
    result = finetune(options, start, load(args.task), run, resume=True)
    print(args.task, result.metrics)
    shutil.copytree(
        result.folder.preset, args.out / args.task, dirs_exist_ok=True
    )


if __name__ == "__main__":
    main()
