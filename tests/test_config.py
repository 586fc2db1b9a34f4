import dataclasses
import json

import pytest

from albert_keras.config import AlbertConfig

SIZES = {
    "vocab_size": 30000,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
}


@pytest.mark.parametrize(
    ("size", "layers", "hidden", "heads", "intermediate"),
    [
        ("base", 12, 768, 12, 3072),
        ("large", 24, 1024, 16, 4096),
        ("xlarge", 24, 2048, 16, 8192),
        ("xxlarge", 12, 4096, 64, 16384),
    ],
)
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_released_sizes(size, layers, hidden, heads, intermediate, version):
    config = AlbertConfig.named(f"albert_{size}_{version}")
    # Lan et al. 2019, table 1; v1 without dropout in xxlarge alone.
    dropout = 0.1 if version == "v1" and size != "xxlarge" else 0.0
    assert config == AlbertConfig(
        vocab_size=30000,
        embedding_size=128,
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_hidden_groups=1,
        inner_group_num=1,
        num_attention_heads=heads,
        intermediate_size=intermediate,
        hidden_act="gelu",
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
        max_position_embeddings=512,
        type_vocab_size=2,
        initializer_range=0.02,
    )


def test_hyphens_may_stand_for_underscores():
    assert AlbertConfig.named("albert-base-v2") == AlbertConfig.named(
        "albert_base_v2"
    )


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"albert_base_v2.*'albert_huge'"):
        AlbertConfig.named("albert_huge")


def test_config_is_frozen_and_hashable():
    config = AlbertConfig(**SIZES, extra={"down_scale_factor": 1})
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.hidden_size = 1
    with pytest.raises(TypeError):
        config.extra["gap_size"] = 0
    assert {config: "found"}[config] == "found"


def test_google_json_both_ways(tmp_path):
    content = {
        **SIZES,
        "embedding_size": 64,
        "hidden_act": "relu",
        "num_hidden_groups": 2,
        "attention_probs_dropout_prob": 0,
        "net_structure_type": 0,
        "layers_to_keep": [],
    }
    path = tmp_path / "albert_config.json"
    path.write_text(json.dumps(content))
    config = AlbertConfig.from_json(path)
    assert config.num_hidden_groups == 2
    assert config.hidden_act == "relu"
    assert dict(config.extra) == {"net_structure_type": 0, "layers_to_keep": []}
    config.to_json(path)
    written = json.loads(path.read_text())
    assert content.items() <= written.items()
    assert AlbertConfig.from_json(path) == config
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"hidden_size": "768"}, TypeError, "hidden_size='768' .str"),
        ({"hidden_size": 768.0}, TypeError, "hidden_size=768.0 .float"),
        ({"num_hidden_layers": True}, TypeError, "must be an integer"),
        ({"num_hidden_layers": 0}, ValueError, "must be positive"),
        ({"vocab_size": -3}, ValueError, "vocab_size=-3"),
        ({"num_attention_heads": 7}, ValueError, "must divide `hidden_size`"),
        ({"hidden_act": "mish"}, ValueError, "hidden_act='mish'"),
        ({"hidden_dropout_prob": 1.0}, ValueError, "less than 1"),
        ({"hidden_dropout_prob": "0.1"}, TypeError, "must be a number"),
        ({"initializer_range": 0}, ValueError, "must be positive"),
        ({"num_hidden_groups": 13}, ValueError, "must not exceed"),
    ],
)
def test_wrong_values_are_named(tmp_path, change, error, message):
    with pytest.raises(error, match=message):
        AlbertConfig(**{**SIZES, **change})
    path = tmp_path / "albert_config.json"
    path.write_text(json.dumps({**SIZES, **change}))
    with pytest.raises(error, match=r"albert_config\.json.*" + message):
        AlbertConfig.from_json(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "must be a JSON file"),
        (b"{", "must be a JSON file"),
        (b"\xff\xfe\x00", "must be a JSON file in UTF-8"),
        (b"[1]", "one JSON object. Received: list"),
        (b'{"vocab_size": 5}', "Missing: hidden_size, num_hidden_layers"),
    ],
)
def test_bad_files_are_named(tmp_path, content, message):
    path = tmp_path / "albert_config.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        AlbertConfig.from_json(path)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        AlbertConfig.from_json(tmp_path / "absent.json")
