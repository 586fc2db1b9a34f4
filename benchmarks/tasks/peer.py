"""Trains Hugging Face's ALBERT on the same ids as `train.py`, and records it.

python benchmarks/tasks/train.py sst2 --rows --out ROWS
PEER/bin/python benchmarks/tasks/peer.py sst2 ROWS --seeds 1 2

PEER has torch and transformers. Same sizes, initial spread, ids, batch size,
steps, rates, weight decay and dropout; the draws are torch's own.
"""

import argparse
import itertools
import json
import statistics
import time
from pathlib import Path

import numpy as np
import torch
import transformers

HERE = Path(__file__).parent


def rows(folder):
    names = ("tokens.token_ids", "tokens.segment_ids", "rows.label")
    ids, segments, labels = (np.load(folder / f"{n}.npy") for n in names)
    splits = np.load(folder / "row_splits.npy")
    cut = [slice(*pair) for pair in itertools.pairwise(splits)]
    return [(ids[c], segments[c]) for c in cut], labels


def batch(examples, chosen):
    picked = [examples[i] for i in chosen]
    width = max(len(ids) for ids, _ in picked)
    shape = (len(picked), width)
    inputs = {
        name: torch.zeros(shape, dtype=torch.long)
        for name in ("input_ids", "token_type_ids", "attention_mask")
    }
    for row, (ids, segments) in enumerate(picked):
        held = len(ids)
        inputs["input_ids"][row, :held] = torch.from_numpy(ids)
        inputs["token_type_ids"][row, :held] = torch.from_numpy(segments)
        inputs["attention_mask"][row, :held] = 1
    return inputs


def train(seed, options, config, data):
    transformers.set_seed(seed)
    model = transformers.AlbertForSequenceClassification(config)
    examples, labels = data["train"]
    labels = torch.from_numpy(labels).long()
    steps, warmup = options["num_train_steps"], options["num_warmup_steps"]
    bare = [p for p in model.parameters() if p.ndim < 2]
    decayed = [p for p in model.parameters() if p.ndim >= 2]
    groups = [
        {"params": decayed, "weight_decay": 0.01},
        {"params": bare, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=options["learning_rate"], eps=1e-6)
    schedule = transformers.get_linear_schedule_with_warmup(
        optimizer, warmup, steps
    )
    rng = np.random.default_rng(seed)
    order = np.array([], int)
    model.train()
    for _ in range(steps):
        if len(order) < options["batch_size"]:
            order = np.concatenate([order, rng.permutation(len(examples))])
        chosen, order = np.split(order, [options["batch_size"]])
        loss = model(**batch(examples, chosen), labels=labels[chosen]).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    model.eval()
    examples, labels = data["dev"]
    right = 0
    with torch.no_grad():
        for begin in range(0, len(examples), 64):
            chosen = range(begin, min(begin + 64, len(examples)))
            found = model(**batch(examples, chosen)).logits.argmax(-1).numpy()
            right += int((found == labels[begin : begin + 64]).sum())
    return 100 * right / len(examples)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("task")
    parser.add_argument("rows", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    args = parser.parse_args()
    options = json.loads((args.rows / "options.json").read_text())
    sizes = json.loads((HERE / "small.json").read_text())
    config = transformers.AlbertConfig(
        **{**sizes, "hidden_act": "gelu_new"},
        classifier_dropout_prob=options["classifier_dropout"],
        num_labels=2,
    )
    data = {split: rows(args.rows / split) for split in ("train", "dev")}
    begun = time.monotonic()
    scores = [train(seed, options, config, data) for seed in args.seeds]
    record = {
        "command": f"python benchmarks/tasks/peer.py {args.task} ROWS --seeds "
        + " ".join(map(str, args.seeds)),
        "peer": f"transformers {transformers.__version__}, "
        f"torch {torch.__version__}",
        "seeds": args.seeds,
        "seconds": round(time.monotonic() - begun),
        "split": "dev",
        "metric": "accuracy",
        "scores": scores,
        "median": statistics.median(scores),
    }
    path = HERE.parent / "results" / "tasks" / f"{args.task}_huggingface.json"
    path.write_text(json.dumps(record, indent=2) + "\n")
    print(json.dumps(record))


if __name__ == "__main__":
    main()
