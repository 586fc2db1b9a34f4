import types

import keras
import numpy as np
import pytest

import albert_keras as ak


def cross_entropy(labels, logits):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=-1))
    return log_sum - np.take_along_axis(shifted, labels[..., None], -1)[..., 0]


def tiny_batch(seed=0, batch=6):
    random = np.random.default_rng(seed)
    inputs = {
        "token_ids": random.integers(5, 100, (batch, 12)).astype("int32"),
        "segment_ids": np.repeat([[0] * 6 + [1] * 6], batch, 0),
        "padding_mask": np.ones((batch, 12), "int32"),
        "mask_positions": random.integers(1, 12, (batch, 4)).astype("int32"),
    }
    labels = {
        "mlm_logits": random.integers(5, 100, (batch, 4)).astype("int32"),
        "sop_logits": random.integers(0, 2, (batch,)).astype("int32"),
    }
    weights = {
        "mlm_logits": (random.random((batch, 4)) < 0.6).astype("float32"),
        "sop_logits": np.ones((batch,), "float32"),
    }
    return inputs, labels, weights


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    config = ak.AlbertConfig.named("albert_tiny_test")
    backbone = ak.AlbertBackbone.from_albert_config(
        config, initializer_range=0.3
    )
    return ak.AlbertPretrainer(backbone)


def evaluate(model, inputs, labels, weights):
    return model.evaluate(
        inputs, labels, sample_weight=weights, verbose=0, return_dict=True
    )


def expected_results(model, inputs, labels, weights):
    outputs = {k: np.asarray(v) for k, v in model(inputs).items()}
    weight = weights["mlm_logits"]
    masked_lm = cross_entropy(labels["mlm_logits"], outputs["mlm_logits"])
    order = cross_entropy(labels["sop_logits"], outputs["sop_logits"])
    right = outputs["mlm_logits"].argmax(-1) == labels["mlm_logits"]
    order_right = outputs["sop_logits"].argmax(-1) == labels["sop_logits"]
    return {
        # run_pretraining.py: numerator / (denominator + 1e-5), unweighted
        "loss": (masked_lm * weight).sum() / (weight.sum() + 1e-5)
        + order.mean(),
        "masked_lm_loss": (masked_lm * weight).sum() / weight.sum(),
        "masked_lm_accuracy": (right * weight).sum() / weight.sum(),
        "sentence_order_loss": order.mean(),
        "sentence_order_accuracy": order_right.mean(),
    }


def test_loss_and_metrics_by_definition(model):
    batch = tiny_batch()
    expected = expected_results(model, *batch)
    results = evaluate(model, *batch)
    assert results.keys() == expected.keys()
    for name, value in expected.items():
        assert results[name] == pytest.approx(value, rel=1e-5), name


def test_predictions_of_weight_zero_change_nothing(model):
    inputs, labels, weights = tiny_batch()
    before = evaluate(model, inputs, labels, weights)
    padding = weights["mlm_logits"] == 0
    labels["mlm_logits"] = np.where(padding, 99, labels["mlm_logits"])
    after = evaluate(model, inputs, labels, weights)
    assert before == after


def test_examples_of_weight_zero_change_nothing(model):
    inputs, labels, weights = tiny_batch()
    before = evaluate(model, inputs, labels, weights)
    filled = [
        {k: np.concatenate([v, v[:2]]) for k, v in part.items()}
        for part in (inputs, labels, weights)
    ]
    for weight in filled[2].values():
        weight[-2:] = 0.0
    after = evaluate(model, *filled)
    for name, value in before.items():
        assert after[name] == pytest.approx(value, rel=1e-5), name


def test_the_parts_of_a_batch_add_up_to_its_loss(model):
    inputs, labels, weights = tiny_batch()
    weights["sop_logits"][1] = 0.0
    outputs = model(inputs)
    whole = model.compute_loss(inputs, labels, outputs, weights)
    denominators = model.loss_denominators(labels, weights)
    assert float(denominators["mlm_logits"]) == weights["mlm_logits"].sum()
    assert float(denominators["sop_logits"]) == 5
    # Parts of unequal size, with unequal numbers of masks.
    parts = [
        model.compute_loss(
            None,
            *({k: v[rows] for k, v in of.items()} for of in (labels, outputs)),
            {k: v[rows] for k, v in weights.items()},
            denominators=denominators,
        )
        for rows in (slice(0, 1), slice(1, 2), slice(2, 6))
    ]
    assert float(sum(parts)) == pytest.approx(float(whole), rel=1e-6)


def test_keras_own_step_is_refused_under_several_replicas(model):
    model._distribute_strategy = types.SimpleNamespace(num_replicas_in_sync=2)
    with pytest.raises(ValueError, match=r"compile_for.* and 2 replicas\."):
        model.make_train_function()


def test_a_batch_without_masks_has_a_finite_loss(model):
    inputs, labels, weights = tiny_batch()
    weights["mlm_logits"] = np.zeros_like(weights["mlm_logits"])
    history = model.fit(inputs, labels, sample_weight=weights, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    for variable in model.variables:
        assert np.isfinite(variable.numpy()).all(), variable.path


def test_fit_learns_both_tasks(model):
    inputs, labels, weights = batch = tiny_batch()
    model.optimizer.learning_rate = 0.01
    first = evaluate(model, *batch)
    model.fit(inputs, labels, sample_weight=weights, epochs=60, verbose=0)
    last = evaluate(model, *batch)
    assert last["masked_lm_loss"] < 0.5 * first["masked_lm_loss"]
    assert last["sentence_order_accuracy"] == 1.0


def test_gradient_reaches_the_table_through_the_head(model):
    """The tie: a piece that is only ever a label moves in the embedding."""
    inputs, labels, weights = tiny_batch()
    inputs["token_ids"] = np.full_like(inputs["token_ids"], 7)
    labels["mlm_logits"] = np.full_like(labels["mlm_logits"], 42)
    table = model.backbone.token_embedding.embeddings
    before = table.numpy()
    model.fit(inputs, labels, sample_weight=weights, verbose=0)
    moved = np.abs(table.numpy() - before).max(axis=-1)
    assert moved[42] > 0


def test_preset_round_trip_with_heads(model, tmp_path):
    inputs, _, _ = tiny_batch()
    model.save_to_preset(tmp_path)
    copy = ak.AlbertPretrainer.from_preset(tmp_path)
    expected = model(inputs)
    for name, value in copy(inputs).items():
        np.testing.assert_array_equal(value, expected[name])


def test_masked_lm_from_a_pretrainers_preset(model, tmp_path):
    inputs, _, _ = tiny_batch()
    model.save_to_preset(tmp_path)
    masked_lm = ak.AlbertMaskedLM.from_preset(tmp_path)
    np.testing.assert_array_equal(
        masked_lm(inputs), model(inputs)["mlm_logits"]
    )
    masked_lm.save_to_preset(tmp_path / "masked_lm")
    again = ak.AlbertMaskedLM.from_preset(tmp_path / "masked_lm")
    np.testing.assert_array_equal(again(inputs), masked_lm(inputs))


def test_a_missing_head_must_be_asked_for(model, tmp_path):
    model.backbone.save_to_preset(tmp_path)
    with pytest.raises(ValueError, match="init_missing_heads=True"):
        ak.AlbertMaskedLM.from_preset(tmp_path, preprocessor=None)
    ak.AlbertMaskedLM.from_preset(
        tmp_path, preprocessor=None, init_missing_heads=True
    )
