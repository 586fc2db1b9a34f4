"""`.keras` files: what Keras promises of its own models holds for these."""

import warnings

import keras
import numpy as np
import pytest

import albert_keras as ak
from albert_keras.models.albert_text_classifier_preprocessor import (
    AlbertTextClassifierPreprocessor,
)
from albert_keras.training import AdamW, Lamb, PolynomialDecayWithWarmup

IDS = {
    "token_ids": np.array([[2, 9, 8, 3, 0], [2, 7, 6, 5, 3]] * 2, "int32"),
    "segment_ids": np.zeros((4, 5), "int32"),
    "padding_mask": np.array([[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]] * 2, "int32"),
}
MASKED = {**IDS, "mask_positions": np.array([[1], [2]] * 2, "int32")}
CLASSES = np.array([0, 1, 1, 0], "int32")
SPANS = {"start_positions": CLASSES, "end_positions": CLASSES + 1}


def backbone(**more):
    sizes = {
        "vocabulary_size": 60,
        "num_layers": 2,
        "num_heads": 2,
        "embedding_dim": 8,
        "hidden_dim": 16,
        "intermediate_dim": 24,
        "max_sequence_length": 12,
        "initializer_range": 0.3,
    }
    return ak.AlbertBackbone(**{**sizes, **more})


def same(ours, theirs):
    ours, theirs = keras.tree.flatten(ours), keras.tree.flatten(theirs)
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


def reloaded(model, folder, **options):
    model.save(folder / "model.keras")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        return keras.models.load_model(folder / "model.keras", **options)


def schedule():
    return PolynomialDecayWithWarmup(0.01, 20, 1)


def tasks():
    """Models, optimizers, and what they are trained on.

    Without dropout: Keras doesn't keep the state of its random numbers.
    """
    yield (
        ak.AlbertTextClassifier(backbone(), 2, dropout=0.0),
        keras.optimizers.SGD(0.5, momentum=0.9),
        (IDS, CLASSES, None),
    )
    yield (
        ak.AlbertTokenClassifier(backbone(), 3, dropout=0.0),
        AdamW(schedule()),
        (IDS, IDS["token_ids"] % 3, IDS["padding_mask"].astype("float32")),
    )
    yield (
        ak.AlbertMultipleChoice(backbone(), dropout=0.0),
        keras.optimizers.Adam(1e-3),
        (
            {name: np.stack([rows, rows], 1) for name, rows in IDS.items()},
            CLASSES,
            None,
        ),
    )
    yield (
        ak.AlbertQuestionAnswering(backbone(), "v1"),
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.01, 9)),
        (IDS, SPANS, None),
    )
    yield (
        ak.AlbertPretrainer(backbone()),
        Lamb(schedule()),
        (
            MASKED,
            {"mlm_logits": CLASSES[:, None] + 7, "sop_logits": CLASSES},
            {
                "mlm_logits": np.ones((4, 1), "float32"),
                "sop_logits": np.ones(4, "float32"),
            },
        ),
    )


@pytest.mark.parametrize(
    "number",
    range(5),
    ids=["classes", "tokens", "choices", "spans", "pretrain"],
)
def test_training_continues_as_if_it_had_not_stopped(number, tmp_path):
    policy = "mixed_float16" if number == 1 else "float32"
    keras.config.set_dtype_policy(policy)
    model, optimizer, (x, y, weights) = list(tasks())[number]
    # For the model's own classes `compile` takes no loss.
    model.compile(optimizer)

    def fit(which):
        return which.fit(
            x,
            y,
            sample_weight=weights,
            batch_size=2,
            shuffle=False,
            verbose=0,
        ).history

    fit(model)
    again = reloaded(model, tmp_path)
    assert type(again.optimizer) is type(model.optimizer)
    same(model.optimizer.variables, again.optimizer.variables)
    assert fit(model) == fit(again)
    same(model.get_weights(), again.get_weights())
    assert int(again.optimizer.iterations) == 4


