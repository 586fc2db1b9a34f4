import inspect
import itertools
import json
import re

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import albert_keras as ak
from albert_keras.inference.looking.inside import tokens_of
from albert_keras.inference.looking.parameters import count_parameters
from albert_keras.inference.looking.report import (
    parameters_json,
    savings,
    text_json,
)
from albert_keras.inference.looking.similarity import layer_changes
from albert_keras.inference.looking.tokenization import (
    coloured_pieces,
    coloured_text,
)
from albert_keras.models.albert_masked_lm_preprocessor import (
    AlbertMaskedLMPreprocessor,
)
from albert_keras.text.vocabulary import train_vocabulary

# Sizes of google's release; H and A: width and layers, I = 4H, E = 128.
RELEASED = {"base": (768, 12), "large": (1024, 24), "xxlarge": (4096, 12)}


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vocabulary")
    lines = inspect.getsource(json).splitlines()
    train_vocabulary(
        [line for line in lines if line.strip()],
        folder,
        vocab_size=200,
        show_progress=False,
    )
    return ak.AlbertTokenizer(str(folder / "spiece.model"))


@pytest.fixture(scope="module")
def model(tokenizer):
    backbone = ak.AlbertBackbone.from_albert_config(
        ak.AlbertConfig.named("albert_tiny_test"),
        vocabulary_size=200,
        initializer_range=0.4,
        dropout=0.5,
    )
    return ak.AlbertMaskedLM(
        backbone, AlbertMaskedLMPreprocessor(tokenizer, sequence_length=32)
    )


@pytest.mark.parametrize("size", RELEASED)
def test_parameters_of_the_released_models(size):
    config = ak.AlbertConfig.named(f"albert_{size}_v2")
    with keras.StatelessScope(initialize_variables=False):
        backbone = ak.AlbertBackbone.from_albert_config(config)
        model = ak.AlbertPretrainer(backbone, compile=False)
    counted = count_parameters(model)
    width, layers = RELEASED[size]
    block = (
        4 * (width * width + width)
        + 2 * 4 * width * width
        + 5 * width
        + 4 * width
    )
    parts = {part.name: part for part in counted.parts}
    assert (
        sum(
            part.size
            for name, part in parts.items()
            if name.startswith("block")
        )
        == block
    )
    assert parts["token embedding"].size == 30000 * 128
    assert parts["pooler"].size == width * width + width
    assert parts["head: masked lm"].size == (
        width * 128 + 128 + 2 * 128 + 30000
    )
    assert counted.total == model.count_params()
    assert counted.unrolled == counted.total + (layers - 1) * block
    assert counted.embedding == 30000 * 128 + 128 * width + width
    assert counted.full_embedding == 30000 * width


def test_unrolled_base_is_as_published():
    config = ak.AlbertConfig.named("albert_base_v2")
    with keras.StatelessScope(initialize_variables=False):
        backbone = ak.AlbertBackbone.from_albert_config(config)
    counted = count_parameters(backbone)
    assert counted.total == 11_683_584
    assert round(counted.unrolled / 1e6, 2) == 89.65
    sharing, embedding = savings(counted)
    assert sharing.startswith("One block, applied 12 times: 11,683,584")
    assert "89,650,176 parameters, 358.6 MB" in sharing
    assert "23,040,000" in embedding
    assert parameters_json(counted)["applications"] == 12


@pytest.mark.parametrize(
    "make",
    [
        lambda b: ak.AlbertTextClassifier(b, num_classes=3),
        lambda b: ak.AlbertTokenClassifier(b, num_classes=3),
        lambda b: ak.AlbertQuestionAnswering(b, head="v2"),
        lambda b: ak.AlbertMultipleChoice(b),
    ],
)
def test_every_head_is_counted_once(make):
    config = ak.AlbertConfig.named("albert_tiny_test")
    backbone = ak.AlbertBackbone.from_albert_config(
        config, num_groups=3, num_inner_repetitions=2, embedding_dim=16
    )
    model = make(backbone)
    counted = count_parameters(model)
    assert counted.total == model.count_params()
    # Three layers of three groups share nothing.
    assert counted.unrolled == counted.total
    assert (counted.num_blocks, counted.num_applications) == (6, 6)
    assert any(part.name.startswith("head") for part in counted.parts)
    assert len(savings(counted)) == 1  # no projection to speak of


