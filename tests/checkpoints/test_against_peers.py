"""What the peers' own code wrote and computed, loaded and computed here.

The files are made by `tests/goldens/make_checkpoint_goldens.py`.
"""

import numpy as np
import pytest
from checkpoint_models import GOLDENS

import albert_keras as ak

CASES = sorted(p.name.removesuffix(".tar.gz") for p in GOLDENS.glob("*.gz"))
CLASSES = {
    "AlbertModel": ak.AlbertBackbone,
    "AlbertForPreTraining": ak.AlbertPretrainer,
    "AlbertForMaskedLM": ak.AlbertMaskedLM,
    "AlbertForSequenceClassification": ak.AlbertTextClassifier,
    "AlbertForTokenClassification": ak.AlbertTokenClassifier,
    "AlbertForQuestionAnswering": ak.AlbertQuestionAnswering,
    "AlbertForMultipleChoice": ak.AlbertMultipleChoice,
    "AlbertBackbone": ak.AlbertBackbone,
    "AlbertMaskedLM": ak.AlbertMaskedLM,
    "AlbertTextClassifier": ak.AlbertTextClassifier,
    "pretraining": ak.AlbertPretrainer,
    "module": ak.AlbertPretrainer,
    "classifier": ak.AlbertTextClassifier,
    "squad_v1": ak.AlbertQuestionAnswering,
    "squad_v2": ak.AlbertQuestionAnswering,
    "squad_v2_training": ak.AlbertQuestionAnswering,
    # Under google's names it might be a classifier too.
    "race": ak.AlbertTextClassifier,
    "garden": ak.AlbertBackbone,
}
# The SavedModel does not say it; see `albert_keras.checkpoints.garden`.
GARDEN_CONFIG = ak.AlbertConfig(
    vocab_size=60,
    embedding_size=8,
    hidden_size=16,
    num_hidden_layers=4,
    num_attention_heads=4,
    intermediate_size=24,
    max_position_embeddings=12,
)


def what_wrote(case: str) -> str:
    for start in ("google-", "tfhub-", "keras_hub-", "TF"):
        if case.startswith(start):
            return case.removeprefix(start).split("-")[0]
    return case.split("-")[0]


def load(case, **options):
    if case == "tfhub-garden":
        options["config"] = GARDEN_CONFIG
    if case.startswith("google-squad_v2"):
        options.update(start_n_top=3, end_n_top=2)
    return ak.checkpoints.load(GOLDENS / f"{case}.tar.gz", **options)


def log_softmax(logits):
    logits = logits - logits.max(axis=-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))


def test_every_form_is_there():
    assert len(CASES) == 28


@pytest.mark.parametrize("case", CASES)
def test_equals_the_peer(case):
    with np.load(GOLDENS / f"{case}.npz") as arrays:
        golden = dict(arrays)
    inputs = {k: v for k, v in golden.items() if not k.startswith("out_")}
    is_token = inputs["padding_mask"].astype(bool)
    model = load(case)
    assert type(model) is CLASSES[what_wrote(case)]
    if case == "google-race":
        model = load(case, model_class=ak.AlbertMultipleChoice)
    if "mask_positions" in model.input and "mask_positions" not in inputs:
        rows, length = is_token.shape
        inputs["mask_positions"] = np.tile(np.arange(length), (rows, 1))
    outputs = model(inputs)
    if not isinstance(outputs, dict):
        outputs = {"logits": outputs}
    if case == "google-pretraining":
        ids = {name: inputs[name] for name in model.backbone.input}
        outputs = {**outputs, **model.backbone(ids)}
    expected = {k[4:]: v for k, v in golden.items() if k.startswith("out_")}
    assert expected
    for name, theirs in expected.items():
        if name in ("mlm_log_probs", "sop_log_probs"):
            logits = np.asarray(outputs[name.replace("log_probs", "logits")])
            ours = log_softmax(logits)
        else:
            ours = np.asarray(outputs[name])
        ours = ours.reshape(theirs.shape)
        per_token = theirs.shape[: is_token.ndim] == is_token.shape
        if per_token and "log_probs" not in name:
            ours, theirs = ours[is_token], theirs[is_token]
        np.testing.assert_allclose(ours, theirs, atol=1e-5, err_msg=name)


def test_the_epsilon_of_kerashubs_head_is_seen():
    """With google's 1e-12 the logits would be other ones."""
    case = "keras_hub-AlbertMaskedLM"
    with np.load(GOLDENS / f"{case}.npz") as arrays:
        golden = dict(arrays)
    inputs = {k: v for k, v in golden.items() if not k.startswith("out_")}
    model = load(case)
    assert model.head_layer_norm_epsilon == 1e-5
    other = load(case, head_layer_norm_epsilon=1e-12)
    assert other.head_layer_norm_epsilon == 1e-12
    assert (
        np.abs(other(inputs) - golden["out_logits"]).max()
        > np.abs(model(inputs) - golden["out_logits"]).max()
    )


def test_kerashubs_head_keeps_its_epsilon_in_a_preset(tmp_path):
    model = load("keras_hub-AlbertMaskedLM")
    ak.checkpoints.save(model, tmp_path / "preset", "keras")
    again = ak.AlbertMaskedLM.from_preset(tmp_path / "preset")
    assert again.head_layer_norm_epsilon == 1e-5
    assert again.masked_lm_head.layer_norm.epsilon == 1e-5
