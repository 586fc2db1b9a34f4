"""Exported files in the clients that apps have: their code, their texts."""

import numpy as np
import pytest
from clients import ask, refusal
from peers import (
    LABELS,
    LENGTH,
    QUESTIONS,
    TEXTS,
    keras_mean,
    keras_scores,
    row_of,
)

from albert_keras.export.client_ids import ANSWERER_LENGTH, client_answers

CLASSIFIERS = [
    ("mediapipe", "TextClassifier"),
    ("tflite_support", "BertNLClassifier"),
]
EMBEDDERS = [("mediapipe", "TextEmbedder"), ("tflite_support", "TextEmbedder")]


@pytest.mark.parametrize(
    ("name", "length", "texts"),
    [
        ("classifier", LENGTH, TEXTS),
        ("resizable", None, TEXTS[:1] + TEXTS[2:4]),
    ],
)
@pytest.mark.parametrize(("library", "client"), CLASSIFIERS)
def test_classes(files, classifier, ids, name, length, texts, library, client):
    answers = ask(library, client, files[name], [[text] for text in texts])
    for text, categories in zip(texts, answers, strict=True):
        expected = keras_scores(classifier, ids.text(text, length))
        assert [label for label, _ in categories] == LABELS
        scores = [score for _, score in categories]
        np.testing.assert_allclose(scores, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("library", "name"),
    [
        ("mediapipe", "float16"),
        ("mediapipe", "int8"),
        ("mediapipe", "int8-per-tensor"),
        ("tflite_support", "float16"),
        ("tflite_support", "int8-per-tensor"),
    ],
)
def test_quantised_classes(files, classifier, wide, ids, library, name):
    model = classifier if name == "float16" else wide
    answers = ask(
        library, dict(CLASSIFIERS)[library], files[name], [[t] for t in TEXTS]
    )
    for text, categories in zip(TEXTS, answers, strict=True):
        expected = keras_scores(model, ids.text(text, LENGTH))
        scores = [score for _, score in categories]
        np.testing.assert_allclose(scores, expected, atol=0.05)


def test_what_the_task_library_is_too_old_for(files):
    """The day that it opens one, there is a form too many."""
    found = refusal("tflite_support", "BertNLClassifier", files["int8"])
    assert "Didn't find op for builtin opcode" in found


@pytest.mark.parametrize(("library", "client"), CLASSIFIERS)
def test_word_pieces(files, word_pieces, library, client):
    """Alike for text without accents, of which the clients drop none."""
    texts = ["ABC abd, 有層。", "", "unknown abcabc\n.a", "abc " * 50]
    tokenizer = word_pieces.preprocessor.tokenizer
    answers = ask(library, client, files["word_pieces"], [[t] for t in texts])
    for text, categories in zip(texts, answers, strict=True):
        ids = tokenizer.encode(text)[: LENGTH - 2]
        row = [tokenizer.cls_token_id, *ids, tokenizer.sep_token_id]
        scores = [score for _, score in categories]
        np.testing.assert_allclose(
            scores, keras_scores(word_pieces, row), atol=1e-5
        )


@pytest.mark.parametrize(("library", "client"), EMBEDDERS)
def test_vectors(files, embedder, ids, library, client):
    inputs = [[text] for text in TEXTS]
    vectors = ask(library, client, files["embedder"], inputs)
    for text, vector in zip(TEXTS, vectors, strict=True):
        expected = keras_mean(embedder, ids.text(text, LENGTH))
        np.testing.assert_allclose(vector, expected, atol=1e-5)


def test_answers(files, reader, ids):
    found = ask(
        "tflite_support", "BertQuestionAnswerer", files["reader"], QUESTIONS
    )
    assert sum(map(len, found)) > 5
    for (passage, question), answers in zip(QUESTIONS, found, strict=True):
        row = ids.passage(question, passage)
        outputs = reader(
            row_of(row.token_ids, row.segment_ids, ANSWERER_LENGTH),
            training=False,
        )
        expected = client_answers(
            row,
            np.asarray(outputs["start_logits"])[0],
            np.asarray(outputs["end_logits"])[0],
        )
        assert [answer[:3] for answer in answers] == [
            list(answer[:3]) for answer in expected
        ]
        np.testing.assert_allclose(
            [answer[3] for answer in answers],
            [answer.logit for answer in expected],
            atol=1e-4,
        )


@pytest.mark.parametrize("name", ["ids", "cased"])
@pytest.mark.parametrize(("library", "client"), EMBEDDERS)
def test_no_ids_rather_than_wrong_ones(files, name, library, client):
    """Clients lower-case, which a cased vocabulary would not survive."""
    sentences = {
        "mediapipe": "No metadata or input process unit found",
        "tflite_support": "Expected at least 2 output tensors",
    }
    assert sentences[library] in refusal(library, client, files[name])


def test_a_reader_of_another_length_is_refused(files):
    """It would end the answerer's process."""
    found = refusal("tflite_support", "BertQuestionAnswerer", files["short"])
    assert "No input process unit found" in found
