import json
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from export_models import (
    LAYERS,
    LONGEST,
    MODELS,
    PIECES,
    backbone,
    keras_outputs,
    random_ids,
    randomize,
)

import albert_keras as ak

TEXTS = [
    "The [MASK] of an argument.",
    "No mask here",
    "[MASK] or [MASK], 1,234 times: Café [MASK]",
    "",
]


def ask(signature, *texts) -> dict[str, np.ndarray]:
    outputs = signature(tf.constant(texts, tf.string))
    return {name: output.numpy() for name, output in outputs.items()}


@pytest.mark.parametrize("name", MODELS)
def test_serve_ids_gives_what_keras_gives(models, served, name):
    model = models[name]
    inputs = random_ids(model, rows=3, length=19, masks=2)
    outputs = served[name]["serve_ids"](
        **{name: tf.constant(ids) for name, ids in inputs.items()}
    )
    expected = keras_outputs(model, inputs)
    assert outputs.keys() == expected.keys()
    for name in expected:
        np.testing.assert_allclose(
            outputs[name], expected[name], atol=1e-5, err_msg=name
        )


@pytest.mark.parametrize("name", ["masked_lm", "pretrainer"])
def test_texts_get_the_guesses_of_fill_mask(models, served, name):
    fill_mask = ak.FillMask(models[name])
    answer = ask(served[name]["serving_default"], *TEXTS)
    assert answer["mask_count"].tolist() == [1, 0, 3, 0]
    assert answer["tokens"].shape == (4, 3, 4)
    for row, count in enumerate(answer["mask_count"]):
        guesses = fill_mask(TEXTS[row], top_k=4) if count else []
        for mask, expected in enumerate([guesses] if count == 1 else guesses):
            assert answer["tokens"][row, mask].tolist() == [
                guess["token"] for guess in expected
            ]
            assert [
                piece.decode() for piece in answer["pieces"][row, mask]
            ] == [guess["token_str"] for guess in expected]
            np.testing.assert_allclose(
                answer["scores"][row, mask],
                [guess["score"] for guess in expected],
                atol=1e-6,
            )
        assert not answer["scores"][row, count:].any()
        assert set(answer["pieces"][row, count:].flat) <= {b""}


def test_equal_scores_come_in_the_order_of_ids(tokenizer, tmp_path):
    model = ak.AlbertMaskedLM(backbone())
    model.set_weights([0 * weight for weight in model.get_weights()])
    path = ak.export.saved_model(model, tmp_path, tokenizer=tokenizer).path
    signatures = tf.saved_model.load(str(path)).signatures
    answer = ask(signatures["serving_default"], "a [MASK]")
    assert answer["tokens"].tolist() == [[[0, 1, 2, 3, 4]]]
    np.testing.assert_allclose(answer["scores"], 1 / PIECES, rtol=1e-5)


def test_texts_are_classified_as_by_predict(models, served):
    texts = [*TEXTS, "argument " * 50]
    answer = ask(served["classifier"]["serving_default"], *texts)
    logits = models["classifier"].predict(np.array(texts), verbose=0)
    np.testing.assert_allclose(answer["logits"], logits, atol=1e-5)
    exponentials = np.exp(logits.astype("float64"))
    np.testing.assert_allclose(
        answer["scores"],
        exponentials / exponentials.sum(axis=-1, keepdims=True),
        atol=1e-6,
    )


@pytest.mark.parametrize(
    ("settings", "scores"),
    [
        ({"num_classes": 1}, lambda outputs: outputs),
        ({"num_classes": 3, "activation": "sigmoid"}, lambda outputs: outputs),
    ],
    ids=["regression", "own activation"],
)
def test_scores_are_what_the_model_puts_out(settings, scores, tmp_path):
    model = randomize(ak.AlbertTextClassifier(backbone(), **settings))
    path = ak.export.saved_model(model, tmp_path, text=False).path
    signatures = tf.saved_model.load(str(path)).signatures
    inputs = random_ids(model)
    answer = signatures["serve_ids"](
        **{name: tf.constant(ids) for name, ids in inputs.items()}
    )
    assert list(answer) == ["scores"]
    np.testing.assert_allclose(answer["scores"], model(inputs), atol=1e-5)


