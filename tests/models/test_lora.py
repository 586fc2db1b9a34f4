"""A LoRA adapter: everything that was trained, into the model it came from."""

import keras
import numpy as np
import pytest

import albert_keras as ak

IDS = {
    "token_ids": np.array([[2, 9, 8, 3], [2, 7, 6, 3]], "int32"),
    "segment_ids": np.zeros((2, 4), "int32"),
    "padding_mask": np.ones((2, 4), "int32"),
}


def classifier(num_classes=2, **more):
    backbone = ak.AlbertBackbone.from_albert_config(
        ak.AlbertConfig.named("albert_tiny_test"), **more
    )
    return ak.AlbertTextClassifier(backbone, num_classes, dropout=0.0)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A start, what was trained from it, and the adapter."""
    folder = tmp_path_factory.mktemp("lora")
    start = classifier()
    start.save_weights(folder / "start.weights.h5")
    model = classifier()
    model.load_weights(folder / "start.weights.h5")
    model.backbone.enable_lora(2)
    model.compile(keras.optimizers.Adam(0.1), run_eagerly=True)
    model.fit(IDS, np.array([0, 1]), epochs=2, verbose=0)
    model.save_lora_weights(folder / "adapter.lora.h5")
    return start, model, folder


def test_an_adapter_holds_all_that_was_trained(trained):
    _, model, folder = trained
    start = classifier()
    start.load_weights(folder / "start.weights.h5")
    assert not np.array_equal(start(IDS), model(IDS))
    start.load_lora_weights(folder / "adapter.lora.h5")
    np.testing.assert_array_equal(start(IDS), model(IDS))
    for ours, theirs in zip(
        start.trainable_variables, model.trainable_variables, strict=True
    ):
        assert ours.path == theirs.path
        np.testing.assert_array_equal(ours, theirs)
    # The bias of the projection and the head are among them.
    paths = [variable.path for variable in start.trainable_variables]
    assert {path.rpartition("/")[2] for path in paths} == {
        "lora_kernel_a",
        "lora_kernel_b",
        "kernel",
        "bias",
    }


def test_an_adapter_into_a_model_with_lora(trained):
    _, model, folder = trained
    again = classifier()
    again.load_weights(folder / "start.weights.h5")
    again.backbone.enable_lora(2)
    again.load_lora_weights(folder / "adapter.lora.h5")
    np.testing.assert_array_equal(again(IDS), model(IDS))


def other_rank():
    model = classifier()
    model.backbone.enable_lora(3)
    return model


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: classifier(3), "logits/.*of shape"),
        (lambda: classifier(hidden_dim=8), "of shape"),
        (other_rank, "LoRA rank"),
        (
            lambda: ak.AlbertTokenClassifier(classifier().backbone, 2),
            "adapter of AlbertTokenClassifier.*AlbertTextClassifier",
        ),
        (lambda: classifier().backbone, "adapter of AlbertBackbone"),
    ],
)
def test_what_does_not_fit_is_refused(trained, make, words):
    model = make()
    before = model.get_weights()
    with pytest.raises(ValueError, match=words) as caught:
        model.load_lora_weights(trained[2] / "adapter.lora.h5")
    assert "\n" not in str(caught.value)
    for ours, theirs in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_files_are_checked(trained, tmp_path):
    start, model, folder = trained
    with pytest.raises(ValueError, match="enable_lora"):
        start.save_lora_weights(tmp_path / "none.lora.h5")
    with pytest.raises(ValueError, match=r"end in `\.lora\.h5`"):
        model.save_lora_weights(tmp_path / "adapter.h5")
    with pytest.raises(FileNotFoundError, match="was not found"):
        start.load_lora_weights(tmp_path / "absent.lora.h5")
    damaged = tmp_path / "damaged.lora.h5"
    damaged.write_bytes((folder / "adapter.lora.h5").read_bytes()[:500])
    with pytest.raises(ValueError, match="whole HDF5 file"):
        start.load_lora_weights(damaged)
    assert list(tmp_path.iterdir()) == [damaged]


def test_a_keras_file_and_a_preset_hold_the_sum(trained, tmp_path):
    _, model, _ = trained
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", compile=False)
    np.testing.assert_allclose(again(IDS), model(IDS), atol=1e-6)
    model.save_to_preset(tmp_path / "preset")
    again = ak.AlbertTextClassifier.from_preset(tmp_path / "preset")
    np.testing.assert_allclose(again(IDS), model(IDS), atol=1e-6)
