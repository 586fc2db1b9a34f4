"""SQuAD's scores: by definition, and those published for known systems."""

import pytest

from albert_keras.tasks.metrics import squad, squad_files

# What the dataset's authors publish for these predictions: exact, F1.
PUBLISHED = {(86.206, 92.196), (40.142, 50.982), (78.742, 81.775)}


def test_the_published_scores(shared_data):
    folder = shared_data("squad")
    data = {
        version: squad_files.read_dataset(folder / f"dev-v{version}.json")
        for version in ("1.1", "2.0")
    }
    assert [data[v].version for v in data] == ["1.1", "2.0"]
    found = set()
    for file in folder.glob("predictions-v*/*.json"):
        predictions = squad_files.read_predictions(file)
        if file.parent.name == "predictions-v1.1":
            scores = squad.squad1(data["1.1"].answers, predictions)
            found.add((round(scores["exact_match"], 3), round(scores["f1"], 3)))
        else:
            scores = squad.squad2(data["2.0"].answers, predictions)
            found.add((round(scores["exact"], 3), round(scores["f1"], 3)))
            assert round(scores["HasAns_exact"], 3) == 74.106
            assert round(scores["HasAns_f1"], 3) == 80.182
            assert round(scores["NoAns_exact"], 3) == 83.364
            assert (scores["total"], scores["HasAns_total"]) == (11_873, 5_928)
    assert found == PUBLISHED


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("The  Eiffel\tTower!", "eiffel tower"),
        ("theatre of an ant", "theatre of ant"),
        ("U.S.", "us"),
        ("a.m.", "am"),
        ("“quoted”", "“quoted”"),  # only ASCII punctuation goes
        ("The", ""),
    ],
)
def test_normalized(text, normal):
    assert squad.normalize_answer(text) == normal


def test_the_best_of_several_answers_counts():
    answers = {"q": ["in the year 1066", "1066"]}
    assert squad.squad1(answers, {"q": "year 1066"}) == {
        "exact_match": 0,
        "f1": pytest.approx(100 * 2 * (2 / 2) * (2 / 3) / (2 / 2 + 2 / 3)),
    }


def test_repeated_words_overlap_as_often_as_both_have_them():
    scores = squad.squad1({"q": ["no no yes"]}, {"q": "no no no"})
    assert scores["f1"] == pytest.approx(100 * 2 / 3)


def test_a_missing_prediction_is_wrong_in_1_and_refused_in_2():
    answers = {"a": ["x"], "b": ["y"]}
    assert squad.squad1(answers, {"a": "x"})["exact_match"] == 50
    with pytest.raises(ValueError, match="none for 1 of 2, the first 'b'"):
        squad.squad2(answers, {"a": "x"})
    with pytest.raises(ValueError, match="null odds"):
        squad.squad2(answers, {"a": "x", "b": "y"}, {"a": 0.5})


def test_answers_of_nothing_but_articles_are_no_answers():
    scores = squad.squad2({"a": ["the"], "b": []}, {"a": "", "b": ""})
    assert scores["exact"] == scores["f1"] == 100
    assert scores["HasAns_total"] == scores["NoAns_total"] == 1


def test_a_threshold_turns_answers_into_none():
    answers = {"a": ["x"], "b": ["y"], "c": [], "d": []}
    predictions = {"a": "x", "b": "wrong", "c": "z", "d": ""}
    odds = {"a": -3.0, "b": 4.0, "c": 2.0, "d": 5.0}
    plain = squad.squad2(answers, predictions)
    assert (plain["HasAns_exact"], plain["NoAns_exact"]) == (50, 50)
    at_the_odds_of_c = squad.squad2(answers, predictions, odds, threshold=2)
    assert at_the_odds_of_c["NoAns_exact"] == 50
    scores = squad.squad2(answers, predictions, odds, threshold=0)
    assert (scores["HasAns_exact"], scores["NoAns_exact"]) == (50, 100)


def by_every_threshold(answers, predictions, odds, name):
    thresholds = [min(odds.values()) - 1, *odds.values()]
    return max(
        squad.squad2(answers, predictions, odds, t)[name] for t in thresholds
    )


def test_the_best_threshold_is_the_best_of_all():
    # By a fixed rule: some right, some wrong, some without an answer.
    names = [f"q{n}" for n in range(60)]
    answers = {q: ["x y"] if n % 3 else [] for n, q in enumerate(names)}
    predictions = {
        q: ["x y", "x", "z", ""][n * 7 % 4] for n, q in enumerate(names)
    }
    odds = {
        q: (n * 37 % 60) / 10
        - 2.05 * (predictions[q] == "x y")
        + 1.53 * (not answers[q])
        for n, q in enumerate(names)
    }
    scores = squad.squad2(answers, predictions, odds)
    for name in ("exact", "f1"):
        best = scores[f"best_{name}"]
        assert best == pytest.approx(
            by_every_threshold(answers, predictions, odds, name)
        )
        at = scores[f"best_{name}_thresh"]
        reached = squad.squad2(answers, predictions, odds, at)[name]
        assert reached == pytest.approx(best)
        assert best > scores[name]


def test_nothing_to_score():
    with pytest.raises(ValueError, match="at least one question"):
        squad.squad1({}, {})
    with pytest.raises(ValueError, match="question 'b' without one"):
        squad.squad1({"a": ["x"], "b": []}, {})