def test_a_batch_is_padded_to_its_own_longest(models, served, tokenizer):
    signature = served["backbone"]["serving_default"]
    short, longer = "an argument", "an argument" + " of the parser" * 2
    lengths = [len(tokenizer.encode(text)) + 2 for text in (short, longer)]
    assert lengths[0] <= 8 < lengths[1] <= 16
    assert ask(signature, short)["sequence_output"].shape == (1, 8, 16)
    both = ask(signature, short, longer)
    assert both["sequence_output"].shape == (2, 16, 16)
    # The neighbour does not change what a text gives.
    alone = ask(signature, short)
    np.testing.assert_allclose(
        both["pooled_output"][:1], alone["pooled_output"], atol=1e-6
    )
    row = np.array([[2, *tokenizer.encode(short), 3]], "int32")
    expected = models["backbone"](
        {
            "token_ids": row,
            "segment_ids": np.zeros_like(row),
            "padding_mask": np.ones_like(row),
        }
    )
    np.testing.assert_allclose(
        alone["sequence_output"][:, : row.shape[1]],
        expected["sequence_output"],
        atol=1e-5,
    )


def test_a_text_too_long_loses_its_end(models, served, tokenizer):
    text = "[MASK] argument " + "of the parser " * 20 + "[MASK]"
    ids = tokenizer.encode(text)[: LONGEST - 2]
    assert len(ids) == LONGEST - 2
    row = np.array([[2, *ids, 3]], "int32")
    logits = models["masked_lm"](
        {
            "token_ids": row,
            "segment_ids": np.zeros_like(row),
            "padding_mask": np.ones_like(row),
            "mask_positions": np.array([[1]], "int32"),
        }
    )
    answer = ask(served["masked_lm"]["serving_default"], text)
    assert answer["mask_count"].tolist() == [1]
    exponentials = np.exp(np.asarray(logits, "float64")[0, 0])
    scores = exponentials / exponentials.sum()
    best = np.argsort(-scores)[:4]
    assert answer["tokens"][0, 0].tolist() == best.tolist()
    np.testing.assert_allclose(answer["scores"][0, 0], scores[best], atol=1e-6)


def test_an_empty_batch_has_an_empty_answer(served):
    answer = ask(served["masked_lm"]["serving_default"])
    assert answer["tokens"].shape == (0, 0, 4)
    assert ask(served["classifier"]["serving_default"])["scores"].shape == (
        0,
        3,
    )


CLIENT = """
import json, sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("albert_keras", "keras_hub"):
            raise ImportError(name + " must not be needed")

sys.meta_path.insert(0, Refuse())
import tensorflow as tf
import tensorflow_text

signature = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
answer = signature(tf.constant(json.load(sys.stdin)))
print(json.dumps({
    "tokens": answer["tokens"].numpy().tolist(),
    "scores": answer["scores"].numpy().tolist(),
}))
"""


def test_a_process_without_this_project_gets_the_same(
    artefacts, served, tmp_path
):
    ended = subprocess.run(
        [sys.executable, "-I", "-c", CLIENT, artefacts["masked_lm"].path],
        input=json.dumps(TEXTS),
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"},
    )
    assert ended.returncode == 0, ended.stderr
    answer = json.loads(ended.stdout)
    expected = ask(served["masked_lm"]["serving_default"], *TEXTS)
    assert answer["tokens"] == expected["tokens"].tolist()
    np.testing.assert_allclose(answer["scores"], expected["scores"], atol=1e-6)


