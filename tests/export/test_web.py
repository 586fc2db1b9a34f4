"""`export/web` in headless Chromium, held against Python."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import albert_keras as ak

WEB = Path(__file__).parents[2] / "export" / "web"
PACKAGES = Path(os.environ.get("WEB_NODE_MODULES", WEB / "node_modules"))
TEXTS = [
    "Return the parser of a subcommand.",
    "An argument is an option, or a naïve Straße; usage: %(prog)s [-h]",
    "Add 1,000 and 2,500 ... " + "to the namespace " * 20,
]
PASSAGE = (
    "The parser raises an error when an argument is missing. The message "
    "names it, prints the usage and exits with the status 2, unless the "
    "caller asked for an exception: then ArgumentError tells what was wrong."
)


@pytest.fixture(scope="module")
def answered(model_form, small_models, small_tokenizer, tmp_path_factory):
    """What the browser answers to all jobs, by task."""
    for program in ("node", "chromium"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program} on the PATH")
    packages = json.loads((WEB / "package.json").read_text("utf-8"))
    for name in (*packages["dependencies"], *packages["devDependencies"]):
        if not (PACKAGES / name / "package.json").is_file():
            pytest.skip(f"needs the npm package {name} in {PACKAGES}")
    folder = tmp_path_factory.mktemp("web")
    for name in ("classifier", "masked_lm", "tagger", "reader"):
        shutil.copy(model_form(name, "tflite"), folder / f"{name}.tflite")
    ak.export.tflite(
        small_models["backbone"],
        folder / "embedder.tflite",
        sequence_length=32,
        tokenizer=small_tokenizer,
        pooling="mean",
        tokenizer_json=True,
    )
    rows = {
        "classify": [*([text] for text in TEXTS), TEXTS[:2], TEXTS[2:0:-1]],
        "fillMask": [[f"A [MASK] {TEXTS[0]} [MASK][MASK]"]],
        "tag": [[text] for text in TEXTS],
        "answer": [["What is printed?", PASSAGE], [TEXTS[1], TEXTS[2]]],
        "loadClassifier": [[text] for text in TEXTS],
        "loadEmbedder": [[text] for text in TEXTS],
    }
    models = "classifier", "masked_lm", "tagger", "reader"
    files = dict(zip(rows, (*models, "classifier", "embedder"), strict=True))
    jobs = [
        {
            "task": task,
            "model": f"/models/{files[task]}.tflite",
            "tokenizer": "/models/tokenizer.json",
            "rows": rows[task],
        }
        for task in rows
    ]
    ran = subprocess.run(
        ["node", WEB / "headless.mjs", folder],
        input=json.dumps(jobs),
        env={**os.environ, "WEB_NODE_MODULES": str(PACKAGES)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["outside"] == []
    answers = [job["answers"] for job in found["jobs"]]
    pairs = {
        task: list(zip(rows[task], each, strict=True))
        for task, each in zip(rows, answers, strict=True)
    }
    return {"folder": folder, **pairs}


def by_label(answer):
    return {str(label): score for label, score in answer["scores"].items()}


@pytest.mark.parametrize("task", ["classify", "loadClassifier"])
def test_classes(answered, task):
    ask = ak.inference.Classify(answered["folder"] / "classifier.tflite")
    for texts, found in answered[task]:
        assert found == pytest.approx(by_label(ask(*texts)), abs=1e-5)


def test_vectors(answered):
    ask = ak.inference.Embed(answered["folder"] / "embedder.tflite")
    for (text,), found in answered["loadEmbedder"]:
        np.testing.assert_allclose(found, ask(text), atol=1e-4)


def test_masks(answered):
    ask = ak.inference.FillMask(answered["folder"] / "masked_lm.tflite")
    for (text,), found in answered["fillMask"]:
        for guesses, expected in zip(found, ask(text), strict=True):
            pieces = [each["token_str"] for each in expected]
            scores = [each["score"] for each in expected]
            assert [each["piece"] for each in guesses] == pieces
            found_scores = [each["score"] for each in guesses]
            assert found_scores == pytest.approx(scores, abs=1e-5)


def test_tags(answered):
    ask = ak.inference.Tag(answered["folder"] / "tagger.tflite")
    for (text,), found in answered["tag"]:
        expected = ask(text)["words"]
        assert len(found) == len(expected)
        for word, each in zip(found, expected, strict=True):
            score = each.pop("score")
            assert word.pop("score") == pytest.approx(score, abs=1e-5)
            assert word == each


def test_answers(answered):
    ask = ak.inference.Answer(answered["folder"] / "reader.tflite")
    for (question, passage), found in answered["answer"]:
        (expected,) = ask(question, passage)["answers"]
        score = expected.pop("score")
        assert found.pop("score") == pytest.approx(score, abs=1e-5)
        assert found == expected
