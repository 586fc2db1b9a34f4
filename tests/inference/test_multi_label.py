"""Classifiers by problem type: the same answers in every form."""

import json

import keras
import numpy as np
import pytest
from command_call import call
from export_models import backbone, randomize

import albert_keras as ak
from albert_keras.models.albert_text_classifier_preprocessor import (
    AlbertTextClassifierPreprocessor,
)

LABELS = ["toxic", "rude", "off-topic"]
OTHERS = ["preset", "saved_model", "tflite"]
LENGTH = 16


def classifier(tokenizer, num_classes=3, **options):
    preprocessor = AlbertTextClassifierPreprocessor(
        tokenizer, sequence_length=LENGTH
    )
    return randomize(
        ak.AlbertTextClassifier(
            backbone(num_layers=1), num_classes, preprocessor, **options
        ),
        0.3,
    )


@pytest.fixture(scope="module")
def multi_label(small_tokenizer, lines):
    model = classifier(
        small_tokenizer,
        labels=LABELS,
        problem_type="multi_label_classification",
    )
    # So that half of the texts have each label.
    median = np.median(logits_of(model, lines[:40]), axis=0)
    model.output_dense.bias.assign_sub(median + 1e-3)
    return model


@pytest.fixture(scope="module")
def answers(multi_label, lines):
    return ak.inference.Classify(multi_label)(lines[:40])


@pytest.fixture(scope="module")
def forms(multi_label, tmp_path_factory):
    folder = tmp_path_factory.mktemp("multi_label")
    multi_label.save_to_preset(str(folder / "preset"))
    ak.export.saved_model(multi_label, folder / "saved_model")
    ak.export.tflite(
        multi_label,
        folder / "multi_label.tflite",
        sequence_length=LENGTH,
        check_texts=["A text.", "Another one."],
    )
    return {
        "preset": folder / "preset",
        "saved_model": folder / "saved_model",
        "tflite": folder / "multi_label.tflite",
    }


def logits_of(model, texts):
    rows = model.preprocessor.tokenizer.pack(texts, max_length=LENGTH)
    ids = {name: rows[name] for name in model.input}
    return np.asarray(model(ids, training=False))


def test_each_label_has_the_sigmoid_of_its_logit(multi_label, answers, lines):
    sigmoids = 1 / (1 + np.exp(-logits_of(multi_label, lines[:40])))
    for answer, expected in zip(answers, sigmoids, strict=True):
        assert list(answer) == ["labels", "scores"]
        assert list(answer["scores"]) == LABELS
        np.testing.assert_allclose(
            list(answer["scores"].values()), expected, atol=1e-5
        )
        order = sorted(range(3), key=lambda n: -expected[n])
        assert answer["labels"] == [
            LABELS[n] for n in order if expected[n] >= 0.5
        ]
    # Otherwise nothing would be seen of it.
    assert len({len(answer["labels"]) for answer in answers}) > 2


def test_a_threshold_of_ones_own(multi_label, lines):
    for threshold, number in ((0, 3), (1, 0)):
        classify = ak.inference.Classify(multi_label, threshold=threshold)
        assert len(classify(lines[0])["labels"]) == number


@pytest.mark.parametrize("form", OTHERS)
def test_all_forms_agree(answers, forms, form, lines):
    found = ak.inference.Classify(forms[form])(lines[:40])
    for one, other in zip(answers, found, strict=True):
        assert other["labels"] == one["labels"]
        assert other["scores"] == pytest.approx(one["scores"], abs=1e-4)


def test_signature_of_a_saved_model(answers, forms, lines):
    import tensorflow as tf

    loaded = tf.saved_model.load(str(forms["saved_model"] / "1"))
    found = loaded.signatures["classify"](tf.constant(lines[:40]))
    assert sorted(found) == ["labels", "scores"]
    for answer, names, scores in zip(
        answers, found["labels"].numpy(), found["scores"].numpy(), strict=True
    ):
        chosen = [name if name in answer["labels"] else "" for name in LABELS]
        assert [name.decode() for name in names] == chosen
        assert list(answer["scores"].values()) == pytest.approx(
            scores.tolist(), abs=1e-4
        )
    path = forms["saved_model"] / "1" / "assets.extra" / "model.json"
    about = json.loads(path.read_text())
    assert about["problem_type"] == "multi_label_classification"
    assert about["labels"] == LABELS


def test_labels_of_the_model_are_packed(forms):
    assert ak.export.LiteContents(forms["tflite"]).labels == LABELS


def test_probabilities_are_not_made_of_probabilities(small_tokenizer, lines):
    """A head with an activation has scores already."""
    softmax = classifier(small_tokenizer, activation="softmax")
    sigmoid = classifier(
        small_tokenizer,
        activation="sigmoid",
        problem_type="multi_label_classification",
    )
    for model in (softmax, sigmoid):
        expected = logits_of(model, lines[:3])  # what its activation gives
        for answer, row in zip(
            ak.inference.Classify(model)(lines[:3]), expected, strict=True
        ):
            assert list(answer["scores"].values()) == pytest.approx(
                row.tolist(), abs=1e-5
            )


def test_a_regression_of_several_numbers(small_tokenizer, lines):
    model = classifier(
        small_tokenizer, 2, labels=["x", "y"], problem_type="regression"
    )
    answer = ak.inference.Classify(model)(lines[0])
    assert list(answer) == ["scores"]
    assert list(answer["scores"].values()) == pytest.approx(
        logits_of(model, lines[:1])[0].tolist(), abs=1e-5
    )


def test_one_label(small_tokenizer, lines):
    model = classifier(
        small_tokenizer,
        1,
        labels=["spam"],
        problem_type="multi_label_classification",
    )
    score = float(keras.ops.sigmoid(logits_of(model, lines[:1]))[0, 0])
    answer = ak.inference.Classify(model, threshold=score - 0.01)(lines[0])
    assert answer["labels"] == ["spam"]
    assert answer["scores"]["spam"] == pytest.approx(score, abs=1e-5)


def test_the_command_prints_all_labels(answers, forms, lines):
    best = max(range(40), key=lambda n: len(answers[n]["labels"]))
    path = str(forms["tflite"])
    found = call("classify", path, lines[best], "--threshold", "0.5")
    names, scores, text = found.stdout.rstrip("\n").split("\t")
    assert names.split(",") == answers[best]["labels"]
    assert len(scores.split(",")) == len(names.split(",")) > 1
    assert text == lines[best]
    found = call("classify", path, lines[best], "--threshold", "1")
    assert found.stdout.startswith("(none)\t\t")
    found = call("classify", path, lines[best], "--threshold", "2")
    assert found.code == 2
    assert "must be from 0 to 1" in found.stderr


def test_threshold_for_another_model(small_models, multi_label):
    with pytest.raises(ValueError, match="for multi-label classifiers"):
        ak.inference.Classify(small_models["classifier"], threshold=0.5)
    with pytest.raises(ValueError, match=r"from 0 to 1\. Received: .*1\.5"):
        ak.inference.Classify(multi_label, threshold=1.5)


def test_two_labels_of_one_name(small_models):
    classify = ak.inference.Classify(
        small_models["classifier"], labels=["a", "b", "a"]
    )
    with pytest.raises(ValueError, match="must be 3 names, one for each"):
        classify("A text.")
