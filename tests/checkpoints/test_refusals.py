"""What is no whole checkpoint of an ALBERT: one sentence, and no model."""

import gzip
import io
import json
import pickle
import re
import tarfile
import zipfile

import h5py
import numpy as np
import pytest
from checkpoint_models import GOLDENS, unpack

import albert_keras as ak
from albert_keras.checkpoints import loading
from albert_keras.checkpoints.safetensors_file import (
    read_safetensors,
    write_safetensors,
)

SAFETENSORS = "AlbertForPreTraining-safetensors"
TORCH = "AlbertForPreTraining-bin"
HDF5 = "TFAlbertForPreTraining-h5"
GOOGLE = "google-pretraining"
HUB = "tfhub-module"
KERAS_HUB = "keras_hub-AlbertMaskedLM"
WEIGHTS = {
    SAFETENSORS: "model.safetensors",
    TORCH: "pytorch_model.bin",
    HDF5: "tf_model.h5",
    GOOGLE: "model.ckpt-best.data-00000-of-00001",
    HUB: "variables/variables.data-00000-of-00001",
    KERAS_HUB: "model.weights.h5",
}


@pytest.fixture(autouse=True)
def no_model(monkeypatch):
    """Fails a test in which a model is made of what is to be refused."""

    def build(make, values):
        raise AssertionError("a model was made")

    monkeypatch.setattr(loading, "build", build)


def refused(path, match, kind=ValueError, **options):
    with pytest.raises(kind, match=match) as caught:
        ak.checkpoints.load(path, **options)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert re.search("Received[: ]|Missing: |Left over: ", sentence), sentence


def change_config(folder, name, **changes):
    path = folder / name
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def rewrite(folder, change):
    """A file of safetensors with other tensors."""
    path = folder / "model.safetensors"
    arrays = {k: t.read().copy() for k, t in read_safetensors(path).items()}
    change(arrays)
    write_safetensors(path, arrays.items(), {"format": "pt"})


@pytest.mark.parametrize("case", WEIGHTS)
@pytest.mark.parametrize("share", [0.02, 0.6, 0.999])
def test_cut_short(case, share, tmp_path):
    folder = unpack(case, tmp_path)
    path = folder / WEIGHTS[case]
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    refused(folder, "must be a whole|must hold")


@pytest.mark.parametrize("case", [GOOGLE, HUB])
def test_index_cut_short(case, tmp_path):
    folder = unpack(case, tmp_path)
    path = next(folder.rglob("*.index"))
    path.write_bytes(path.read_bytes()[:-20])
    refused(folder, "whole file of weights")


def test_archive_cut_short(tmp_path):
    content = (GOLDENS / f"{GOOGLE}.tar.gz").read_bytes()
    path = tmp_path / "albert.tar.gz"
    path.write_bytes(content[: len(content) // 2])
    refused(path, "whole archive")


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"<!DOCTYPE html>\n<html><body>404</body></html>", "a web page"),
        (b"\n <HTML><head></head></HTML>", "a web page"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
            "Git LFS",
        ),
        (b"", "an empty file"),
        (b"weights" * 30, "nothing known"),
        (pickle.dumps({"a": 1}), "a pickle"),
    ],
)
@pytest.mark.parametrize("case", [SAFETENSORS, TORCH, HDF5])
def test_something_else_saved_as_weights(case, content, match, tmp_path):
    folder = unpack(case, tmp_path)
    (folder / WEIGHTS[case]).write_bytes(content)
    refused(folder, match)


