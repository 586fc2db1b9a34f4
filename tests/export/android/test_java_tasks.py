"""From texts to answers in Java with LiteRT, beside Keras."""

import math

import numpy as np
import pytest
from export_models import backbone, randomize
from java_task import JavaTask
from java_tokenizer import JavaError

import albert_keras as ak
from albert_keras.models.albert_text_classifier_preprocessor import (
    AlbertTextClassifierPreprocessor,
)
from albert_keras.tasks.metrics.conll import entities

pytestmark = pytest.mark.jvm

LABELS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
TEXTS = [
    "The value, and more: 1,234 of a name.",
    "Élan — naïve café ½ of it",
    "",
    "an argument group that is a lot longer than what the model takes " * 3,
    "one\u00a0two\tthree  \U0001d518\U0001d52b x",
]
PASSAGE = (
    "The value 1,234 — Élan \U0001d518\U0001d52b — of a name. An argument is "
    "added to the parser, and its help is shown. " * 3
)


@pytest.fixture
def start(task_classes, lite_files, vocabulary):
    """Starts a task of a model in Java."""
    running = []

    def start(name, task, *labels):
        process = JavaTask(
            task_classes,
            lite_files / f"{name}.tflite",
            vocabulary,
            task,
            *labels,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        assert process.close() == 0


@pytest.mark.parametrize("name", ["masked_lm", "pretrainer"])
def test_fill_mask(models, start, name):
    java = start(name, "fill")
    fill_mask = ak.FillMask(models[name])
    for text in [
        "The [MASK] of a name.",
        "[MASK][MASK] is 1,234 [MASK]é",
        "\u4e00 [SEP] the [MASK] (of) \u8a9e.",  # two that are unknown
    ]:
        expected = fill_mask(text, top_k=5)
        if text.count("[MASK]") == 1:
            expected = [expected]
        wanted = [
            [
                *(str(mask), str(guess["token"])),
                *(guess["token_str"], guess["sequence"]),
            ]
            for mask, guesses in enumerate(expected)
            for guess in guesses
        ]
        scores = [g["score"] for guesses in expected for g in guesses]
        rows = java(text)
        assert [row[:3] + row[4:] for row in rows] == wanted
        np.testing.assert_allclose(
            [float(row[3]) for row in rows], scores, rtol=1e-4
        )


def test_classes(models, start):
    java = start("classifier", "classify", "a", "b", "c")
    pairs = list(zip(TEXTS, TEXTS[::-1], strict=True))
    logits = models["classifier"].predict(TEXTS, verbose=0)
    of_pairs = models["classifier"].predict((TEXTS, TEXTS[::-1]), verbose=0)
    for texts, row in zip(
        [*((text,) for text in TEXTS), *pairs],
        [*logits, *of_pairs],
        strict=True,
    ):
        [label], *scores = java(*texts)
        weights = np.exp(row - row.max())
        np.testing.assert_allclose(
            np.array(scores, "float32")[:, 0],
            weights / weights.sum(),
            atol=1e-4,
        )
        assert label == "abc"[row.argmax()]


def assert_same_answers(rows, wanted):
    assert len(rows) == len(wanted)
    assert rows[0][0] == wanted[0]["text"]
    for row, answer in zip(rows, wanted, strict=True):
        scores = [float(word) for word in row[3:]]
        assert scores[0] == pytest.approx(answer["probability"], abs=1e-4)
        # Two that score nearly the same may change places.
        [same] = [each for each in wanted if each["text"] == row[0]]
        assert [int(row[1]), int(row[2])] == [same["start"], same["end"]]
        assert scores[1:] == pytest.approx(
            [same["start_log_prob"], same["end_log_prob"]], abs=1e-4
        )


@pytest.mark.parametrize("name", ["reader", "reader_v2"])
def test_answers(models, start, name):
    java = start(name, "answer")
    questions = [
        "Which value?",
        "",
        "What is a lot longer than half a row " * 5,
    ]
    contexts = [PASSAGE, "x", PASSAGE]
    expected = models[name].predict(
        {"question": questions, "context": contexts}, verbose=0
    )
    for question, context, wanted in zip(
        questions, contexts, expected, strict=True
    ):
        [null_odds], *rows = java(question, context)
        if name == "reader":
            assert math.isnan(float(null_odds))
        else:
            assert float(null_odds) == pytest.approx(
                wanted[0]["null_odds"], abs=1e-4
            )
        assert_same_answers(rows, wanted)


def test_answers_of_windows_that_overlap(task_classes, tokenizer, tmp_path):
    # Of more than 128 tokens, from one window to the next; and some answers
    # would be longer than the 30 tokens that one may have.
    length = 220
    model = randomize(
        ak.AlbertQuestionAnswering(
            backbone(max_sequence_length=length),
            "v1",
            AlbertTextClassifierPreprocessor(tokenizer, sequence_length=length),
        )
    )
    path, vocabulary = tmp_path / "model.tflite", tmp_path / "spiece.model"
    ak.export.tflite(model, path, sequence_length=length)
    vocabulary.write_bytes(tokenizer.proto)
    words = [f"word{number} of the argument" for number in range(120)]
    question, context = "What is it?", " ".join(words)
    [wanted] = model.predict(
        {"question": [question], "context": [context]}, verbose=0
    )
    with JavaTask(task_classes, path, vocabulary, "answer") as java:
        _, *rows = java(question, context)
    assert_same_answers(rows, wanted)


def test_tags(models, start):
    java = start("tagger", "tag", *LABELS)
    texts = [*TEXTS, PASSAGE, "\u0301 \u200b"]
    for text in texts:
        words = text.split()
        wanted = (
            models["tagger"].predict([words], verbose=0)[0] if words else []
        )
        rows = java(text)
        assert [row[0] for row in rows[: len(words)]] == words
        for row, logits in zip(rows[: len(words)], wanted, strict=True):
            weights = np.exp(logits - logits.max())
            assert row[1] == LABELS[logits.argmax()]
            assert float(row[2]) == pytest.approx(1 / weights.sum(), abs=1e-4)
        found = entities([row[1] for row in rows[: len(words)]])
        assert [row[:3] for row in rows[len(words) :]] == [
            [e.type, str(e.begin), str(e.end)] for e in found
        ]
        assert [row[3].split() for row in rows[len(words) :]] == [
            words[e.begin : e.end] for e in found
        ]


@pytest.mark.parametrize(
    ("name", "task", "labels", "texts", "sentence"),
    [
        ("masked_lm", "fill", [], ["no mask"], "1 to 20 times [MASK]"),
        ("masked_lm", "fill", [], ["[MASK] " * 21], "1 to 20 times [MASK]"),
        ("masked_lm", "fill", [], ["[MASK] " + "a " * 31], "at most 30 tokens"),
        ("tagger", "tag", LABELS, ["x" * 1_000_001], "1000000 characters"),
        ("reader", "answer", [], ["", "x" * 1_000_001], "1000000 characters"),
    ],
)
def test_texts_that_are_refused(start, name, task, labels, texts, sentence):
    java = start(name, task, *labels)
    with pytest.raises(JavaError, match=r"\. Received: ") as caught:
        java(*texts)
    assert sentence in str(caught.value)
    if task == "fill":  # and the model can still be asked
        assert len(java("a [MASK]")) == 5


@pytest.mark.parametrize(
    ("name", "task", "labels", "sentence"),
    [
        ("masked_lm", "classify", ["a"], "the output scores"),
        ("classifier", "fill", [], "the output mlm_logits"),
        ("classifier", "answer", [], "the output start_logits"),
        ("classifier", "tag", LABELS, "the output logits"),
        ("classifier", "classify", ["a"], "1 labels for 3 classes"),
        ("tagger", "tag", LABELS[:2], "2 labels for 5 tags"),
    ],
)
def test_models_of_another_task(start, name, task, labels, sentence):
    with pytest.raises(JavaError, match=r"\. Received: ") as caught:
        start(name, task, *labels)
    assert sentence in str(caught.value)
