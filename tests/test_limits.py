"""What a file or a call claims is held against limits before it is made."""

import dataclasses
import json
import os

import pytest

import albert_keras as ak
from albert_keras.inference.bias.comparisons import read_comparisons
from albert_keras.json_objects import is_file_name, read_json_object
from albert_keras.limits import LARGEST, check_epsilon
from albert_keras.pretraining import ExampleOptions
from albert_keras.training.options import PretrainingOptions

TINY = ak.AlbertConfig.named("albert_tiny_test")
SIZES = [
    field.name
    for field in dataclasses.fields(ak.AlbertConfig)
    if field.name in LARGEST
]
ENDLESS = 10**9


@pytest.mark.parametrize("name", SIZES)
def test_sizes_of_a_configuration(name, tmp_path):
    path = tmp_path / "albert_config.json"
    path.write_text(json.dumps({**TINY.to_dict(), name: ENDLESS}))
    with pytest.raises(ValueError, match=f"`{name}` must be at most"):
        ak.AlbertConfig.from_json(path)


@pytest.mark.parametrize(
    "name", ["num_layers", "num_groups", "num_inner_repetitions", "hidden_dim"]
)
def test_sizes_of_a_backbone(name):
    with pytest.raises(ValueError, match=f"`{name}` must be at most"):
        ak.AlbertBackbone.from_albert_config(TINY, **{name: ENDLESS})


@pytest.mark.parametrize("epsilon", [-1, 0, 1.0, True, "small", None, []])
def test_epsilons(epsilon):
    with pytest.raises(ValueError, match="epsilon` must be a number above 0"):
        check_epsilon("epsilon", epsilon)
    with pytest.raises(ValueError, match="layer_norm_epsilon` must be"):
        ak.AlbertBackbone.from_albert_config(TINY, layer_norm_epsilon=epsilon)


@pytest.mark.parametrize("read", [read_json_object, read_comparisons])
def test_settings_come_from_files_that_end(read, tmp_path):
    pipe, large = tmp_path / "pipe", tmp_path / "large"
    os.mkfifo(pipe)
    with large.open("wb") as file:
        file.truncate(1 << 40)  # takes no room on the disk
    for path in (pipe, large, tmp_path, "/dev/zero"):
        with pytest.raises(ValueError, match="must be a regular file"):
            read(path)


@pytest.mark.parametrize(
    ("options", "values"),
    [
        (ExampleOptions, {"ngram": ENDLESS}),
        (ExampleOptions, {"max_predictions_per_seq": ENDLESS}),
        (ExampleOptions, {"dupe_factor": ENDLESS}),
        (
            ExampleOptions,
            {"max_seq_length": ENDLESS, "masking": "static"},
        ),
        (PretrainingOptions, {"batch_size": ENDLESS, "num_train_steps": 1}),
    ],
)
def test_options(options, values):
    with pytest.raises(ValueError, match="must be at most"):
        options(**values)


def test_names_of_files_lead_nowhere_else():
    for name in ("", ".", "..", "a/b", "/a", "..\\a", "a\0", None, 3, ["a"]):
        assert not is_file_name(name), name
    for name in ("a", "..a", "a.tfrecord", "模型"):
        assert is_file_name(name), name