def test_weights_and_vocabulary_are_stored_once(tokenizer, tmp_path):
    # Large enough that the graph is small beside it.
    model = ak.AlbertPretrainer(
        backbone(vocabulary_size=30000, embedding_dim=128, hidden_dim=64)
    )
    written = ak.export.saved_model(model, tmp_path, tokenizer=tokenizer)
    on_disk = sum(
        file.stat().st_size for file in tmp_path.rglob("*") if file.is_file()
    )
    assert written.num_bytes == on_disk
    vocabulary = tokenizer.python_tokenizer.proto
    assert on_disk <= 1.05 * 4 * model.count_params() + len(vocabulary)
    graph = (written.path / "saved_model.pb").read_bytes()
    assert graph.count(vocabulary) == 1
    assert written.operations["SentencepieceOp"] == 1


def test_a_graph_for_texts_holds_the_model_once(artefacts):
    # A softmax a layer, in attention, and one over the vocabulary for texts
    # and for pairs.
    assert artefacts["backbone"].operations["Softmax"] == LAYERS
    assert artefacts["masked_lm"].operations["Softmax"] == LAYERS + 2


def test_what_was_written(artefacts, models):
    artefact = artefacts["pretrainer"]
    assert artefact.path.name == "1"
    assert artefact.num_parameters == models["pretrainer"].count_params()
    ids = "int32 [?, ?]"
    assert artefact.signatures["serve_ids"].inputs == {
        "mask_positions": ids,
        "padding_mask": ids,
        "segment_ids": ids,
        "token_ids": ids,
    }
    assert artefact.signatures["serve_ids"].outputs == {
        "mlm_logits": "float32 [?, ?, 300]",
        "sop_logits": "float32 [?, 2]",
    }
    default = artefact.signatures["serving_default"]
    assert default.inputs == {"text": "string [?]"}
    assert default.outputs == {
        "mask_count": "int32 [?]",
        "pieces": "string [?, ?, 4]",
        "scores": "float32 [?, ?, 4]",
        "tokens": "int32 [?, ?, 4]",
    }
    assert artefact.operations["SentencepieceTokenizeOp"] == 1


def test_model_json(models, tokenizer, tmp_path):
    labels = ["no", "maybe", "yes"]
    artefact = ak.export.saved_model(
        models["classifier"], tmp_path, labels=labels
    )
    path = artefact.path / "assets.extra" / "model.json"
    told = json.loads(path.read_text("utf-8"))
    assert told["model"] == "AlbertTextClassifier"
    assert told["labels"] == labels
    assert told["config"]["hidden_size"] == 16
    assert told["config"]["vocab_size"] == PIECES
    # What its preprocessor cuts texts to.
    assert told["text"] == {
        "lowercase": True,
        "keep_accents": False,
        "replace_quotes": False,
        "special_symbols": True,
        "max_tokens": 24,
    }
    assert told["signatures"]["serving_default"]["inputs"] == {
        "text": "string [?]"
    }
    assert told["versions"]["tensorflow"] == tf.__version__
    assert told["versions"]["albert_keras"] == ak.__version__
    assert len(told["weights_sha256"]) == 64
    other = ak.export.saved_model(
        models["classifier"], tmp_path, labels=labels, version=2
    )
    assert other.path.name == "2"
    again = other.path / "assets.extra" / "model.json"
    assert json.loads(again.read_text("utf-8")) == told


def test_model_json_tells_other_weights_apart(models, tmp_path):
    digests = set()
    for name in ("classifier", "backbone", "tagger"):
        folder = tmp_path / name
        written = ak.export.saved_model(models[name], folder, text=False)
        told = (written.path / "assets.extra" / "model.json").read_text("utf-8")
        digests.add(json.loads(told)["weights_sha256"])
    assert len(digests) == 3


