"""This package's presets: read as KerasHub's loader reads them, but sooner."""

import json
import shutil
import subprocess
import sys

import h5py
import keras
import keras_hub
import numpy as np
import pytest
from checkpoint_models import differing, randomized, tiny_backbone
from keras.src.backend.common import global_state
from test_round_trips import MODELS

import albert_keras as ak
from albert_keras.checkpoints import own_weights


def preset(model, folder):
    model.save_to_preset(str(folder))
    return folder


def refuse(self, *given, **more):
    raise AssertionError("KerasHub's loader was asked for weights")


@pytest.fixture
def no_loader(monkeypatch):
    """Call it, and KerasHub reads no weights any more."""
    return lambda: monkeypatch.setattr(keras.Model, "load_weights", refuse)


@pytest.mark.parametrize("name", MODELS)
def test_every_class_as_keras_hub_loads_it(name, tmp_path, monkeypatch):
    model = randomized(MODELS[name](None))
    folder = preset(model, tmp_path / "out")
    with monkeypatch.context() as patch:
        patch.setattr(keras.Model, "load_weights", refuse)
        ours = type(model).from_preset(folder)
    assert differing(model, ours) == []
    assert getattr(ours, "compiled", False) == getattr(model, "compiled", False)
    monkeypatch.setattr(own_weights, "open_weights", lambda *given: None)
    theirs = type(model).from_preset(folder)
    assert differing(ours, theirs) == []
    assert ours.get_config() == theirs.get_config()


def test_dtype(tmp_path, no_loader):
    backbone = randomized(tiny_backbone())
    folder = preset(backbone, tmp_path / "out")
    no_loader()
    half = ak.AlbertBackbone.from_preset(folder, dtype="bfloat16")
    kernel = half.pooler.kernel
    assert kernel.dtype == "bfloat16"
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(keras.ops.cast(kernel, "float32")),
        keras.ops.convert_to_numpy(
            keras.ops.cast(
                keras.ops.cast(backbone.pooler.kernel, "bfloat16"), "float32"
            )
        ),
    )


def test_lora_is_merged(tmp_path, no_loader):
    backbone = randomized(tiny_backbone())
    backbone.enable_lora(2)
    layer = backbone.encoder.blocks[0].attention.query_key_value
    layer.lora_kernel_b.assign(np.ones(layer.lora_kernel_b.shape, "float32"))
    merged = keras.ops.convert_to_numpy(layer.kernel)
    folder = preset(backbone, tmp_path / "out")
    no_loader()
    again = ak.AlbertBackbone.from_preset(folder)
    kernel = again.encoder.blocks[0].attention.query_key_value.kernel.numpy()
    np.testing.assert_array_equal(kernel, merged)


def test_bfloat16_and_shards_go_through_keras_hub(tmp_path):
    half = tiny_backbone(dtype="bfloat16")
    again = ak.AlbertBackbone.from_preset(preset(half, tmp_path / "half"))
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(
            keras.ops.cast(half.pooler.kernel, "float32")
        ),
        keras.ops.convert_to_numpy(again.pooler.kernel),
    )
    whole = randomized(tiny_backbone())
    whole.save_to_preset(str(tmp_path / "shards"), max_shard_size=1e-5)
    assert (tmp_path / "shards" / "model.weights.json").is_file()
    again = ak.AlbertBackbone.from_preset(tmp_path / "shards")
    assert differing(whole, again) == []


def test_a_class_of_ones_own_goes_through_keras_hub(tmp_path):
    @keras.saving.register_keras_serializable(package="test_own_presets")
    class Wider(ak.AlbertTextClassifier):
        def __init__(self, backbone, num_classes, preprocessor=None, name=None):
            super().__init__(backbone, num_classes, preprocessor, name=name)
            self.more = keras.layers.Dense(3, name="more")
            self.more.build((None, 2))

        def get_config(self):
            config = super().get_config()
            names = ("backbone", "num_classes", "preprocessor", "name")
            return {name: config[name] for name in names}

    model = randomized(Wider(tiny_backbone(), 2))
    again = Wider.from_preset(preset(model, tmp_path / "out"))
    assert isinstance(again, keras_hub.models.TextClassifier)
    np.testing.assert_array_equal(
        again.more.kernel.numpy(), model.more.kernel.numpy()
    )


def test_more_classes_than_saved_begin_anew(tmp_path, no_loader):
    model = randomized(ak.AlbertTextClassifier(tiny_backbone(), 2))
    folder = preset(model, tmp_path / "out")
    no_loader()
    again = ak.AlbertTextClassifier.from_preset(folder, num_classes=4)
    assert differing(model.backbone, again.backbone) == []
    assert again.output_dense.kernel.shape == (16, 4)
    assert np.ptp(again.output_dense.kernel.numpy()) > 0


BLOCK = "layers/albert_encoder/blocks/albert_block_3/intermediate/vars"


def damage_shape(file):
    del file[f"{BLOCK}/0"]
    file[f"{BLOCK}/0"] = np.zeros((16, 31), "float32")


def damage_missing(file):
    del file[f"{BLOCK}/1"]


def damage_left_over(file):
    file[BLOCK.replace("block_3", "block_4") + "/0"] = np.zeros(3, "float32")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (damage_shape, r"\(16, 32\).*Received: \(16, 31\)"),
        (damage_missing, r"Missing: layers/.*block_3/intermediate/vars/1"),
        (damage_left_over, r"Left over: layers/.*block_4/intermediate"),
    ],
)
def test_refused_before_anything_is_allocated(damage, words, tmp_path):
    folder = preset(tiny_backbone(), tmp_path / "out")
    with h5py.File(folder / "model.weights.h5", "a") as file:
        damage(file)
    with pytest.raises(ValueError, match=words) as caught:
        ak.checkpoints.load(folder)
    assert "\n" not in str(caught.value)
    # Nothing is left that the next model would bring to be.
    assert not global_state.get_global_attribute("uninitialized_variables")


def test_values_in_another_file_are_refused(tmp_path):
    folder = preset(tiny_backbone(), tmp_path / "out")
    shutil.copy(folder / "config.json", tmp_path / "secret")
    with h5py.File(folder / "model.weights.h5", "a") as file:
        del file["layers/dense/vars/1"]
        file["layers/dense/vars"].create_dataset(
            "1",
            (16,),
            "float32",
            external=[(str(tmp_path / "secret"), 0, 64)],
        )
    with pytest.raises(ValueError, match="must hold its values itself"):
        ak.AlbertBackbone.from_preset(folder)


def test_presets_from_before_epsilon_was_said(tmp_path):
    backbone = randomized(tiny_backbone())
    folder = preset(backbone, tmp_path / "out")
    content = json.loads((folder / "config.json").read_text())
    del content["config"]["layer_norm_epsilon"]
    (folder / "config.json").write_text(json.dumps(content))
    again = ak.AlbertBackbone.from_preset(folder)
    assert differing(backbone, again) == []
    assert again.encoder.blocks[0].attention_layer_norm.epsilon == 1e-12


def test_backbone_of_a_task_that_nobody_has_imported(tmp_path):
    preset(ak.AlbertPretrainer(tiny_backbone()), tmp_path / "preset")
    script = (
        "import sys\n"
        "import albert_keras as ak\n"
        "print(ak.AlbertBackbone.from_preset(sys.argv[1]).num_layers)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "preset")]
    printed = subprocess.check_output(command, text=True)
    assert printed.split()[-1] == "4"
