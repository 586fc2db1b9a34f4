"""The tasks, data and rates of the models whose quantisation is measured.

Those of `benchmarks/tasks/train.py`, but for SQuAD. A small model of random
weights does not learn to read from the few questions there are: after 1,000
steps it answers no better than the first words of every passage do, and has no
answers that it could lose. So it learns 1,500 questions by heart, in rows of
384 tokens as the Task Library asks for them, and is scored on these too.
"""

import dataclasses
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tasks"))
import train as tasks

from albert_keras.text.examples import Examples

VOCABULARY = tasks.DATA / "albert" / "spiece.model"
CONFIGS = {
    "sst2": tasks.HERE / "small.json",
    "conll2003": tasks.HERE / "small.json",
    "squad1": Path(__file__).with_name("reader.json"),
}
QUESTIONS = 1500
READER = {
    "num_train_steps": 600,
    "num_warmup_steps": 60,
    "eval_every": 600,
    "sequence_length": 384,
    "stride": 128,
    "question_length": 64,
    "dropout": 0.0,
    "classifier_dropout": 0.0,
}


def load(task: str) -> dict[str, Examples]:
    data = tasks.load(task)
    if task == "squad1":
        few = data["train"].examples[:QUESTIONS]
        data["train"] = dataclasses.replace(data["train"], examples=few)
    return data


def settings(task: str) -> Any:
    options = tasks.settings(task, seed=1)
    return dataclasses.replace(options, **(READER if task == "squad1" else {}))
