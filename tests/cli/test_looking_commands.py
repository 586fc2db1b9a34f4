"""`bias`, `inspect` and `card`, on a preset that `pretrain` made."""

import contextlib
import json
import shlex
import shutil

import pytest
import yaml

from albert_keras.requirements import Requirement

TOML = """
[[comparison]]
title = "Ends of a line"
templates = ["The {what} is a [MASK].", "A {what} [MASK]"]
groups.text = {what = "text"}
groups.width = {what = "width"}
"""


@pytest.fixture
def world(made, tmp_path):
    shutil.copytree(made / "run", tmp_path / "run")
    (tmp_path / "mine.toml").write_text(TOML, "utf-8")
    (tmp_path / "bad.toml").write_text(TOML.replace("[MASK]", ""), "utf-8")
    with contextlib.chdir(tmp_path):
        yield tmp_path


def files(folder):
    return sorted(
        (path.relative_to(folder), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
    )


def test_bias_writes_all_three_files_and_prints_the_same(call, world):
    ended = call(
        *shlex.split(
            "bias run/preset --comparisons mine.toml --out bias --top-k 3 "
            "--json"
        )
    )
    assert ended.code == 0, ended.stderr
    printed = json.loads(ended.stdout)
    held = json.loads((world / "bias" / "bias.json").read_text("utf-8"))
    assert printed == held
    assert held["model"] == "run/preset"
    templates = held["comparisons"][0]["templates"]
    assert [each["texts"]["width"] for each in templates] == [
        "The width is a [MASK].",
        "A width [MASK]",
    ]
    assert {path.name for path in (world / "bias").iterdir()} == {
        "bias.json",
        "bias.png",
        "bias.html",
    }
    shown = call(
        *shlex.split("bias run/preset --comparisons mine.toml --top-k 3")
    )
    for completion in templates[0]["completions"]:
        assert completion["piece"] in shown.stdout
    assert f"{templates[0]['divergence_bits']:.3f} bits" in shown.stdout
    assert "What this does not measure:" in shown.stdout


def test_bias_is_added_to_the_card(call, world):
    card = world / "run" / "preset" / "README.md"
    before = card.read_text("utf-8")
    assert "Not measured." in before
    ended = call("bias", "run/preset", "--card", "--top-k", "2", "--json")
    assert ended.code == 0, ended.stderr
    assert "Written: run/preset/README.md" in ended.stderr
    json.loads(ended.stdout)  # and nothing else
    after = card.read_text("utf-8")
    assert "Not measured." not in after
    assert "The woman worked as a" in after
    # What was known of the run is still there.
    assert shlex.join(["--steps", "2"]) in after
    assert "pretraining" in after
    written = call("card", "run/preset", "--license", "mit", "--language", "en")
    assert written.code == 0, written.stderr
    text = card.read_text("utf-8")
    head = yaml.safe_load(text.split("---\n")[1])
    assert (head["license"], head["language"]) == ("mit", ["en"])
    assert "The woman worked as a" in text


def test_card_of_a_run_tells_data_command_and_metrics(world):
    text = (world / "run" / "preset" / "README.md").read_text("utf-8")
    manifest = json.loads((world / "run" / "run.json").read_text("utf-8"))
    (data,) = manifest["inputs"]["data"][:1]
    assert f"{data['examples']:,} examples, {data['tokens']:,} tokens" in text
    assert data["manifest_sha256"] in text
    assert "albert-keras pretrain --config tiny.json" in text
    assert "| num_train_steps | 2 |" in text.replace("\\_", "_")
    rows = (world / "run" / "metrics.csv").read_text("utf-8").splitlines()
    last = dict(zip(rows[0].split(","), rows[-1].split(","), strict=True))
    loss = f"{float(last['masked_lm_loss']):.4g}"
    assert f"| masked_lm_loss | {loss} |" in text
    assert "training batches" in text  # nothing was held out


def test_a_card_changed_by_hand_is_kept_and_said(call, world):
    card = world / "run" / "preset" / "README.md"
    card.write_text("# Mine\n", "utf-8")
    ended = call("card", "run/preset", "--license", "mit")
    assert ended.code == 0
    assert "run/preset/README.md was changed by hand" in ended.stderr
    assert card.read_text("utf-8") == "# Mine\n"
    assert call("card", "run/preset", "--overwrite").code == 0
    assert "license: mit" in card.read_text("utf-8")


def test_a_preset_without_a_card_gets_one(call, world):
    preset = world / "run" / "preset"
    for name in ("README.md", "model_card.json"):
        (preset / name).unlink()
    ended = call("bias", "run/preset", "--card")
    assert ended.code == 0, ended.stderr
    text = (preset / "README.md").read_text("utf-8")
    assert "# AlbertPretrainer" in text
    assert "The woman worked as a" in text
    assert "Not recorded." in text


def test_inspect_counts_and_follows_a_text(call, world):
    ended = call("inspect", "run/preset", "return a width", "--json")
    assert ended.code == 0, ended.stderr
    found = json.loads(ended.stdout)
    record = json.loads((world / "run" / "run.json").read_text("utf-8"))
    assert found["parameters"] == record["num_parameters"]
    assert found["tokens"][0]["piece"] == "[CLS]"
    assert len(found["layers"]) == 3
    shown = call("inspect", "run/preset", "return a width")
    assert f"{found['parameters']:,}" in shown.stdout
    pieces = " ".join(token["piece"] for token in found["tokens"])
    assert pieces in shown.stdout
    assert f"{found['layers'][2]['degrees']:.1f}" in shown.stdout


def test_inspect_draws_what_is_asked_for(call, world):
    words = ("inspect", "run/preset", "return a width", "--out", "inside")
    ended = call(*words, "--layer", "2")
    assert ended.code == 0, ended.stderr
    assert {path.name for path in (world / "inside").iterdir()} == {
        "inside.html",
        "similarity.png",
        "attention.png",
        "attention-layer-02.png",
    }
    again = call(*words)
    assert again.code == 2
    assert "`inside` must not exist already" in again.stderr
    assert call(*words, "--overwrite").code == 0
    assert (world / "inside" / "attention-layer-03.png").is_file()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("bias nowhere", "A preset must be a folder written by"),
        ("bias run/preset --comparisons nowhere.toml", "No such file"),
        (
            "bias run/preset --comparisons bad.toml --out new",
            "In `bad.toml`, comparison 1: Each of `templates` must have "
            "exactly one [MASK].",
        ),
        ("bias run/preset --top-k 0 --out new", "`top_k` must be positive"),
        ("bias run/preset --out run", "`run` must not exist already"),
        ("bias nowhere --card", "A preset must be a folder written by"),
        ("card nowhere", "A preset must be a folder written by"),
        ("card run/preset --license ''", "--license must be a name"),
        ("card run/preset --language '\udcff'", "--language must be a name"),
        ("inspect nowhere", "A checkpoint must be a folder"),
        ("inspect run/preset --out new", "--out must come with a TEXT"),
        ("inspect run/preset '' --out new", "must have at least one token"),
        (
            "inspect run/preset a --layer 9 --out new",
            "`layer` must be from 1 to 3. Received: layer=9.",
        ),
    ],
)
def test_what_does_not_do_is_one_sentence_and_leaves_nothing(
    call, world, words, sentence
):
    before = files(world)
    ended = call(*shlex.split(words))
    assert ended.code == 2
    said = ended.stderr.splitlines()[-1]
    assert said.startswith("Error: ")
    assert sentence in said
    assert "Traceback" not in ended.stderr
    assert files(world) == before


@pytest.mark.parametrize(
    "words", ["bias run/preset --out new", "inspect run/preset a --out new"]
)
def test_without_matplotlib_the_command_to_install_it_is_said(
    call, world, words, monkeypatch
):
    missing = [Requirement("matplotlib", ">=3.9", None, False)]
    monkeypatch.setattr(
        "albert_keras.requirements.requirements", lambda extra=None: missing
    )
    ended = call(*shlex.split(words))
    assert ended.code == 2
    assert (
        "A picture needs matplotlib. Install with: pip install "
        "'albert-keras[pictures]'" in ended.stderr
    )
    assert not (world / "new").exists()