def test_loss_and_metrics_are_kept(tmp_path):
    model = ak.AlbertTextClassifier(backbone(), 2, activation="softmax")
    model.compile(
        "sgd",
        keras.losses.CategoricalFocalCrossentropy(gamma=3.0),
        metrics=[keras.metrics.TopKCategoricalAccuracy(1, name="best")],
    )
    again = reloaded(model, tmp_path)
    labels = np.eye(2, dtype="float32")[CLASSES]
    found = again.evaluate(IDS, labels, verbose=0, return_dict=True)
    assert set(found) == {"loss", "best"}
    assert found == model.evaluate(IDS, labels, verbose=0, return_dict=True)
    assert not reloaded(model, tmp_path, compile=False).compiled
    loose = ak.AlbertTextClassifier(backbone(), 2, compile=False)
    assert not reloaded(loose, tmp_path).compiled


def test_a_frozen_encoder_stays_frozen(tmp_path):
    model = ak.AlbertTextClassifier(backbone(), 2)
    model.backbone.trainable = False
    model.compile()
    model.fit(IDS, CLASSES, verbose=0)
    again = reloaded(model, tmp_path)
    assert len(again.trainable_variables) == 2
    same(model.optimizer.variables, again.optimizer.variables)


def of_own_head():
    body = backbone()
    return keras.Model(
        body.input, keras.layers.Dense(2)(body.output["pooled_output"])
    )


def shared_by_two_inputs():
    body = backbone()
    inputs = [
        {n: keras.Input((None,), dtype="int32", name=f"{n}{k}") for n in IDS}
        for k in (0, 1)
    ]
    vectors = [body(each)["pooled_output"] for each in inputs]
    return keras.Model(inputs, keras.layers.Dot(1)(vectors))


def in_mixed_precision():
    body = backbone(dtype="mixed_bfloat16")
    return keras.Model(body.input, body.output["sequence_output"])


def of_all_layers():
    body = backbone()
    inputs = {n: keras.Input((None,), dtype="int32", name=n) for n in IDS}
    layers = body(inputs, return_all_layers=True)["all_layers"]
    assert len(layers) == 2
    return keras.Model(inputs, keras.layers.Average()(layers))


def on_masked_lm():
    model = ak.AlbertMaskedLM(backbone())
    return keras.Model(model.input, keras.layers.Softmax()(model.output))


def on_choices():
    model = ak.AlbertMultipleChoice(backbone())
    return keras.Model(model.input, keras.layers.Softmax()(model.output))


def inside_a_classifier():
    model = ak.AlbertTextClassifier(backbone(), 2)
    return keras.Model(model.input, model.get_layer("output_dropout").output)


@pytest.mark.parametrize(
    "make",
    [
        of_own_head,
        shared_by_two_inputs,
        in_mixed_precision,
        of_all_layers,
        on_masked_lm,
        on_choices,
        inside_a_classifier,
    ],
)
def test_models_of_ones_own(make, tmp_path):
    model, x = make(), IDS
    if make is shared_by_two_inputs:
        x = [IDS, IDS]
    elif make is on_masked_lm:
        x = MASKED
    elif make is on_choices:
        x = {name: rows[:, None] for name, rows in IDS.items()}
    expected = model(x)
    copies = [
        reloaded(model, tmp_path),
        keras.models.clone_model(model),
        keras.models.model_from_json(model.to_json()),
    ]
    for copy in copies[1:]:
        copy.set_weights(model.get_weights())
    for copy in copies:
        same(copy(x), expected)
        assert copy.count_params() == model.count_params()


def test_all_layers_on_keras_inputs_are_those_of_a_call():
    body = backbone()
    inputs = {n: keras.Input((None,), dtype="int32", name=n) for n in IDS}
    model = keras.Model(inputs, body(inputs, return_all_layers=True))
    same(model(IDS), body(IDS, return_all_layers=True))


def test_a_tokenizer_is_inside_the_file(tmp_path, small_tokenizer):
    preprocessor = AlbertTextClassifierPreprocessor(
        small_tokenizer, sequence_length=12
    )
    model = ak.AlbertTextClassifier(
        backbone(vocabulary_size=300), 2, preprocessor
    )
    again = reloaded(model, tmp_path)
    texts = ["Return the list.", "Raise it."]
    same(model.predict(texts, verbose=0), again.predict(texts, verbose=0))
    assert again.preprocessor.sequence_length == 12
