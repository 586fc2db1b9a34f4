"""Class weights against the definition of the loss."""

import csv
import dataclasses
import json

import keras
import numpy as np
import pytest
from rich.console import Console
from test_finetuning import SMALL

from albert_keras.tasks.class_weights import class_weights
from albert_keras.tasks.finetuning import finetune
from albert_keras.tasks.kinds.tags import TagTask
from albert_keras.tasks.kinds.text import MultiLabelTask, TextTask
from albert_keras.tasks.recipes.own import own_recipe
from albert_keras.tasks.start import Start
from albert_keras.text.examples import Examples, TaggedExample, TextExample


def test_balanced_is_scikit_learns_definition():
    counts = np.array([30, 10, 0])
    found = class_weights("balanced", "abc", counts)
    # n / (k * count) of the two classes that occur.
    assert found[:2].tolist() == pytest.approx([40 / 60, 40 / 20])
    assert (found * counts).sum() == pytest.approx(40)
    found = class_weights({"b": 5}, "abc", counts)
    assert found.tolist() == [1, 5, 1]


@pytest.fixture(scope="module")
def start(tmp_path_factory, tiny_vocabulary):
    folder = tmp_path_factory.mktemp("start")
    vocabulary = tiny_vocabulary("a", "the", "film", "plot", "good", "bad")
    sizes = {**SMALL, "num_hidden_layers": 1, "hidden_size": 16}
    (folder / "small.json").write_text(json.dumps(sizes))
    return Start(config=str(folder / "small.json"), tokenizer=str(vocabulary))


WORDS = ("film", "plot", "good", "bad", "film", "film", "plot", "film")


def text_examples(labels):
    return tuple(
        TextExample(str(i), word, None, label, f"f:{i}")
        for i, (word, label) in enumerate(zip(WORDS, labels, strict=True))
    )


def first_step(start, data, tmp_path, task, **changes):
    """Train one step on all examples, and predict with the first weights.

    Returns:
        The logged loss, and the logits before the step.
    """
    settings = dataclasses.replace(
        own_recipe(task, len(data)),
        num_train_steps=1,
        num_warmup_steps=0,
        batch_size=len(data),
        dropout=0.0,
        classifier_dropout=0.0,
        sequence_length=32,
        log_every=1,
        **changes,
    )
    quiet = Console(quiet=True)
    run = finetune(
        settings, start, {"train": data}, tmp_path / "run", console=quiet
    )
    with run.folder.metrics.open(newline="") as file:
        loss = float(next(csv.DictReader(file))["loss"])
    keras.utils.set_random_seed(settings.seed)
    backbone, tokenizer = start.load(0.0, "float32")
    kinds = {"multilabel": MultiLabelTask, "tags": TagTask}
    kind = kinds.get(task, TextTask)(settings, data.labels)
    model = kind.build(backbone)
    features = kind.features(data.examples, tokenizer.python_tokenizer)
    x = {
        name: column.to_tensor().numpy()
        for name, column in kind.arrays(features).x.items()
    }
    return loss, np.asarray(model.predict_on_batch(x)), features


def cross_entropies(logits, labels):
    shifted = logits - logits.max(-1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return -logs[np.arange(len(labels)), labels]


def test_the_loss_of_texts_is_the_weighted_mean(start, tmp_path):
    labels = [0, 0, 0, 1, 0, 0, 1, 0]
    data = Examples("text", text_examples(labels), ("a", "b"))
    loss, logits, _ = first_step(
        start, data, tmp_path, "classification", class_weight="balanced"
    )
    weights = np.array([8 / (2 * 6), 8 / (2 * 2)])[labels]
    expected = (weights * cross_entropies(logits, labels)).sum() / 8
    assert loss == pytest.approx(expected, rel=1e-5)


def test_the_loss_of_words_is_the_weighted_mean(start, tmp_path):
    tags = [("B-PER", "O", "O"), ("O", "O", "O")]
    examples = tuple(
        TaggedExample(str(i), ("film", "good", "bad"), each, f"f:{i}")
        for i, each in enumerate(tags)
    )
    data = Examples("tags", examples, ("B-PER", "O"))
    loss, logits, features = first_step(
        start, data, tmp_path, "tags", class_weight={"B-PER": 3.0}
    )
    first = np.array([features.row(row)["word_index"] >= 0 for row in range(2)])
    labels = np.array([0, 1, 1, 1, 1, 1])
    weights = np.where(labels == 0, 3.0, 1.0)
    losses = cross_entropies(logits[first], labels)
    expected = (weights * losses).sum() / weights.sum()
    assert loss == pytest.approx(expected, rel=1e-5)


def test_the_loss_of_several_labels_is_the_binary_cross_entropy(
    start, tmp_path
):
    labels = [(0, 1, 1), (0, 0, 0), (1, 1, 1), (1, 0, 0)] * 2
    data = Examples("text", text_examples(labels), ("a", "b", "c"))
    loss, logits, _ = first_step(start, data, tmp_path, "multilabel")
    y = np.array(labels)
    shares = 1 / (1 + np.exp(-logits.astype("float64")))
    expected = -np.mean(y * np.log(shares) + (1 - y) * np.log(1 - shares))
    assert loss == pytest.approx(expected, rel=1e-5)
