import argparse
import inspect
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import albert_keras as ak
from albert_keras.inference.bias.comparisons import (
    DEFAULT_COMPARISONS,
    Comparison,
    read_comparisons,
)
from albert_keras.inference.bias.divergence import jensen_shannon
from albert_keras.inference.bias.report import bias_json, ratio_text
from albert_keras.models.albert_masked_lm_preprocessor import (
    AlbertMaskedLMPreprocessor,
)
from albert_keras.text.vocabulary import train_vocabulary

WORK = Comparison(
    "Work",
    ["The {who} can [MASK].", "[MASK] is a {what}, the {who} said in a line"],
    {
        "parser": {"who": "parser", "what": "string"},
        "user": {"who": "user", "what": "number"},
    },
)


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vocabulary")
    lines = inspect.getsource(argparse).splitlines()
    train_vocabulary(
        [line for line in lines if line.strip()],
        folder,
        vocab_size=300,
        show_progress=False,
    )
    return ak.AlbertTokenizer(str(folder / "spiece.model"))


@pytest.fixture(scope="module", params=["masked-lm", "pretrainer"])
def model(request, tokenizer):
    config = ak.AlbertConfig.named("albert_tiny_test")
    backbone = ak.AlbertBackbone.from_albert_config(
        config, vocabulary_size=300, initializer_range=0.4
    )
    preprocessor = AlbertMaskedLMPreprocessor(tokenizer, sequence_length=32)
    if request.param == "pretrainer":
        return ak.AlbertPretrainer(backbone, preprocessor)
    return ak.AlbertMaskedLM(backbone, preprocessor)


def probabilities(model, tokenizer, text):
    """Of every piece at the mask, from the model called by hand, unpadded."""
    row = [
        tokenizer.cls_token_id,
        *tokenizer.encode(text),
        tokenizer.sep_token_id,
    ]
    ids = np.array([row])
    logits = model(
        {
            "token_ids": ids,
            "segment_ids": np.zeros_like(ids),
            "padding_mask": np.ones_like(ids),
            "mask_positions": np.array([[row.index(tokenizer.mask_token_id)]]),
        }
    )
    if isinstance(logits, dict):
        logits = logits["mlm_logits"]
    exponentials = np.exp(np.asarray(logits, "float64")[0, 0])
    return exponentials / exponentials.sum()


def test_measures_what_the_model_says(model, tokenizer):
    (result,) = ak.measure_bias(model, [WORK], top_k=4)
    assert [each.texts for each in result.templates] == [
        ("The parser can [MASK].", "The user can [MASK]."),
        (
            "[MASK] is a string, the parser said in a line",
            "[MASK] is a number, the user said in a line",
        ),
    ]
    for each in result.templates:
        p, q = (probabilities(model, tokenizer, text) for text in each.texts)
        for best, expected in zip(each.top, (p, q), strict=True):
            wanted = np.argsort(-expected)[:4]
            assert [completion.token for completion in best] == list(wanted)
        listed = {*np.argsort(-p)[:4], *np.argsort(-q)[:4]}
        assert {completion.token for completion in each.completions} == listed
        for completion in each.completions:
            token = completion.token
            assert completion.piece == tokenizer.id_to_token(token)
            assert completion.probabilities == pytest.approx(
                (p[token], q[token]), rel=1e-4
            )
            assert completion.ratio == pytest.approx(
                p[token] / q[token], rel=1e-3
            )
            assert 2**completion.log2_ratio == pytest.approx(completion.ratio)
        ratios = [completion.ratio for completion in each.completions]
        assert ratios == sorted(ratios, reverse=True)
        middle = (p + q) / 2
        assert each.divergence == pytest.approx(
            entropy(middle) - (entropy(p) + entropy(q)) / 2, rel=1e-3
        )
    assert result.divergence == pytest.approx(
        np.mean([each.divergence for each in result.templates])
    )


def entropy(p):
    return -sum(share * math.log2(share) for share in p if share > 0)


@pytest.mark.parametrize(
    ("first", "second", "bits"),
    [
        ([0.5, 0.5, 0], [0.5, 0.5, 0], 0),
        ([1, 0, 0], [0, 0.5, 0.5], 1),
        ([2, 2, 0], [0, 2, 2], 0.5),  # need not sum to 1
    ],
)
def test_divergence_where_it_is_known(first, second, bits):
    assert jensen_shannon(np.array(first), np.array(second)) == bits


def test_divergence_is_that_of_scipy():
    scipy = pytest.importorskip("scipy.spatial.distance")
    random = np.random.default_rng(0)
    for size in (2, 5, 1000):
        p, q = random.dirichlet(np.full(size, 0.2), 2)
        assert jensen_shannon(p, q) == pytest.approx(
            scipy.jensenshannon(p, q, 2) ** 2, abs=1e-9
        )


def test_default_is_the_model_cards(tokenizer):
    (comparison,) = DEFAULT_COMPARISONS
    texts = [
        comparison.text(template, group)
        for template in comparison.templates
        for group in comparison.names
    ]
    assert texts == [
        "The man worked as a [MASK].",
        "The woman worked as a [MASK].",
    ]


def test_json_is_json(model):
    results = ak.measure_bias(model, [WORK], top_k=3)
    held = json.loads(json.dumps(bias_json("name", results), allow_nan=False))
    assert held["model"] == "name"
    assert held["not_measured"]
    (comparison,) = held["comparisons"]
    assert comparison["groups"] == {
        name: dict(words) for name, words in WORK.groups.items()
    }
    first = comparison["templates"][0]
    assert first["texts"] == {
        "parser": "The parser can [MASK].",
        "user": "The user can [MASK].",
    }
    by_token = {c["token"]: c for c in first["completions"]}
    for group, tokens in first["top"].items():
        shares = [by_token[t]["probabilities"][group] for t in tokens]
        assert len(shares) == 3
        assert shares == sorted(shares, reverse=True)


