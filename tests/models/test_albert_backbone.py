import keras
import keras_hub
import numpy as np
import pytest

import albert_keras as ak

RELEASED = {
    "base": (11_683_584, 11_813_810),
    "large": (17_683_968, 17_847_474),
    "xlarge": (58_724_864, 59_021_490),
    "xxlarge": (222_595_584, 223_158_450),
}


def tiny_inputs():
    return {
        "token_ids": np.array([[2, 13, 4, 3, 0], [2, 9, 8, 7, 3]]),
        "segment_ids": np.array([[0, 0, 0, 0, 0], [0, 0, 1, 1, 1]]),
        "padding_mask": np.array([[1, 1, 1, 1, 0], [1, 1, 1, 1, 1]]),
    }


@pytest.fixture
def config():
    return ak.AlbertConfig.named("albert_tiny_test")


@pytest.mark.parametrize("size", RELEASED)
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_parameter_counts_of_the_released_models(size, version):
    config = ak.AlbertConfig.named(f"albert_{size}_{version}")
    # Variables stay without values: xxlarge would take 0.9 GB.
    with keras.StatelessScope(initialize_variables=False):
        backbone = ak.AlbertBackbone.from_albert_config(config)
        pretrainer = ak.AlbertPretrainer(backbone, compile=False)
    backbone_count, pretrainer_count = RELEASED[size]
    assert backbone.count_params() == backbone_count
    assert pretrainer.count_params() == pretrainer_count


def test_outputs(config):
    backbone = ak.AlbertBackbone.from_albert_config(config)
    outputs = backbone(tiny_inputs())
    assert set(outputs) == {"sequence_output", "pooled_output"}
    assert tuple(outputs["sequence_output"].shape) == (2, 5, 16)
    first = np.asarray(outputs["sequence_output"])[:, 0]
    kernel, bias = backbone.pooler.get_weights()
    np.testing.assert_allclose(
        outputs["pooled_output"], np.tanh(first @ kernel + bias), atol=1e-6
    )


def test_all_layers_on_request(config):
    backbone = ak.AlbertBackbone.from_albert_config(config)
    plain = backbone(tiny_inputs())
    outputs = backbone(tiny_inputs(), return_all_layers=True)
    assert len(outputs["all_layers"]) == config.num_hidden_layers
    np.testing.assert_array_equal(
        outputs["all_layers"][-1], plain["sequence_output"]
    )
    np.testing.assert_array_equal(
        outputs["pooled_output"], plain["pooled_output"]
    )


def test_takes_the_arguments_of_keras_hub(config):
    arguments = {
        "vocabulary_size": 50,
        "num_layers": 4,
        "num_heads": 2,
        "embedding_dim": 8,
        "hidden_dim": 16,
        "intermediate_dim": 24,
        "num_groups": 2,
        "num_inner_repetitions": 2,
        "dropout": 0.0,
        "max_sequence_length": 12,
        "num_segments": 3,
    }
    ours = ak.AlbertBackbone(**arguments)
    theirs = keras_hub.models.AlbertBackbone(**arguments)
    assert ours.count_params() == theirs.count_params()


def test_preset_round_trip(config, tmp_path):
    backbone = ak.AlbertBackbone.from_albert_config(
        config, num_groups=3, activation="gelu_erf", attention_dropout=0.1
    )
    backbone.save_to_preset(tmp_path)
    copy = ak.AlbertBackbone.from_preset(tmp_path)
    assert copy.albert_config() == backbone.albert_config()
    assert copy.albert_config().hidden_act == "gelu_erf"
    expected = backbone(tiny_inputs())["sequence_output"]
    np.testing.assert_array_equal(
        copy(tiny_inputs())["sequence_output"], expected
    )
    base_class = keras_hub.models.Backbone.from_preset(str(tmp_path))
    assert isinstance(base_class, ak.AlbertBackbone)


def test_preset_in_bfloat16(config, tmp_path):
    backbone = ak.AlbertBackbone.from_albert_config(config)
    backbone.save_to_preset(tmp_path)
    copy = ak.AlbertBackbone.from_preset(tmp_path, dtype="mixed_bfloat16")
    assert copy.encoder.compute_dtype == "bfloat16"
    np.testing.assert_allclose(
        np.asarray(copy(tiny_inputs())["sequence_output"], "float32"),
        backbone(tiny_inputs())["sequence_output"],
        atol=0.1,
    )


def test_lora_trains_little(config):
    backbone = ak.AlbertBackbone.from_albert_config(config)
    before = backbone(tiny_inputs())["sequence_output"]
    backbone.enable_lora(2)
    trainable = sum(int(np.prod(v.shape)) for v in backbone.trainable_weights)
    # Rank 2 on the fused projection, whose bias KerasHub leaves trainable.
    assert trainable == 2 * (16 + 48) + 48
    np.testing.assert_allclose(
        backbone(tiny_inputs())["sequence_output"], before, atol=1e-6
    )


def test_longer_than_the_model_takes(config):
    backbone = ak.AlbertBackbone.from_albert_config(config)
    ids = np.ones((1, config.max_position_embeddings + 1), "int32")
    inputs = dict.fromkeys(("token_ids", "segment_ids", "padding_mask"), ids)
    with pytest.raises(ValueError, match="at most 32 tokens"):
        backbone(inputs)


@pytest.mark.parametrize(
    ("break_it", "error", "message"),
    [
        (lambda p: (p / "model.weights.h5").unlink(), FileNotFoundError,
         "must hold its weights"),
        (lambda p: (p / "config.json").unlink(), FileNotFoundError,
         "must hold a config.json"),
        (lambda p: (p / "config.json").write_text("{"), ValueError,
         "must be a JSON file"),
    ],
)  # fmt: skip
def test_broken_preset_is_named(config, tmp_path, break_it, error, message):
    ak.AlbertBackbone.from_albert_config(config).save_to_preset(tmp_path)
    break_it(tmp_path)
    with pytest.raises(error, match=message):
        ak.AlbertBackbone.from_preset(tmp_path)


def test_no_such_preset(tmp_path):
    with pytest.raises(FileNotFoundError, match="folder written by"):
        ak.AlbertBackbone.from_preset(tmp_path / "absent")
