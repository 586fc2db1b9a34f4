"""Trains the small models that the quantisations are measured on.

python benchmarks/lite/train_small_models.py sst2 --out FOLDER

From random weights, as `small_models.py` has it. The preset is FOLDER/sst2;
the run is FOLDER/runs/sst2.
"""

import argparse
import dataclasses
import shutil
from pathlib import Path

from small_models import CONFIGS, VOCABULARY, load, settings


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=CONFIGS)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int)
    args = parser.parse_args()

    from albert_keras.tasks.finetuning import finetune
    from albert_keras.tasks.start import Start

    options = settings(args.task)
    if args.steps:
        options = dataclasses.replace(
            options,
            num_train_steps=args.steps,
            num_warmup_steps=args.steps // 10,
            eval_every=args.steps,
        )
    start = Start(config=str(CONFIGS[args.task]), tokenizer=str(VOCABULARY))
    run = args.out / "runs" / args.task
    result = finetune(options, start, load(args.task), run, resume=True)
    print(args.task, result.metrics)
    shutil.copytree(
        result.folder.preset, args.out / args.task, dirs_exist_ok=True
    )


if __name__ == "__main__":
    main()
