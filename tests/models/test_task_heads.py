"""Question answering, token classes and multiple choice, by definition.

Their numbers against Hugging Face's and google's are in
`tests/checkpoints/test_against_peers.py`.
"""

import numpy as np
import pytest

import albert_keras as ak


def backbone():
    return ak.AlbertBackbone.from_albert_config(
        ak.AlbertConfig.named("albert_tiny_test"), initializer_range=0.3
    )


def ids(*shape, seed=0):
    random = np.random.default_rng(seed)
    lengths = random.integers(6, shape[-1] + 1, (*shape[:-1], 1))
    is_token = (np.arange(shape[-1]) < lengths).astype("int32")
    return {
        "token_ids": random.integers(5, 100, shape).astype("int32") * is_token,
        "segment_ids": np.zeros(shape, "int32"),
        "padding_mask": is_token,
    }


def cross_entropy(labels, logits):
    logits = np.asarray(logits, "f8")
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=-1))
    return log_sum - np.take_along_axis(shifted, labels[..., None], -1)[..., 0]


def evaluate(model, inputs, labels, **weights):
    return model.evaluate(
        inputs, labels, verbose=0, return_dict=True, batch_size=8, **weights
    )


def test_token_classes_count_by_their_weight():
    model = ak.AlbertTokenClassifier(backbone(), num_classes=5)
    inputs = ids(4, 10)
    labels = np.random.default_rng(1).integers(0, 5, (4, 10)).astype("int32")
    counts = inputs["padding_mask"].astype("float32")
    counts[:, 0] = 0
    logits = np.asarray(model(inputs))
    each = cross_entropy(labels, logits)
    found = evaluate(model, inputs, labels, sample_weight=counts)
    assert found["loss"] == pytest.approx(
        (each * counts).sum() / counts.sum(), rel=1e-5
    )
    right = (logits.argmax(-1) == labels) * counts
    assert found["accuracy"] == pytest.approx(right.sum() / counts.sum())
    # Labels that do not count change nothing.
    others = np.where(counts == 0, 4 - labels, labels).astype("int32")
    assert evaluate(model, inputs, others, sample_weight=counts) == found


def test_each_choice_is_scored_alone():
    model = ak.AlbertMultipleChoice(backbone())
    inputs = ids(3, 4, 10)
    scores = np.asarray(model(inputs))
    assert scores.shape == (3, 4)
    for choice in range(4):
        alone = {n: v[:, choice : choice + 1] for n, v in inputs.items()}
        np.testing.assert_allclose(
            model(alone)[:, 0], scores[:, choice], atol=1e-5
        )
    labels = np.array([0, 3, 1], "int32")
    found = evaluate(model, inputs, labels)
    expected = cross_entropy(labels, scores).mean()
    assert found["loss"] == pytest.approx(expected, rel=1e-5)
    assert found["accuracy"] == pytest.approx(
        (scores.argmax(-1) == labels).mean()
    )


def spans(rows=4, seed=2):
    random = np.random.default_rng(seed)
    starts = random.integers(1, 4, rows).astype("int32")
    return {
        "start_positions": starts,
        "end_positions": starts + 1,
        "is_impossible": (np.arange(rows) % 2).astype("int32"),
    }


def test_loss_of_the_first_head():
    model = ak.AlbertQuestionAnswering(backbone(), head="v1")
    inputs, labels = ids(4, 10), spans()
    del labels["is_impossible"]
    outputs = model(inputs)
    expected = (
        cross_entropy(labels["start_positions"], outputs["start_logits"])
        + cross_entropy(labels["end_positions"], outputs["end_logits"])
    ).mean() / 2
    found = evaluate(model, inputs, labels)
    assert found["loss"] == pytest.approx(expected, rel=1e-5)


def test_loss_of_the_second_head():
    """Half of both spans, and half of the sigmoid's cross entropy."""
    model = ak.AlbertQuestionAnswering(backbone(), head="v2")
    inputs, labels = ids(4, 10), spans()
    inputs["answer_mask"] = inputs["padding_mask"].copy()
    outputs = model({**inputs, "start_positions": labels["start_positions"]})
    start, end = outputs["start_log_probs"], outputs["end_log_probs"]
    picked = np.take_along_axis
    spans_loss = -(
        picked(np.asarray(start), labels["start_positions"][:, None], 1)
        + picked(np.asarray(end), labels["end_positions"][:, None], 1)
    ).mean()
    impossible = labels["is_impossible"].astype("f8")
    score = np.asarray(outputs["cls_logits"], "f8")
    answer_loss = np.log1p(np.exp(score)) - score * impossible
    found = evaluate(model, inputs, labels)
    assert found["loss"] == pytest.approx(
        0.5 * spans_loss + 0.5 * answer_loss.mean(), rel=1e-5
    )


