"""Backbone and heads against Hugging Face's, with the same weights.

The golden files are made by `tests/goldens/make_huggingface_goldens.py`,
without any code of this project.
"""

import json
from pathlib import Path

import numpy as np
import pytest

import albert_keras as ak

FOLDER = Path(__file__).parent.parent / "goldens" / "huggingface"
CASES = sorted(path.stem for path in FOLDER.glob("*.npz"))
# Hugging Face calls erf's GELU what google calls the tanh approximation.
ACTIVATIONS = {"gelu": "gelu_erf", "gelu_new": "gelu"}
INPUTS = ("token_ids", "segment_ids", "padding_mask")


def load_golden(case):
    with np.load(FOLDER / f"{case}.npz") as archive:
        return {name: archive[name] for name in archive}


def build_pretrainer(golden):
    config = json.loads(str(golden["config"]))
    del config["classifier_dropout_prob"]
    config["hidden_act"] = ACTIVATIONS.get(
        config["hidden_act"], config["hidden_act"]
    )
    backbone = ak.AlbertBackbone.from_albert_config(ak.AlbertConfig(**config))
    model = ak.AlbertPretrainer(backbone)
    for variable in model.variables:
        variable.assign(huggingface_value(variable.path, golden))
    return model


def huggingface_value(path, golden):
    """The value that Hugging Face's state dictionary has for a path."""
    owner, name = path.rsplit("/", 1)
    if "_inner_" in owner:
        _, group, _, inner = owner.split("/")[1].split("_")
        albert = (
            f"albert.encoder.albert_layer_groups.{group}.albert_layers.{inner}."
        )
        owner = owner.split("/", 2)[2]
    if owner == "attention/query_key_value":
        kind = {"kernel": "weight", "bias": "bias"}[name]
        parts = [
            golden[f"weights/{albert}attention.{part}.{kind}"]
            for part in ("query", "key", "value")
        ]
        return np.concatenate([part.T for part in parts], axis=-1)
    if name == "embeddings":
        table = {"token": "word", "segment": "token_type"}
        kind = owner.split("/")[1].removesuffix("_embedding")
        kind = table.get(kind, kind)
        return golden[f"weights/albert.embeddings.{kind}_embeddings.weight"]
    theirs = {
        "embeddings/layer_norm": "albert.embeddings.LayerNorm",
        "embeddings/projection": "albert.encoder.embedding_hidden_mapping_in",
        "pooler": "albert.pooler",
        "masked_lm_head/transform": "predictions.dense",
        "masked_lm_head/layer_norm": "predictions.LayerNorm",
        "masked_lm_head": "predictions",
        "sentence_order_head": "sop_classifier.classifier",
    }
    if owner not in theirs:
        block = {
            "attention/output_projection": "attention.dense",
            "attention_layer_norm": "attention.LayerNorm",
            "intermediate": "ffn",
            "feed_forward_output": "ffn_output",
            "feed_forward_layer_norm": "full_layer_layer_norm",
        }
        theirs[owner] = albert + block[owner]
    kind = {
        "kernel": "weight",
        "gamma": "weight",
        "bias": "bias",
        "beta": "bias",
        "output_bias": "bias",
    }[name]
    value = golden[f"weights/{theirs[owner]}.{kind}"]
    return value.T if name == "kernel" else value


def test_every_case_is_there():
    assert len(CASES) == 7


@pytest.mark.parametrize("case", CASES)
def test_equals_huggingface(case):
    golden = load_golden(case)
    model = build_pretrainer(golden)
    inputs = {name: golden[name] for name in INPUTS}
    batch, sequence = golden["token_ids"].shape
    real = golden["padding_mask"].astype(bool)

    hidden = model.backbone(inputs, return_all_layers=True)
    np.testing.assert_allclose(
        np.asarray(hidden["sequence_output"])[real],
        golden["sequence_output"][real],
        atol=1e-5,
    )
    np.testing.assert_allclose(
        hidden["pooled_output"], golden["pooled_output"], atol=1e-5
    )
    positions = np.tile(np.arange(sequence, dtype="int32"), (batch, 1))
    outputs = model({**inputs, "mask_positions": positions})
    np.testing.assert_allclose(
        np.asarray(outputs["mlm_logits"])[real],
        golden["mlm_logits"][real],
        atol=1e-5,
    )
    np.testing.assert_allclose(
        outputs["sop_logits"], golden["sop_logits"], atol=1e-5
    )


@pytest.mark.parametrize("case", CASES)
def test_all_layers_equal_huggingface(case):
    golden = load_golden(case)
    model = build_pretrainer(golden)
    hidden = model.backbone(
        {name: golden[name] for name in INPUTS}, return_all_layers=True
    )
    layers = np.stack(hidden["all_layers"])
    real = golden["padding_mask"].astype(bool)
    np.testing.assert_allclose(
        layers[:, real], golden["all_layers"][:, real], atol=1e-5
    )


def test_masked_lm_gives_the_pretrainers_logits():
    golden = load_golden("gelu_tanh")
    model = build_pretrainer(golden)
    masked_lm = ak.AlbertMaskedLM(model.backbone)
    masked_lm.masked_lm_head.set_weights(model.masked_lm_head.get_weights())
    inputs = {name: golden[name] for name in INPUTS}
    positions = np.array([[1, 3], [6, 0], [4, 2]], "int32")
    logits = masked_lm({**inputs, "mask_positions": positions})
    np.testing.assert_allclose(
        logits,
        np.take_along_axis(golden["mlm_logits"], positions[..., None], axis=1),
        atol=1e-5,
    )