def test_inside_is_what_the_model_computes(model, tokenizer):
    text = "Decode the [MASK] of a Document"
    inside = ak.look_inside(model, text)
    ids = [
        tokenizer.cls_token_id,
        *tokenizer.encode(text),
        tokenizer.sep_token_id,
    ]
    assert [token.id for token in inside.tokens] == ids
    assert [t.piece for t in inside.tokens[1:-1]] == tokenizer.pieces(text)
    row = np.array([ids])
    inputs = {
        "token_ids": row,
        "segment_ids": np.zeros_like(row),
        "padding_mask": np.ones_like(row),
    }
    outputs = model.backbone(inputs, return_all_layers=True)
    assert inside.hidden_states.shape == (4, len(ids), 16)
    for found, expected in zip(
        inside.hidden_states[1:], outputs["all_layers"], strict=True
    ):
        np.testing.assert_allclose(found, expected[0], atol=1e-5)
    np.testing.assert_allclose(
        inside.hidden_states[0],
        model.backbone.embeddings(row, np.zeros_like(row))[0],
        atol=1e-6,
    )
    assert inside.attention.shape == (3, 2, len(ids), len(ids))
    np.testing.assert_allclose(inside.attention.sum(-1), 1, atol=1e-5)


def test_half_a_surrogate_pair_can_be_written(model):
    inside = ak.look_inside(model, "a \ud83d Document")
    assert inside.text == "a \ufffd Document"
    json.dumps(text_json(inside), ensure_ascii=False).encode("utf-8")


def test_changes_are_those_of_the_definition():
    random = np.random.default_rng(0)
    states = random.normal(size=(3, 4, 6))
    changes = layer_changes(states)
    assert [change.layer for change in changes] == [1, 2]
    for layer, change in enumerate(changes):
        distances, degrees = [], []
        for token in range(4):
            before, after = states[layer, token], states[layer + 1, token]
            distances.append(np.sqrt(((after - before) ** 2).sum()))
            cosine = (
                before @ after / np.sqrt((before @ before) * (after @ after))
            )
            degrees.append(np.arccos(cosine) * 180 / np.pi)
        assert change.distance == pytest.approx(np.mean(distances))
        assert change.distance_deviation == pytest.approx(np.std(distances))
        assert change.degrees == pytest.approx(np.mean(degrees))
        assert change.degrees_deviation == pytest.approx(np.std(degrees))


@pytest.mark.parametrize(
    ("after", "degrees"),
    [([2.0, 0.0], 0), ([0.0, 3.0], 90), ([-1.0, 0.0], 180), ([1.0, 1.0], 45)],
)
def test_angles_that_are_known(after, degrees):
    states = np.array([[[1.0, 0.0]], [after]])
    assert layer_changes(states)[0].degrees == pytest.approx(degrees)


def test_json_of_a_text(model):
    inside = ak.look_inside(model, "a Document")
    held = json.loads(json.dumps(text_json(inside)))
    assert held["text"] == "a Document"
    assert len(held["layers"]) == 3
    spans = [(t["start"], t["end"]) for t in held["tokens"]]
    assert spans[0] == spans[-1] == (None, None)


@settings(max_examples=80, deadline=None)
@given(
    st.text(max_size=40)
    | st.text(alphabet="decode Ünïté[MASK] 中ﬁ\u0301\n\t", max_size=40)
)
def test_colour_changes_no_character(tokenizer, text):
    try:
        tokens = tokens_of(text, tokenizer)
    except ValueError:
        assert tokenizer.encode(text) == []
        return
    # What would ring the bell or move the cursor, rich leaves out.
    printable = re.sub("[\a\b\v\f\r]", "", text)
    assert coloured_text(text, tokens).plain == printable
    pieces = coloured_pieces(tokens).plain
    assert pieces == " ".join(token.piece for token in tokens)


def test_neighbours_differ_in_colour_and_unknown_ones_are_red(tokenizer):
    tokens = tokens_of("decode 中 the object", tokenizer)
    shown = coloured_text("decode 中 the object", tokens)
    styles = [str(span.style) for span in shown.spans]
    assert len(styles) > 3
    assert all(a != b for a, b in itertools.pairwise(styles))
    red = [span for span in shown.spans if "red" in str(span.style)]
    assert [shown.plain[span.start : span.end] for span in red] == ["中"]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("", ValueError, "at least one token. Received: ''"),
        ("\u200b", ValueError, "at least one token"),
        (7, TypeError, r"must be a string. Received: 7 \(int\)"),
        ("a " * 40, ValueError, "at most 30 tokens. Received: "),
    ],
)
def test_bad_texts_are_named(model, text, error, message):
    with pytest.raises(error, match=message):
        ak.look_inside(model, text)


def test_what_is_no_model_or_has_no_tokenizer(model, tokenizer):
    with pytest.raises(TypeError, match="Received: Dense"):
        ak.look_inside(keras.layers.Dense(1), "a")
    with pytest.raises(ValueError, match="needs a `tokenizer`"):
        ak.look_inside(model.backbone, "a")
    inside = ak.look_inside(model.backbone, "a", tokenizer)
    np.testing.assert_array_equal(
        inside.attention, ak.look_inside(model, "a").attention
    )