def test_weights_of_bfloat16_take_half_the_place(tokenizer, tmp_path):
    settings = {
        "vocabulary_size": 30000,
        "embedding_dim": 128,
        "hidden_dim": 64,
        "dtype": "bfloat16",
    }
    model = ak.AlbertTextClassifier(backbone(**settings), num_classes=2)
    written = ak.export.saved_model(model, tmp_path, tokenizer=tokenizer)
    vocabulary = len(tokenizer.python_tokenizer.proto)
    # The graph is large beside a model as small as this.
    limit = 1.1 * 2 * model.count_params() + vocabulary
    assert written.num_bytes <= limit
    signatures = tf.saved_model.load(str(written.path)).signatures
    answer = ask(signatures["serving_default"], "an argument")
    assert answer["scores"].dtype == "float32"
    packed = tokenizer.pack(["an argument"], pad_to_multiple_of=8)
    logits = np.asarray(model(packed), "float32")
    np.testing.assert_allclose(answer["logits"], logits, atol=0.1)


def test_without_a_tokenizer_there_are_ids_alone(tmp_path):
    model = ak.AlbertMaskedLM(backbone())
    with pytest.raises(ValueError, match=r"`tokenizer` must be given"):
        ak.export.saved_model(model, tmp_path / "served")
    assert list(tmp_path.iterdir()) == []
    written = ak.export.saved_model(model, tmp_path / "served", text=False)
    assert list(written.signatures) == ["serve_ids"]
    assert "SentencepieceOp" not in written.operations


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("masked_lm", {"top_k": 0}, "between 1 and 300.*top_k=0"),
        ("masked_lm", {"top_k": 301}, "between 1 and 300.*top_k=301"),
        ("masked_lm", {"labels": ["a"]}, "for classifiers.*AlbertMaskedLM"),
        ("classifier", {"labels": ["a"]}, r"3 different names.*\['a'\]"),
        ("classifier", {"labels": "abc"}, "3 different names.*'abc'"),
        ("tagger", {"labels": ["a"]}, r"5 different names.*\['a'\]"),
        ("reader", {"labels": ["a"]}, "for classifiers"),
        ("classifier", {"version": 0}, "positive number.*version=0"),
    ],
)
def test_arguments_that_do_not_fit(models, tmp_path, name, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        ak.export.saved_model(models[name], tmp_path / "served", **arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_vocabulary_must_fit_the_model(tokenizer, tmp_path):
    model = ak.AlbertMaskedLM(backbone(vocabulary_size=PIECES - 1))
    with pytest.raises(ValueError, match="300 pieces, 299 embeddings"):
        ak.export.saved_model(model, tmp_path / "served", tokenizer=tokenizer)


def test_operations_that_a_server_lacks_are_refused(tmp_path):
    def through_python(x):
        return tf.numpy_function(lambda y: y, [x], tf.float32)

    model = ak.AlbertTextClassifier(
        backbone(), num_classes=2, activation=through_python
    )
    with pytest.raises(ValueError, match=r"TF Serving has.*PyFunc"):
        ak.export.saved_model(model, tmp_path / "served", text=False)
    assert list(tmp_path.iterdir()) == []


def test_versions_are_kept_unless_overwritten(models, tmp_path):
    for version in ("1", "2"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "saved_model.pb").write_text("old")
    model = models["backbone"]
    with pytest.raises(FileExistsError, match="1` must not exist"):
        ak.export.saved_model(model, tmp_path, text=False)
    assert (tmp_path / "1" / "saved_model.pb").read_text() == "old"
    ak.export.saved_model(model, tmp_path, text=False, overwrite=True)
    assert tf.saved_model.load(str(tmp_path / "1")).signatures
    assert (tmp_path / "2" / "saved_model.pb").read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["1", "2"]


def test_only_a_saved_model_is_overwritten(models, tmp_path):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "mine").touch()
    with pytest.raises(FileExistsError, match=r"1` must be .* a SavedModel"):
        ak.export.saved_model(
            models["backbone"], tmp_path, text=False, overwrite=True
        )
    assert (tmp_path / "1" / "mine").exists()
