"""Names of classes and the problem type, from and to Hugging Face."""

import json
from pathlib import Path

import pytest
from checkpoint_models import tiny_backbone

import albert_keras as ak
from albert_keras.checkpoints.labels import (
    read_activation,
    read_labels,
    read_problem_type,
)

CONFIG = Path("folder/config.json")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"id2label": {"0": "bad", "1": "good"}}, ("bad", "good")),
        ({"id2label": {"1": "good", "0": "bad"}}, ("bad", "good")),
        ({"label2id": {"good": 1, "bad": 0}}, ("bad", "good")),
        ({"label2id": {"good": "1", "bad": "0"}}, ("bad", "good")),
        ({"id2label": {"0": 10, "1": 20}}, ("10", "20")),
        ({}, None),
        ({"id2label": None, "label2id": {}}, None),
        ({"id2label": {"0": "LABEL_0", "1": "LABEL_1"}}, None),
        (
            {"id2label": {"0": "LABEL_1", "1": "LABEL_0"}},
            ("LABEL_1", "LABEL_0"),
        ),
        (
            {
                "id2label": {"0": "LABEL_0", "1": "LABEL_1"},
                "label2id": {"bad": 0, "good": 1},
            },
            ("bad", "good"),
        ),
        (
            {
                "id2label": {"0": "bad", "1": "good"},
                "label2id": {"LABEL_0": 0, "LABEL_1": 1},
            },
            ("bad", "good"),
        ),
    ],
)
def test_names_in_the_order_of_the_head(settings, expected):
    assert read_labels(settings, 2, CONFIG) == expected


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"id2label": {"0": "a", "2": "b"}}, r"2 classes \(0 to 1\).*2: 'b'"),
        ({"id2label": {"1": "a", "2": "b"}}, r"2 classes \(0 to 1\)"),
        ({"id2label": {"0": "a"}}, r"2 classes.*Received: 0: 'a'"),
        ({"id2label": {"0": "a", "1": "b", "2": "c"}}, "2 classes"),
        ({"id2label": {"0": "a", "1": "a"}}, "each class differently"),
        ({"id2label": {"0": "a", "00": "b"}}, "each id one name"),
        ({"label2id": {"a": 0, "b": 0}}, "each id one name"),
        ({"id2label": {"0": "a", "1": None}}, "texts as names.*None"),
        ({"id2label": {"0": ["a"], "1": "b"}}, r"texts as names.*\['a'\]"),
        ({"id2label": {"zero": "a", "1": "b"}}, "whole numbers.*'zero'"),
        ({"id2label": ["a", "b"]}, "hold an object as id2label"),
        (
            {"id2label": {"0": "a", "1": "b"}, "label2id": {"a": 1, "b": 0}},
            "same name in id2label and label2id",
        ),
    ],
)
def test_names_that_do_not_fit_are_refused(settings, match):
    with pytest.raises(ValueError, match=match) as error:
        read_labels(settings, 2, CONFIG)
    assert "folder/config.json" in str(error.value)
    assert "--labels" in str(error.value)


def test_unknown_words_are_refused():
    with pytest.raises(ValueError, match=r"problem_type.*'multi'"):
        read_problem_type({"problem_type": "multi"}, CONFIG)
    for wrong in ("no such", {"class_name": "os>system"}, 3):
        with pytest.raises(ValueError, match="one of Keras' activations"):
            read_activation({"classifier_activation": wrong}, CONFIG)


def changed(folder, **settings):
    path = folder / "config.json"
    content = {**json.loads(path.read_text()), **settings}
    path.write_text(json.dumps(content))


def test_a_folder_of_hugging_face(tmp_path):
    """As transformers writes it, once edited by a person."""
    model = ak.AlbertTextClassifier(tiny_backbone(), 3)
    folder = ak.checkpoints.save(model, tmp_path / "out", "huggingface")
    content = json.loads((folder / "config.json").read_text())
    assert content["id2label"] == {n: f"LABEL_{n}" for n in "012"}
    assert "problem_type" not in content
    assert ak.checkpoints.load(folder).labels is None

    changed(
        folder,
        id2label={"2": "c", "0": "a", "1": "b"},
        label2id={"a": 0, "b": 1, "c": 2},
        problem_type="multi_label_classification",
    )
    again = ak.checkpoints.load(folder)
    assert again.labels == ("a", "b", "c")
    assert again.problem_type == "multi_label_classification"

    changed(folder, id2label={"0": "a"}, label2id={"a": 0})
    with pytest.raises(ValueError, match="3 classes"):
        ak.checkpoints.load(folder)
    # Another class has other outputs, and what is passed goes before.
    ak.checkpoints.load(folder, ak.AlbertBackbone)
    again = ak.checkpoints.load(folder, labels=["x", "y", "z"])
    assert again.labels == ("x", "y", "z")


def test_a_new_head_has_no_names(tmp_path):
    model = ak.AlbertTextClassifier(tiny_backbone(), 2, labels=["a", "b"])
    folder = ak.checkpoints.save(model.backbone, tmp_path / "o", "huggingface")
    changed(folder, id2label={"0": "a", "1": "b"})
    new = ak.checkpoints.load(
        folder,
        ak.AlbertTextClassifier,
        num_classes=2,
        init_missing_heads=True,
    )
    assert new.labels is None