def test_answers_stay_where_they_may_be():
    model = ak.AlbertQuestionAnswering(
        backbone(), head="v2", start_n_top=2, end_n_top=2
    )
    inputs = ids(4, 10)
    inputs["answer_mask"] = np.zeros((4, 10), "int32")
    inputs["answer_mask"][:, 3:6] = 1
    outputs = {k: np.asarray(v) for k, v in model(inputs).items()}
    for name in ("start_top_index", "end_top_index"):
        assert set(outputs[name].flatten()) <= {3, 4, 5}
    assert outputs["end_top_index"].shape == (4, 4)
    # The ends of the best start come first, as they are given that start.
    best = outputs["start_top_index"][:, 0]
    given = model({**inputs, "start_positions": best})
    ends = np.sort(np.asarray(given["end_log_probs"]))[:, ::-1][:, :2]
    np.testing.assert_allclose(
        outputs["end_top_log_probs"][:, :2], ends, atol=1e-5
    )


@pytest.mark.parametrize("head", ["v1", "v2"])
def test_question_answering_learns(head):
    model = ak.AlbertQuestionAnswering(backbone(), head=head, dropout=0.0)
    inputs, labels = ids(4, 10), spans()
    if head == "v2":
        inputs["answer_mask"] = inputs["padding_mask"].copy()
    else:
        del labels["is_impossible"]
    model.optimizer.learning_rate = 0.01
    first = evaluate(model, inputs, labels)["loss"]
    model.fit(inputs, labels, epochs=40, verbose=0)
    assert evaluate(model, inputs, labels)["loss"] < 0.3 * first
    outputs = {
        k: np.asarray(v) for k, v in model.predict(inputs, verbose=0).items()
    }
    found = (
        outputs["start_logits"].argmax(-1)
        if head == "v1"
        else outputs["start_top_index"][:, 0]
    )
    np.testing.assert_array_equal(found, labels["start_positions"])


def test_another_head_is_refused():
    with pytest.raises(ValueError, match=r"v1, v2.*Received: head='v3'"):
        ak.AlbertQuestionAnswering(backbone(), head="v3")


@pytest.mark.parametrize(
    "make",
    [
        lambda: ak.AlbertTokenClassifier(backbone(), 5, dropout=0.3),
        lambda: ak.AlbertMultipleChoice(backbone(), dropout=0.3),
        lambda: ak.AlbertQuestionAnswering(backbone()),
        lambda: ak.AlbertQuestionAnswering(
            backbone(), head="v2", start_n_top=3, end_n_top=2
        ),
    ],
    ids=["tokens", "choices", "v1", "v2"],
)
def test_presets(make, tmp_path):
    model = make()
    model.save_to_preset(tmp_path)
    again = type(model).from_preset(tmp_path)
    several = isinstance(model, ak.AlbertMultipleChoice)
    inputs = ids(2, 3, 10) if several else ids(2, 10)
    if "answer_mask" in model.input:
        inputs["answer_mask"] = inputs["padding_mask"]
    ours, theirs = model(inputs), again(inputs)
    if not isinstance(ours, dict):
        ours, theirs = {"": ours}, {"": theirs}
    for name, output in ours.items():
        np.testing.assert_array_equal(output, theirs[name])
    settings = model.get_config()
    for name in ("dropout", "head", "start_n_top", "num_classes"):
        assert again.get_config().get(name) == settings.get(name)


def test_fit_traces_a_step_once():
    """TensorFlow would trace it again if the first trace made variables."""
    model = ak.AlbertTextClassifier(backbone(), num_classes=2)
    traces = []
    step = model.train_step
    model.train_step = lambda *data: traces.append(1) or step(*data)
    rows = ids(4, 8), np.array([0, 1, 0, 1])
    for _ in range(2):
        model.fit(*rows, batch_size=2, verbose=0)
    assert len(traces) == 1
    assert int(model.optimizer.iterations) == 4
