"""`albert-keras convert`, in this process."""

import contextlib
import io
import json
import signal
import sys

import pytest
from checkpoint_models import (
    GOLDENS,
    differing,
    randomized,
    tiny_backbone,
    unpack,
)

import albert_keras as ak
from albert_keras import cli
from albert_keras.models.albert_text_classifier_preprocessor import (
    AlbertTextClassifierPreprocessor,
)


def convert(*words):
    """Exit code, output and errors of the command."""
    out, err = io.StringIO(), io.StringIO()
    sigterm = signal.getsignal(signal.SIGTERM)
    code = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            sys, "argv", ["albert-keras", "convert", *map(str, words)]
        )
        try:
            with (
                contextlib.redirect_stdout(out),
                contextlib.redirect_stderr(err),
            ):
                cli.main()
        except SystemExit as exit:
            code = int(exit.code or 0)
        finally:
            signal.signal(signal.SIGTERM, sigterm)
    return code, out.getvalue(), err.getvalue()


@pytest.mark.parametrize("form", ["keras", "huggingface", "tensorflow"])
def test_an_archive_in_every_form(form, tmp_path):
    archive = GOLDENS / "google-pretraining.tar.gz"
    code, out, err = convert(
        archive, tmp_path / "out", "--to", form, "--verify"
    )
    assert code == 0, err
    assert "AlbertPretrainer" in out
    assert "loaded again: largest difference of any output 0\n" in out
    assert (
        differing(
            ak.checkpoints.load(archive), ak.checkpoints.load(tmp_path / "out")
        )
        == []
    )


def test_verify_runs_kerashubs_own_code(tmp_path):
    folder = unpack("keras_hub-AlbertMaskedLM", tmp_path)
    code, out, err = convert(
        folder, tmp_path / "out", "--to", "keras", "--verify"
    )
    assert code == 0, err
    line = next(line for line in out.splitlines() if "by keras-hub" in line)
    assert float(line.rpartition(" ")[2]) < 1e-5


def test_verify_says_what_is_not_installed(tmp_path, monkeypatch):
    from albert_keras.checkpoints import verification

    monkeypatch.setattr(verification, "find_spec", lambda name: None)
    folder = unpack("AlbertModel-safetensors", tmp_path)
    code, out, _ = convert(folder, tmp_path / "o", "--to", "keras", "--verify")
    assert code == 0
    assert "by transformers: not run, as transformers and torch" in out


def test_verify_sees_a_difference(tmp_path, monkeypatch):
    """A converter that loses something has to show here."""
    from albert_keras.checkpoints import saving

    original = saving._arrays

    def lossy(model):
        for name, array in original(model):
            yield name, array * 1.01 if name.endswith("gamma") else array

    monkeypatch.setattr(saving, "_arrays", lossy)
    folder = unpack("AlbertModel-safetensors", tmp_path)
    _, out, _ = convert(
        folder, tmp_path / "out", "--to", "tensorflow", "--verify"
    )
    line = next(line for line in out.splitlines() if "loaded again" in line)
    assert float(line.rpartition(" ")[2]) > 1e-4


def test_options(tmp_path):
    model = randomized(
        ak.AlbertPretrainer(tiny_backbone(activation="gelu_erf"))
    )
    ak.checkpoints.save(model, tmp_path / "in", "huggingface")
    words = [tmp_path / "in", tmp_path / "out", "--to", "tensorflow"]
    code, _, err = convert(*words)
    assert code == 2
    assert "activation that google's code has" in err
    code, out, err = convert(
        *words,
        "--activation",
        "gelu",
        "--num-heads",
        "4",
        "--model",
        "backbone",
    )
    assert code == 0, err
    again = ak.checkpoints.load(tmp_path / "out")
    assert (again.activation, again.num_heads) == ("gelu", 4)
    assert "AlbertBackbone" in out


def test_labels_and_tokenizer(tmp_path):
    tokenizer = ak.AlbertWordPieceTokenizer(
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a"]
    )
    model = ak.AlbertTextClassifier(
        tiny_backbone(), 2, AlbertTextClassifierPreprocessor(tokenizer)
    )
    folder = ak.checkpoints.save(model, tmp_path / "in", "huggingface")
    settings = json.loads((folder / "config.json").read_text())
    settings |= {"id2label": {"0": "bad"}, "label2id": {"bad": 0}}
    (folder / "config.json").write_text(json.dumps(settings))
    (folder / "added_tokens.json").write_text('{"<e>": 6}')
    words = [tmp_path / "in", tmp_path / "out", "--to", "keras"]
    for more, sentence in (
        ([], "'<e>' (6)"),
        (["--no-tokenizer"], "2 classes"),
        (["--labels", "a"], "'<e>' (6)"),
        (["--no-tokenizer", "--labels", "a"], "2 different names"),
    ):
        code, _, err = convert(*words, *more)
        assert (code, sentence in " ".join(err.split())) == (2, True), err
        assert not (tmp_path / "out").exists()
    code, _, err = convert(*words, "--no-tokenizer", "--labels", "bad,good")
    assert code == 0, err
    again = ak.checkpoints.load(tmp_path / "out")
    assert (again.labels, again.preprocessor) == (("bad", "good"), None)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere", "out", "--to", "keras"], "there is nothing"),
        (["in", "there", "--to", "keras"], "must not exist already"),
        (
            ["in", "out", "--to", "keras", "--model", "classifier"],
            "must hold the classifier",
        ),
        (
            ["in", "out", "--to", "keras", "--config", "albert"],
            "albert_base_v1",
        ),
        (["in", "out", "--to", "keras", "--num-heads", "3"], "must divide"),
    ],
)
def test_refusals(words, sentence, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    unpack("AlbertForPreTraining-safetensors", tmp_path).rename("in")
    (tmp_path / "there").mkdir()
    code, _, err = convert(*words)
    assert code == 2
    assert sentence in err
    assert "Traceback" not in err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "there"]