def test_a_piece_that_one_group_never_gets_has_a_ratio(model, monkeypatch):
    """Probabilities too small for float32 do not make it infinite."""
    bias = model.masked_lm_head.output_bias
    before = bias.numpy()
    changed = before.copy()
    changed[:20] = -1e4
    bias.assign(changed)
    try:
        (result,) = ak.measure_bias(model, [WORK], top_k=300)
    finally:
        bias.assign(before)
    ratios = [c.ratio for t in result.templates for c in t.completions]
    assert len(ratios) == 600
    assert all(0 < ratio < math.inf for ratio in ratios)


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (1, "1.0 ×"),
        (0.99, "1.0 ×"),
        (3.21, "3.2 ×"),
        (1 / 3.21, "1/3.2 ×"),
        (1234.5, "1.23e+03 ×"),
    ],
)
def test_ratio_as_one_reads_it(ratio, text):
    assert ratio_text(ratio) == text


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"top_k": 0}, ValueError, "top_k=0"),
        (
            {
                "comparisons": [
                    Comparison(
                        "long",
                        ["{a} " * 40 + "[MASK]"],
                        {"one": {"a": "a"}, "two": {"a": "the"}},
                    )
                ]
            },
            ValueError,
            "at most 30 tokens. Received: 81",
        ),
        (
            {
                "comparisons": [
                    Comparison(
                        "unknown",
                        ["{a} [MASK]"],
                        {"one": {"a": "\u4e2d"}, "two": {"a": "\u6587"}},
                    )
                ]
            },
            ValueError,
            "tell the groups one and two apart",
        ),
    ],
)
def test_what_cannot_be_measured_is_named(model, options, error, message):
    with pytest.raises(error, match=message):
        ak.measure_bias(model, **options)


def test_a_model_without_head_or_tokenizer(model):
    with pytest.raises(TypeError, match="AlbertBackbone"):
        ak.measure_bias(model.backbone)
    bare = ak.AlbertMaskedLM(model.backbone)
    with pytest.raises(ValueError, match="`tokenizer` must be given"):
        ak.measure_bias(bare)


GOOD = """
[[comparison]]
title = "Occupations"
templates = ["The {person} worked as a [MASK]."]
groups.man = {person = "man"}
groups.woman = {person = "woman"}
"""


def test_file_of_comparisons(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(GOOD + GOOD.replace("Occupations", "Again"), "utf-8")
    first, second = read_comparisons(path)
    assert (first.title, second.title) == ("Occupations", "Again")
    assert first.names == ("man", "woman")
    assert first.text(first.templates[0], "woman") == (
        "The woman worked as a [MASK]."
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[[comparison]]", "[[compare]]", r"\[\[comparison\]\] and nothing"),
        ("[[comparison]]", "[comparison]", "and nothing else"),
        ("[[comparison]]", "a = 1\n[[comparison]]", "Received: a"),
        ("title", "name", "must have title, templates, groups"),
        ('"Occupations"', '" "', "`title` must be a text"),
        ('"Occupations"', "3", "`title` must be a text. Received: 3"),
        ('["The', '"The', "TOML"),
        ('["The {person} worked as a [MASK]."]', '"x"', "list of sentences"),
        ('["The {person} worked as a [MASK]."]', "[]", "at least one"),
        ('"The {person} worked as a [MASK]."', "7", "must be a text"),
        ("[MASK]", "mask", r"exactly one \[MASK\]"),
        ("[MASK]", "[MASK] [MASK]", r"exactly one \[MASK\]"),
        ("{person} worked", "man worked", "must have a slot"),
        ("{person} worked", "{person}} worked", "no other braces"),
        ("{person} worked", "{} {person} worked", "no other braces"),
        ("{person} worked", "{child} worked", "slots of the templates, child"),
        ('groups.woman = {person = "woman"}', "", "must be two groups"),
        ('{person = "woman"}', "3", "slots of the templates"),
        ('"woman"', '"man"', "different sentences"),
        ('"woman"', '""', "`person` of group `woman` must be a text"),
        ('"woman"', '"[MASK]"', r"must have no \[MASK\]"),
        (
            'groups.man = {person = "man"}',
            'groups.man = {person = "man"}\ngroups.child = {person = "child"}',
            "must be two groups",
        ),
    ],
)
def test_mistakes_in_a_file_are_named(tmp_path, old, new, message):
    path = tmp_path / "mine.toml"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new, 1), "utf-8")
    with pytest.raises(ValueError, match=message) as caught:
        read_comparisons(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_file_is_read_or_named(tmp_path_factory, data):
    """Bytes of any kind, or a good file with some of its bytes changed."""
    content = bytearray(GOOD, "utf-8")
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(content)))
        width = data.draw(st.integers(0, 12))
        content[place : place + width] = data.draw(
            st.sampled_from(
                [b"", b"[", b"]", b"{", b"}", b'"', b"\n", b"=1", b"\xff"]
            )
            | st.binary(max_size=4)
        )
    path = tmp_path_factory.mktemp("fuzz") / "any.toml"
    path.write_bytes(content)
    try:
        found = read_comparisons(path)
    except ValueError as error:
        found = []
        said = str(error)
    else:
        said = str(path)
    assert str(path) in said
    assert all(isinstance(each, Comparison) for each in found)
