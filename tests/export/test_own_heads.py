"""Models with a head of one's own, and models of keras_hub."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from export_models import backbone, randomize

import albert_keras as ak
from albert_keras.export.flatbuffer import FlatbufferModel

TEXTS = ["an argument", "the parser takes an argument", ""]


class Subclass(keras.Model):
    def __init__(self, encoder, tokenizer=None):
        super().__init__()
        self.encoder = encoder
        self.tokenizer = tokenizer
        self.stars = keras.layers.Dense(3)

    def call(self, inputs):
        outputs = self.encoder(inputs)
        words = outputs["sequence_output"]
        return {"stars": self.stars(outputs["pooled_output"]), "words": words}


def functional(tokenizer=None):
    encoder = backbone()
    stars = keras.layers.Dense(3, name="stars")
    pooled = encoder.output["pooled_output"]
    return randomize(keras.Model(encoder.input, stars(pooled)))


def subclass(tokenizer=None):
    return Subclass(backbone(), tokenizer)


def listed(tokenizer=None):
    """Inputs of one length, of two kinds, and in a list; two outputs."""
    encoder = backbone()
    ids, mask = inputs = [
        keras.Input((24,), dtype="int32", name=name)
        for name in ("token_ids", "padding_mask")
    ]
    outputs = encoder(
        {
            "token_ids": ids,
            "segment_ids": keras.ops.zeros_like(ids),
            "padding_mask": mask,
        }
    )["pooled_output"]
    heads = [keras.layers.Dense(n, name=f"head_{n}") for n in (1, 3)]
    return randomize(keras.Model(inputs, [head(outputs) for head in heads]))


def rows_of(tokenizer, texts, width=24):
    ids = [[2, *tokenizer.encode(text), 3] for text in texts]
    token_ids = np.array([row + [0] * (width - len(row)) for row in ids])
    mask = np.array([[1] * len(row) + [0] * (width - len(row)) for row in ids])
    return {
        "token_ids": token_ids.astype("int32"),
        "segment_ids": np.zeros_like(token_ids, "int32"),
        "padding_mask": mask.astype("int32"),
    }


@pytest.mark.parametrize("make", [subclass, listed])
def test_own_head_gives_its_outputs_in_every_form(make, tokenizer, tmp_path):
    rows = rows_of(tokenizer, TEXTS)
    model = make(tokenizer)
    given = rows if make is not listed else [*rows.values()][::2]
    expected = model(given)
    if make is listed:
        expected = dict(zip(["head_1", "head_3"], expected, strict=True))
    lengths = rows["padding_mask"].sum(1)

    if make is subclass:  # has its own
        tokenizer = None
    written = ak.export.saved_model(model, tmp_path / "a", tokenizer=tokenizer)
    graph = tf.saved_model.load(str(written.path))
    answer = graph.signatures["serve"](tf.constant(TEXTS))
    ids_answer = graph.signatures["serve_ids"](
        **{name: tf.constant(ids) for name, ids in rows.items()}
    )
    lite = tmp_path / "a.tflite"
    ak.export.tflite(
        model,
        lite,
        tokenizer=tokenizer,
        sequence_length=24,
    )
    pipelines = {
        "Keras": ak.inference.Predict(model, tokenizer),
        "SavedModel": ak.inference.load(tmp_path / "a"),
        "tflite": ak.inference.load(lite),
    }
    found = {form: asked(TEXTS) for form, asked in pipelines.items()}
    runner = Interpreter(str(lite)).get_signature_runner("serve")
    lite_answer = runner(**{name: ids[:1] for name, ids in rows.items()})
    assert set(answer) == set(lite_answer) == set(expected)
    for name, output in expected.items():
        for number, (row, length) in enumerate(
            zip(np.asarray(output), lengths, strict=True)
        ):
            if name == "words":
                row = row[:length]
            for form, results in found.items():
                np.testing.assert_allclose(
                    results[number][name], row, atol=2e-5, err_msg=form
                )
            for each in (answer, ids_answer):
                part = np.asarray(each[name])[number, : len(row)]
                np.testing.assert_allclose(part, row, atol=2e-5)
    stored = tf.train.list_variables(str(written.path / "variables/variables"))
    sizes = [np.prod(shape) for name, shape in stored if "OBJECT" not in name]
    assert sum(sizes) == model.count_params()
    content = FlatbufferModel(lite.read_bytes())
    assert content.constant_bytes < 4 * model.count_params() + 16 * 1024


def test_own_head_without_text(models, tokenizer, tmp_path):
    model = functional()
    written = ak.export.saved_model(model, tmp_path, text=False)
    assert set(written.signatures) == {"serve", "serve_ids"}
    rows = rows_of(tokenizer, TEXTS)
    answer = tf.saved_model.load(str(written.path)).signatures["serve"](
        **{name: tf.constant(ids) for name, ids in rows.items()}
    )
    assert list(answer) == ["stars"]
    np.testing.assert_allclose(answer["stars"], model(rows), atol=2e-5)
    model.preprocessor = models["tagger"].preprocessor
    assert ak.inference.Predict(model).model.max_tokens == 16


def with_other_inputs():
    encoder = backbone()
    age = keras.Input((1,), name="age")
    outputs = keras.layers.Concatenate()([encoder.output["pooled_output"], age])
    return keras.Model({**encoder.input, "age": age}, outputs)


def without_encoder():
    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.layers.Dense(2)(inputs))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (with_other_inputs, "must take only the inputs.*age"),
        (without_encoder, "built on an ak.AlbertBackbone. Received.*none"),
        (lambda: Subclass(lambda inputs: {}), "none"),
        (
            lambda: Subclass(backbone().layers),
            "with a dictionary of token_ids",
        ),
        (lambda: 7, "a Keras model built on an AlbertBackbone.* int"),
    ],
)
def test_other_models_are_refused(make, message, tokenizer, tmp_path):
    for write in (ak.export.saved_model, ak.export.tflite):
        with pytest.raises(TypeError, match=message):
            write(make(), tmp_path / "out.tflite", tokenizer=tokenizer)
    assert not list(tmp_path.iterdir())
    with pytest.raises(TypeError, match=message):
        ak.inference.Predict(make(), tokenizer)


def test_preprocessor_is_for_own_heads(models, tmp_path):
    preprocessor = models["tagger"].preprocessor
    with pytest.raises(ValueError, match=r"set `model\.preprocessor`"):
        ak.export.saved_model(
            models["classifier"], tmp_path, preprocessor=preprocessor
        )


def test_tasks_are_told_from_own_heads(models, tokenizer):
    with pytest.raises(TypeError, match="a Functional with its own"):
        ak.inference.Classify(functional(), tokenizer)
    with pytest.raises(TypeError, match="must be given a model with its own"):
        ak.inference.Predict(models["classifier"])
    with pytest.raises(TypeError, match="pass the AlbertBackbone itself"):
        ak.inference.Embed(functional(), tokenizer)
    assert ak.inference.Embed(subclass(), tokenizer)("a").shape == (16,)