class Spy:
    """Its pickle writes a file when it is loaded as pickles are."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return (open, (self.path, "w"))


def torch_archive(path, content, **entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("archive/data.pkl", content)
        for name, each in entries.items():
            archive.writestr(f"archive/data/{name}", each)


def test_code_in_a_pickle_is_not_run(tmp_path):
    folder = unpack(TORCH, tmp_path)
    trace = tmp_path / "it ran"
    content = pickle.dumps({"albert.pooler.bias": Spy(trace)})
    torch_archive(folder / "pytorch_model.bin", content)
    refused(folder, r"Received: the name (io|_io)\.open")
    assert not trace.exists()
    pickle.loads(content)["albert.pooler.bias"].close()
    assert trace.exists()  # as it would have been


@pytest.mark.parametrize(
    "name",
    [
        "torch.load",
        "torch._utils._rebuild_device_tensor_from_numpy",
        "builtins.eval",
        "collections.Counter",
        "numpy.core.multiarray.scalar",
    ],
)
def test_no_other_name_of_a_pickle_is_known(name, tmp_path):
    folder = unpack(TORCH, tmp_path)
    module, _, attribute = name.rpartition(".")
    content = b"c" + f"{module}\n{attribute}\n".encode() + b"."
    torch_archive(folder / "pytorch_model.bin", content)
    refused(folder, re.escape(name))


def test_tensors_beyond_their_bytes(tmp_path):
    folder = unpack(TORCH, tmp_path)
    storage = (
        b"(Vstorage\nctorch\nFloatStorage\nV0\nVcpu\nI4\ntQ"  # persistent id
    )
    head = b"\x80\x02}Vweight\nctorch._utils\n_rebuild_tensor_v2\n("
    view = b"I0\n(I9\nt(I1\ntI00\nNtRs."  # nine values of four
    torch_archive(
        folder / "pytorch_model.bin", head + storage + view, **{"0": b"\0" * 16}
    )
    refused(folder, "'weight' beyond its bytes")


def test_a_zip_bomb(tmp_path):
    folder = unpack(TORCH, tmp_path)
    with zipfile.ZipFile(
        folder / "pytorch_model.bin", "w", zipfile.ZIP_DEFLATED
    ) as archive:
        archive.writestr("archive/data.pkl", b"\0" * 10_000_000)
    refused(folder, "compressed")


def tar_of(path, *members):
    with tarfile.open(path, "w:gz") as archive:
        for name, content, kind in members:
            info = tarfile.TarInfo(name)
            info.size, info.type = len(content), kind
            info.linkname = "/etc/passwd" if kind == tarfile.SYMTYPE else ""
            archive.addfile(info, io.BytesIO(content))


@pytest.mark.parametrize(
    "name", ["../outside", "a/../../outside", "/tmp/albert-keras-outside"]
)
def test_an_archive_that_writes_outside(name, tmp_path):
    tar_of(tmp_path / "a.tar.gz", (name, b"x", tarfile.REGTYPE))
    refused(tmp_path / "a.tar.gz", "writes to")
    assert [path.name for path in tmp_path.iterdir()] == ["a.tar.gz"]


def test_an_archive_with_a_link(tmp_path):
    tar_of(tmp_path / "a.tar.gz", ("link", b"", tarfile.SYMTYPE))
    refused(tmp_path / "a.tar.gz", "a link")


def test_an_archive_that_swells(tmp_path):
    zeros = b"\0" * (100 << 20)
    tar_of(tmp_path / "a.tar.gz", ("model.data", zeros, tarfile.REGTYPE))
    assert (tmp_path / "a.tar.gz").stat().st_size < 1 << 20
    refused(tmp_path / "a.tar.gz", "swells")


def test_gzip_of_something_else(tmp_path):
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(b"text" * 1000))
    refused(tmp_path / "a.tar.gz", "whole archive")


def test_one_variable_missing(tmp_path):
    folder = unpack(SAFETENSORS, tmp_path)
    name = "albert.encoder.albert_layer_groups.1.albert_layers.0.ffn.bias"
    rewrite(folder, lambda arrays: arrays.pop(name))
    refused(folder, f"Missing: {re.escape(name)}")


def test_half_a_head_is_missing(tmp_path):
    folder = unpack(SAFETENSORS, tmp_path)
    rewrite(folder, lambda arrays: arrays.pop("predictions.LayerNorm.bias"))
    refused(folder, r"Missing: predictions\.LayerNorm\.bias")


def test_one_wrong_shape(tmp_path):
    folder = unpack(SAFETENSORS, tmp_path)

    def cut(arrays):
        arrays["albert.pooler.weight"] = np.zeros((16, 15), "f4")

    rewrite(folder, cut)
    refused(folder, r"pooler\.weight.*\(16, 16\).*Received: \(16, 15\)")


def test_a_square_matrix_of_integers(tmp_path):
    folder = unpack(HDF5, tmp_path)
    with h5py.File(folder / "tf_model.h5", "a") as file:
        name = next(
            path
            for path in _datasets(file)
            if path.endswith("albert/pooler/kernel:0")
        )
        del file[name]
        file[name] = np.ones((16, 16), "i4")
    refused(folder, "of float32.*Received: int32")


def _datasets(file):
    found = []
    file.visititems(
        lambda name, item: (
            found.append(name) if hasattr(item, "dtype") else None
        )
    )
    return found


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"num_hidden_groups": 1}, "no others of the encoder. Left over"),
        ({"num_hidden_groups": 3}, "Missing: "),
        ({"inner_group_num": 1}, "Left over"),
        ({"hidden_size": 32}, r"shape .*Received: "),
        ({"vocab_size": 61}, r"word_embeddings.*\(61, 8\).*\(60, 8\)"),
        ({"num_attention_heads": 3}, "must divide.*Received"),
        ({"hidden_size": "wide"}, "must be an integer"),
        ({"hidden_act": "mish"}, "hidden_act.*Received"),
    ],
)
@pytest.mark.parametrize("case", [SAFETENSORS, GOOGLE])
def test_a_configuration_that_does_not_match(case, changes, match, tmp_path):
    folder = unpack(case, tmp_path)
    name = "albert_config.json" if case == GOOGLE else "config.json"
    change_config(folder, name, **changes)
    refused(folder, match, (TypeError, ValueError))


def test_a_bert(tmp_path):
    """Under google's names, BERT's layers have numbers."""
    import tensorflow as tf

    from albert_keras.checkpoints.tensorflow_file import write_tensorflow

    folder = unpack(GOOGLE, tmp_path)
    reader = tf.train.load_checkpoint(str(folder / "model.ckpt-best"))
    names = reader.get_variable_to_shape_map()
    scope = "bert/encoder/transformer/group_0/inner_group_0/"
    renamed = {
        name.replace(scope, "bert/encoder/layer_0/"): reader.get_tensor(name)
        for name in names
        if "group_1" not in name and "adam" not in name
    }
    del renamed["global_step"]
    for path in folder.glob("model.ckpt*"):
        path.unlink()
    write_tensorflow(folder / "model.ckpt-best", renamed)
    refused(folder, r"an ALBERT.*Missing: bert/encoder/transformer/group_0")


def test_a_bert_of_hugging_face(tmp_path):
    folder = unpack(SAFETENSORS, tmp_path)
    change_config(folder, "config.json", model_type="bert")
    refused(folder, "ALBERT model. Received: model_type='bert'")


def test_a_bert_of_kerashub(tmp_path):
    folder = unpack(KERAS_HUB, tmp_path)
    change_config(
        folder, "config.json", registered_name="keras_hub>BertBackbone"
    )
    refused(folder, "Received: keras_hub>BertBackbone")


def test_a_missing_head_must_be_asked_for(tmp_path):
    folder = unpack("AlbertModel-safetensors", tmp_path)
    refused(
        folder,
        "masked-LM head and sentence-order head of AlbertPretrainer.*"
        "init_missing_heads=True",
        model_class=ak.AlbertPretrainer,
    )


def test_a_head_of_another_task_is_not_taken_for_it(tmp_path):
    folder = unpack("AlbertForTokenClassification-safetensors", tmp_path)
    refused(
        folder,
        "pooler and classifier of AlbertTextClassifier.*token classifier",
        model_class=ak.AlbertTextClassifier,
    )


def test_other_numbers_of_classes(tmp_path):
    folder = unpack("AlbertForSequenceClassification-safetensors", tmp_path)
    refused(folder, "num_classes.*must be 3", num_classes=2)


def test_parts_that_are_missing(tmp_path):
    folder = unpack("AlbertForPreTraining-sharded", tmp_path)
    part = sorted(folder.glob("model-*.safetensors"))[0]
    part.unlink()
    refused(folder, f"Missing: {part.name}", FileNotFoundError)
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "../../etc/passwd"}}))
    refused(folder, "files beside it")


def test_nothing_there(tmp_path):
    refused(tmp_path / "nowhere", "there is nothing", FileNotFoundError)
    refused(tmp_path, "must hold the weights", FileNotFoundError)
    (tmp_path / "notes.txt").write_text("weights")
    refused(tmp_path, "Received: notes.txt", FileNotFoundError)
    refused(tmp_path / "notes.txt", "Received: another file")


def test_a_configuration_that_is_missing(tmp_path):
    for case, name in ((GOOGLE, "albert_config.json"), (TORCH, "config.json")):
        folder = unpack(case, tmp_path)
        (folder / name).unlink()
        refused(folder, f"must hold {name}", FileNotFoundError)


def test_a_saved_model_of_unknown_depth(tmp_path):
    folder = unpack("tfhub-garden", tmp_path)
    refused(folder, "does not say how many layers")


def test_a_model_of_others(tmp_path):
    import keras

    with pytest.raises(TypeError, match="must be one of AlbertBackbone"):
        ak.checkpoints.load(unpack(GOOGLE, tmp_path), keras.Model)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"data_offsets": [0, 1 << 40]}, "beyond the end"),
        ({"data_offsets": [4, 32]}, "bytes for"),
        ({"shape": [-1, 4]}, "described as"),
        ({"dtype": "F12"}, "described as"),
        ({"data_offsets": None}, "described as"),
    ],
)
def test_headers_of_safetensors(change, match, tmp_path):
    path = tmp_path / "model.safetensors"
    entry = {"dtype": "F32", "shape": [2, 4], "data_offsets": [0, 32]}
    header = json.dumps({"a": {**entry, **change}}).encode()
    length = len(header).to_bytes(8, "little")
    path.write_bytes(length + header + b"\0" * 32)
    with pytest.raises(ValueError, match=match):
        read_safetensors(path)


def test_overlaps_and_gaps_of_safetensors(tmp_path):
    path = tmp_path / "model.safetensors"
    for second in ([0, 16], [20, 36]):
        header = json.dumps(
            {
                "a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]},
                "b": {"dtype": "F32", "shape": [4], "data_offsets": second},
            }
        ).encode()
        length = len(header).to_bytes(8, "little")
        path.write_bytes(length + header + b"\0" * 36)
        with pytest.raises(ValueError, match="a gap or an overlap"):
            read_safetensors(path)
