"""GLUE, RACE and CoNLL: against known packages, and by definition."""

import json
from pathlib import Path

import pytest

from albert_keras.tasks.metrics import glue as metrics
from albert_keras.tasks.metrics.conll import conll
from albert_keras.tasks.metrics.glue import glue
from albert_keras.tasks.metrics.race import race
from albert_keras.text.entities import Entity, entities

GOLDENS = json.loads(
    Path(__file__).with_name("metric_goldens.json").read_text("utf-8")
)


@pytest.mark.parametrize(
    "golden", [*GOLDENS["classification"], *GOLDENS["regression"]]
)
def test_sklearn_and_scipy_score_alike(golden):
    for name, score in golden["scores"].items():
        metric = getattr(metrics, name)
        found = metric(golden["predictions"], golden["labels"])
        assert found == pytest.approx(score, abs=1e-12), name


@pytest.mark.parametrize("golden", GOLDENS["tags"])
def test_seqeval_scores_alike(golden):
    found = conll(golden["predictions"], golden["labels"])
    expected = {name: 100 * s for name, s in golden["scores"].items()}
    assert found == pytest.approx(expected, abs=1e-10)


def test_what_each_glue_task_is_scored_by():
    assert glue("mrpc", ["1", "1", "0", "0"], ["1", "0", "0", "1"]) == {
        "accuracy": 50,
        "f1": 50,
    }
    assert glue("cola", ["1", "0"], ["1", "0"]) == {"matthews": 100}
    assert glue("stsb", [1.0, 2, 9], [1, 2, 3]) == {
        "pearson": pytest.approx(91.7662935482247),
        "spearman": pytest.approx(100),
    }
    names = ["entailment", "not_entailment"]
    assert glue("rte", names, names[:1] * 2) == {"accuracy": 50}


@pytest.mark.parametrize("constant", [0.0, 0.1, 3.3])
def test_a_constant_correlates_with_nothing(constant):
    assert metrics.pearson([constant] * 7, [1, 2, 3, 4, 5, 6, 7]) == 0
    assert metrics.spearman([1, 2, 3, 4, 5, 6, 7], [constant] * 7) == 0
    assert metrics.matthews(["1"] * 3, ["1", "0", "0"]) == 0


def test_pearson_of_close_values_far_from_zero():
    far = [1e8 + step * 1e-3 for step in (0, 1, 2, 4)]
    exact = metrics.pearson([0, 1, 2, 4], [1, 2, 2, 5])
    assert metrics.pearson(far, [1, 2, 2, 5]) == pytest.approx(exact, rel=1e-4)


@pytest.mark.parametrize(
    ("task", "predictions", "labels", "said"),
    [
        ("sst3", ["1"], ["1"], "must be one of cola, sst2"),
        ("sst2", ["1"], ["1", "0"], "1 predictions, 2 labels"),
        ("sst2", [], [], "at least one example"),
    ],
)
def test_glue_refuses(task, predictions, labels, said):
    with pytest.raises(ValueError, match=said):
        glue(task, predictions, labels)


def test_race_by_school():
    answers = {"m1": "A", "m2": "B", "h1": "C", "h2": "D", "h3": "A"}
    given = {"m1": "A", "m2": "B", "h1": "C", "h2": "A", "h3": "B", "x": "A"}
    groups = {q: {"m": "middle", "h": "high"}[q[0]] for q in answers}
    assert race(answers, given, groups) == {
        "middle": 100,
        "high": pytest.approx(100 / 3),
        "all": 60,
    }
    assert list(race(answers, given)) == ["all"]


def test_race_refuses_to_guess():
    with pytest.raises(ValueError, match="none for 1 of 2, the first 'b'"):
        race({"a": "A", "b": "A"}, {"a": "A"})
    with pytest.raises(ValueError, match="at least one question"):
        race({}, {})


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("O O", []),
        ("B-A B-A", [(0, 1, "A"), (1, 2, "A")]),
        ("I-A I-A", [(0, 2, "A")]),  # IOB1
        ("I-A B-A I-A", [(0, 1, "A"), (1, 3, "A")]),
        ("B-A I-B", [(0, 1, "A"), (1, 2, "B")]),
        ("B-A O I-A", [(0, 1, "A"), (2, 3, "A")]),
        ("B-A I-A E-A S-B I-B", [(0, 3, "A"), (3, 4, "B"), (4, 5, "B")]),
        ("B-x-y I-x-y", [(0, 2, "x-y")]),
    ],
)
def test_entities(tags, expected):
    assert entities(tags.split()) == [Entity(*entity) for entity in expected]


@pytest.mark.parametrize(
    ("given", "right", "said"),
    [
        ([["O"]], [["O"], ["O"]], "1 and 2"),
        ([["O"], []], [["O"], ["O"]], "in sentence 2: 0 and 1"),
        ([["PER"]], [["O"]], "Received: 'PER'"),
        ([["B-"]], [["O"]], "Received: 'B-'"),
        ([["O-PER"]], [["O"]], "Received: 'O-PER'"),
        ([[]], [[]], "words to score"),
    ],
)
def test_conll_refuses(given, right, said):
    with pytest.raises(ValueError, match=said):
        conll(given, right)
