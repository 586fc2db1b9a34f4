import csv
import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from albert_keras.quickstart.answers import ask_saved_model
from albert_keras.quickstart.report import show_report
from albert_keras.quickstart.run import (
    QuickstartOptions,
    peak_learning_rate,
    quickstart,
)

pytestmark = pytest.mark.slow
METRICS = (
    "masked_lm_loss",
    "masked_lm_accuracy",
    "sentence_order_loss",
    "sentence_order_accuracy",
)


def test_it_leaves_what_it_says(finished):
    folder, _, report = finished
    assert {path.name for path in folder.iterdir()} == {
        "quickstart.json",
        "corpus",
        "vocabulary",
        "examples",
        "baselines.json",
        "run",
        "saved_model",
        "float32.tflite",
        "int8.tflite",
        "report.json",
    }
    assert json.loads((folder / "report.json").read_text()) == report
    assert (folder / "run" / "curves.png").read_bytes()[:4] == b"\x89PNG"
    with (folder / "run" / "metrics.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "eval"]
    for row, shown in zip(rows, report["evaluations"], strict=True):
        for name in METRICS:
            assert float(row[name]) == shown[name]


def test_the_three_runtimes_give_the_same_top_5(finished):
    _, _, report = finished
    assert report["questions"]
    for question in report["questions"]:
        keras = question["answers"]["Keras"]
        assert len(set(keras["pieces"])) == 5
        for runtime in ("SavedModel", "TFLite"):
            answer = question["answers"][runtime]
            assert answer["pieces"] == keras["pieces"]
            np.testing.assert_allclose(
                answer["scores"], keras["scores"], rtol=1e-3
            )
    sizes = {name: r["bytes"] for name, r in report["runtimes"].items()}
    assert sizes["TFLite int8"] < 0.4 * sizes["TFLite"]
    assert report["runtimes"]["SavedModel"]["same_top_5"] == len(
        report["questions"]
    )


def test_a_question_masks_one_word_of_the_held_out_text(finished):
    folder, _, report = finished
    held_out = (folder / "corpus" / "held_out.txt").read_text().splitlines()
    for question in report["questions"]:
        assert question["text"].replace("[MASK]", question["word"]) in held_out


def test_a_second_call_does_nothing_again(finished):
    folder, options, report = finished
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert quickstart(folder, options) == report
    after = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert before == after


def test_a_stopped_one_goes_on(finished):
    folder, options, report = finished
    before = (folder / "run" / "run.json").stat().st_mtime_ns
    for name in ("report.json", "int8.tflite"):
        (folder / name).unlink()
    again = quickstart(folder, options)
    assert again["evaluations"] == report["evaluations"]
    assert (folder / "int8.tflite").exists()
    assert (folder / "run" / "run.json").stat().st_mtime_ns == before


def test_other_options_are_refused(finished):
    folder, _, _ = finished
    before = (folder / "report.json").read_bytes()
    with pytest.raises(FileExistsError, match="other options"):
        quickstart(folder, QuickstartOptions(minutes=1.0))
    assert (folder / "report.json").read_bytes() == before


def test_one_that_failed_at_once_is_in_nobodys_way(tmp_path):
    (tmp_path / "bad.txt").write_bytes(b"")
    out = tmp_path / "out"
    for name in ("bad.txt", "absent.txt"):
        options = QuickstartOptions(corpus=(str(tmp_path / name),))
        with pytest.raises((ValueError, FileNotFoundError), match=name):
            quickstart(out, options)


def test_a_folder_of_something_else_is_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(FileExistsError, match="holds other files"):
        quickstart(tmp_path, overwrite=True)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_saved_model_may_be_named_from_where_one_is(finished, monkeypatch):
    folder, _, report = finished
    monkeypatch.chdir(folder)
    question = report["questions"][0]
    answers = ask_saved_model(Path("saved_model/1"), [question["text"]])
    expected = question["answers"]["SavedModel"]["pieces"]
    assert answers.pieces == [expected]


def test_a_saved_model_that_is_none_is_named(tmp_path):
    with pytest.raises(RuntimeError, match=str(tmp_path)):
        ask_saved_model(tmp_path, ["A [MASK]."])


def test_the_report_reads(finished):
    _, _, report = finished
    console = Console(record=True, width=120)
    show_report(report, console)
    page = console.export_text()
    for question in report["questions"]:
        assert question["text"] in page
    accuracy = report["evaluations"][-1]["masked_lm_accuracy"]
    assert f"{accuracy:.1%}" in page


def test_the_rate_falls_in_longer_runs_only():
    def rate(**options):
        return peak_learning_rate(QuickstartOptions(**options))

    assert rate() == rate(minutes=1.0) == rate(num_train_steps=100) == 0.015
    assert rate(minutes=45.0) == pytest.approx(0.005)
    assert rate(num_train_steps=4 * 4333) == pytest.approx(0.0075)
    # Steps, where they are given, and not the minutes beside them.
    assert rate(minutes=45.0, num_train_steps=100) == 0.015
