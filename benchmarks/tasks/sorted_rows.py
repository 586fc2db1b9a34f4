"""Trains each task on rows sorted by label and on the same rows shuffled.

python benchmarks/tasks/sorted_rows.py --out RESULTS/sorted_rows.json

`fit` shuffles rows in every epoch, so the order of a file makes no difference:
the two means must agree within two standard errors. 1,600 rows of generated
text, 3 epochs, tiny models from random weights, about 10 minutes on 2 cores.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
import sentencepiece

import albert_keras as ak
from albert_keras.models.albert_text_classifier_preprocessor import (
    AlbertTextClassifierPreprocessor,
)

WORDS = [
    "list",
    "tuple",
    "error",
    "value",
    "name",
    "file",
    "index",
    "array",
    "class",
    "method",
]
MARKS = ["return", "raise"]
ROWS, HELD_OUT, EPOCHS = 1600, 400, 3


def sentence(draw, mark):
    """Six words, of which one is `mark`, and its place."""
    words = draw.sample(WORDS, 6)
    place = draw.randrange(6)
    words[place] = mark
    return words, place


def classifier_rows(draw, count):
    labels = [number % 2 for number in range(count)]
    texts = [" ".join(sentence(draw, MARKS[n])[0]) for n in labels]
    return list(zip(texts, labels, labels, strict=True))


def tagger_rows(draw, count):
    """The tag of a word after a mark is the mark's; all others are 0."""
    rows = []
    for number in range(count):
        kind = number % 2
        words, place = sentence(draw, MARKS[kind])
        tags = [0] * 6
        tags[min(place + 1, 5)] = kind + 1
        rows.append((words, tags, kind))
    return rows


def reader_rows(draw, count):
    rows = []
    for _ in range(count):
        words, place = sentence(draw, "return")
        start = len(" ".join([*words[:place], ""]))
        x = {"question": "what", "context": " ".join(words)}
        y = {"answer": "return", "answer_start": start}
        rows.append((x, y, place))
    return rows


def chooser_rows(draw, count):
    rows = []
    for number in range(count):
        label = number % 2
        options = [" ".join(sentence(draw, mark)[0]) for mark in MARKS]
        options = options if label == 0 else options[::-1]
        rows.append(({"question": "what", "options": options}, label, label))
    return rows


def make(task, tokenizer):
    backbone = ak.AlbertBackbone(
        vocabulary_size=tokenizer.vocabulary_size(),
        num_layers=1,
        num_heads=2,
        embedding_dim=32,
        hidden_dim=32,
        intermediate_dim=64,
        max_sequence_length=32,
        initializer_range=0.1,
    )
    preprocessor = AlbertTextClassifierPreprocessor(
        tokenizer, sequence_length=32
    )
    if task == "classifier":
        model = ak.AlbertTextClassifier(backbone, 2, preprocessor, dropout=0.0)
    elif task == "tagger":
        model = ak.AlbertTokenClassifier(backbone, 3, preprocessor, dropout=0.0)
    elif task == "reader":
        model = ak.AlbertQuestionAnswering(backbone, "v1", preprocessor)
    else:
        model = ak.AlbertMultipleChoice(backbone, preprocessor, dropout=0.0)
    model.compile(keras.optimizers.Adam(3e-3))
    return model


def accuracy(task, model, rows):
    """Share of right answers in percent; of a tagger that of sentences."""
    found = model.predict([row[0] for row in rows], batch_size=400, verbose=0)
    if task == "reader":
        right = [
            answers[0]["start"] == y["answer_start"]
            and answers[0]["text"] == y["answer"]
            for answers, (_, y, _) in zip(found, rows, strict=True)
        ]
    else:
        right = [
            np.array_equal(np.argmax(scores, -1), y)
            for scores, (_, y, _) in zip(found, rows, strict=True)
        ]
    return 100.0 * float(np.mean(right))


TASKS = {
    "classifier": classifier_rows,
    "tagger": tagger_rows,
    "reader": reader_rows,
    "chooser": chooser_rows,
}


def train(task, tokenizer, seed, is_sorted):
    draw = random.Random(seed)
    rows = TASKS[task](draw, ROWS)
    held_out = TASKS[task](draw, HELD_OUT)
    draw.shuffle(rows)
    if is_sorted:
        rows.sort(key=lambda row: row[2])
    keras.utils.set_random_seed(seed)
    model = make(task, tokenizer)
    model.fit(
        [row[0] for row in rows],
        [row[1] for row in rows],
        batch_size=16,
        epochs=EPOCHS,
        verbose=0,
    )
    return accuracy(task, model, held_out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter([*WORDS, *MARKS, "what"] * 40),
            model_prefix=f"{folder}/spiece",
            vocab_size=80,
            hard_vocab_limit=False,
            pad_id=0,
            unk_id=1,
            bos_id=-1,
            eos_id=-1,
            control_symbols="[CLS],[SEP],[MASK]",
        )
        tokenizer = ak.AlbertTokenizer(f"{folder}/spiece.model")
        results = {}
        for task in TASKS:
            begun = time.monotonic()
            found = {
                name: [
                    train(task, tokenizer, seed, name == "sorted")
                    for seed in range(options.seeds)
                ]
                for name in ("sorted", "shuffled")
            }
            means = {n: statistics.mean(v) for n, v in found.items()}
            # Of the difference of the means: over seeds, and over the held-out
            # rows that each mean was measured on.
            share = statistics.mean(means.values()) / 100
            of_rows = share * (1 - share) / (HELD_OUT * options.seeds)
            of_seeds = sum(
                statistics.variance(v) / len(v) for v in found.values()
            )
            error = max(of_seeds**0.5, 100 * (2 * of_rows) ** 0.5)
            results[task] = {
                **found,
                "difference": means["sorted"] - means["shuffled"],
                "standard_error": error,
                "seconds": round(time.monotonic() - begun),
            }
            print(task, json.dumps(results[task]), flush=True)
    if options.out:
        report = {"rows": ROWS, "epochs": EPOCHS, "accuracy": results}
        options.out.write_text(json.dumps(report, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
