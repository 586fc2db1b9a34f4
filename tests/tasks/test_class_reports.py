"""Scores of classes, by their definition and by hand."""

from collections import Counter

import pytest

from albert_keras.cli.scores import report_lines
from albert_keras.tasks.class_remarks import (
    check_classes,
    constant_number,
    never_predicted,
)
from albert_keras.tasks.metrics.classes import (
    class_report,
    label_report,
    macro_f1,
    micro_f1,
)
from albert_keras.text.shown import shown, shown_list


def test_three_classes_by_hand():
    true = ["a"] * 6 + ["b"] * 3 + ["c"]
    given = ["a"] * 4 + ["b"] * 2 + ["b"] + ["a"] * 2 + ["a"]
    report = class_report(given, true, ("a", "b", "c", "d"), "a")
    assert report["majority"] == {"label": "a", "accuracy": 60.0}
    assert report["never_predicted"] == ["c"]
    scores = report["classes"]
    # Of 7 found as "a" 4 are right, of 6 true ones 4 are found.
    assert scores["a"]["precision"] == pytest.approx(400 / 7)
    assert scores["a"]["recall"] == pytest.approx(400 / 6)
    assert scores["a"]["f1"] == pytest.approx(800 / 13)
    assert scores["b"]["f1"] == pytest.approx(200 * 1 / (3 + 3))
    assert scores["c"] == {
        **dict.fromkeys(("precision", "recall", "f1"), 0.0),
        "true": 1,
        "predicted": 0,
        "correct": 0,
    }
    assert report["confusion"] == {
        "a": {"a": 4, "b": 2},
        "b": {"a": 2, "b": 1},
        "c": {"a": 1},
    }
    # "d" is neither true nor predicted, and does not count.
    assert macro_f1(report) == pytest.approx((800 / 13 + 200 / 6 + 0) / 3)


def test_sets_of_labels_by_hand():
    true = [["a", "b"], [], ["b"], ["c"]]
    given = [["b", "a"], ["a"], [], ["a"]]
    report = label_report(given, true, ("a", "b", "c"))
    assert report["never_predicted"] == ["c"]
    # Right: a and b of the first. Found: 5 labels, true: 4.
    assert micro_f1(report) == pytest.approx(200 * 2 / 8)
    scores = [report["classes"][name]["f1"] for name in "abc"]
    assert scores == pytest.approx([200 / 4, 200 / 3, 0])
    assert macro_f1(report) == pytest.approx(sum(scores) / 3)


def test_no_predictions_are_refused():
    with pytest.raises(ValueError, match=r"at least one example\. Received: 0"):
        class_report([], [], ("a", "b"), "a")


def test_a_table_is_aligned_and_holds_no_control_characters():
    names = ["ok", "a\x1b[31m\n", "漢字"]
    report = class_report(names, names, names, "ok")
    lines = list(report_lines(report))
    assert all(line.isprintable() for line in lines)
    table = lines[1:5]
    assert table[1].split() == ["ok", *["100.000"] * 3, "1", "1"]
    assert table[2].split()[0] == r"a\u001b[31m\n"
    # Wide characters take two columns each.
    assert len({len(line) + 2 * ("漢" in line) for line in table}) == 1
    assert lines[5].startswith("confusion (rows: true classes")
    assert lines[7].split() == ["ok", "1", "0", "0"]


def test_many_classes_are_summed_up():
    names = [f"class {number}" for number in range(30)]
    given = [*names[1:], names[0]]
    lines = list(report_lines(class_report(given, names, names, names[0])))
    assert "and 10 more classes (metrics.json)" in lines
    assert "'class 0' predicted as 'class 1': 1" in lines
    assert len(lines) == 1 + 21 + 1 + 10


def test_data_of_one_class_is_refused_and_odd_classes_are_named():
    with pytest.raises(ValueError, match=r"2 different labels\. Received: 'a'"):
        list(check_classes(("a",), {"train": Counter("aaa")}, 2))
    counts = {"train": Counter("aab"), "dev": Counter("a")}
    assert list(check_classes(("a", "b", "c"), counts, 2)) == [
        "train: no example of 'c'.",
        "train: a single example of 'b'.",
        "dev: no example of 'b'.",
    ]


def test_what_is_never_predicted_is_named():
    true = Counter("aaaabbc")
    assert list(never_predicted("abc", true, True)) == []
    (one,) = never_predicted("aaaa", true, True)
    assert one.startswith("every prediction is 'a', never 'b' (2 true), 'c' (1")
    assert "--class-weight balanced" in one
    (one,) = never_predicted("ab", true, False)
    assert one.startswith("never predicted: 'c' (1 true).")
    assert "--class-weight" not in one
    assert list(constant_number([0.5, 0.5], [1.0, 1.0])) == []
    assert list(constant_number([0.0, 5.0], [0.0, 5.0])) == []
    (one,) = constant_number([0.5, 0.501], [0.0, 5.0])
    assert one.startswith("every prediction is about 0.5, while the labels")


def test_names_are_shown_in_a_line():
    assert shown("a\tb\ud800") == r"'a\tb\ud800'"
    assert shown("x" * 99) == f"'{'x' * 37}...'"
    names = [str(number) for number in range(12)]
    assert shown_list(names).endswith("'9' and 2 more")
