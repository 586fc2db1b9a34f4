"""Handles, with a hub of this machine in place of the real one."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import kagglehub
import pytest
from checkpoint_models import differing, unpack
from huggingface_hub import constants

import albert_keras as ak
from albert_keras.checkpoints.handles import fetched
from albert_keras.checkpoints.released import RELEASED
from albert_keras.tasks.start import Start

COMMIT = "0" * 40


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """Serves folders as Hugging Face's hub does; lists what was fetched."""
    root, asked = tmp_path / "hub", []
    root.mkdir()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.answer(False)

        def do_GET(self):
            self.answer(True)

        def answer(self, with_body):
            parts = self.path.partition("?")[0].strip("/").split("/")
            if parts[:2] == ["api", "models"]:
                folder = root / "/".join(parts[2:4])
                if not folder.is_dir():
                    self.reply(404, b"", with_body, "RepoNotFound")
                    return
                if "revision" in parts and parts[-1] == "other":
                    self.reply(404, b"", with_body, "RevisionNotFound")
                    return
                files = [
                    {
                        "rfilename": each.name,
                        "path": each.name,
                        "type": "file",
                        "size": each.stat().st_size,
                        "oid": COMMIT,
                    }
                    for each in folder.iterdir()
                ]
                content = {
                    "id": "/".join(parts[2:4]),
                    "modelId": "/".join(parts[2:4]),
                    "sha": COMMIT,
                    "siblings": files,
                }
                if "tree" in parts:
                    content = files
                self.reply(200, json.dumps(content).encode(), with_body)
                return
            path = root.joinpath(*parts[:2], *parts[4:])
            if not path.is_file():
                self.reply(404, b"", with_body, "EntryNotFound")
                return
            if with_body:
                asked.append(path.name)
            self.reply(200, path.read_bytes(), with_body)

        def reply(self, code, content, with_body, error=None):
            self.send_response(code)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
            if error:
                self.send_header("X-Error-Code", error)
            self.end_headers()
            if with_body:
                self.wfile.write(content)

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(
        constants,
        "HUGGINGFACE_CO_URL_TEMPLATE",
        endpoint + "/{repo_id}/resolve/{revision}/{filename}",
    )
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)

    def stop():
        server.shutdown()
        server.server_close()

    yield root, asked, stop
    stop()


def test_only_one_file_of_weights_is_fetched(hub, tmp_path):
    root, asked, stop = hub
    folder = unpack("AlbertForPreTraining-safetensors", root / "albert")
    folder.rename(root / "albert" / "albert-base-v2")
    (root / "albert/albert-base-v2/tf_model.h5").write_bytes(b"large")
    (root / "albert/albert-base-v2/rust_model.ot").write_bytes(b"large")
    local = ak.checkpoints.load(root / "albert" / "albert-base-v2")
    remote = ak.checkpoints.load("hf://albert/albert-base-v2")
    assert type(remote) is ak.AlbertPretrainer
    assert differing(local, remote) == []
    assert sorted(asked) == ["config.json", "model.safetensors"]
    # By name, as a class of KerasHub's, and from the cache without network.
    asked.clear()
    backbone = ak.AlbertBackbone.from_preset("albert_base_v2")
    masked_lm = ak.AlbertMaskedLM.from_preset("albert-base-v2")
    assert asked == []
    assert differing(local.backbone, backbone) == []
    assert differing(local.backbone, masked_lm.backbone) == []
    stop()
    offline = ak.checkpoints.load("albert_base_v2")
    assert differing(local, offline) == []


def test_a_classifier_begins_from_a_handle(hub):
    root, _, _ = hub
    folder = unpack("AlbertModel-safetensors", root / "user")
    folder.rename(root / "user" / "model")
    with pytest.raises(ValueError, match="must hold the classifier"):
        ak.AlbertTextClassifier.from_preset("hf://user/model", num_classes=2)
    classifier = ak.AlbertTextClassifier.from_preset(
        "hf://user/model", num_classes=2, init_missing_heads=True
    )
    assert classifier.num_classes == 2


def test_fine_tuning_begins_from_a_handle(hub, tiny_vocabulary):
    root, _, _ = hub
    folder = unpack("AlbertModel-safetensors", root / "user")
    folder.rename(root / "user" / "model")
    start = Start(preset="hf://user/model")
    expected = ak.checkpoints.load("hf://user/model", ak.AlbertBackbone)
    backbone = start.load_backbone(dropout=0.1, dtype="float32")
    assert differing(backbone, expected) == []
    assert backbone.dropout == 0.1
    with pytest.raises(ValueError, match="must hold a tokenizer"):
        start.load_tokenizer()
    other = unpack("AlbertModel-safetensors", root / "user")
    vocabulary = tiny_vocabulary("a", "film")
    (other / "spiece.model").write_bytes(vocabulary.read_bytes())
    other.rename(root / "user" / "whole")
    tokenizer = Start(preset="hf://user/whole").load_tokenizer()
    assert tokenizer.proto == vocabulary.read_bytes()


def test_what_is_not_there(hub):
    root, _, stop = hub
    with pytest.raises(FileNotFoundError, match=r"hf://user/none.*Received"):
        ak.checkpoints.load("hf://user/none")
    (root / "user" / "empty").mkdir(parents=True)
    (root / "user" / "empty" / "README.md").write_text("x")
    with pytest.raises(FileNotFoundError, match=r"weights.*README\.md"):
        ak.checkpoints.load("hf://user/empty")
    with pytest.raises(ValueError, match="form hf://user/model"):
        ak.checkpoints.load("hf://one/two/three")
    with pytest.raises(ValueError, match="hf:// or kaggle://"):
        ak.checkpoints.load("ftp://user/model")
    stop()
    with pytest.raises(ConnectionError, match="not in the cache") as caught:
        ak.checkpoints.load("hf://user/other")
    assert "\n" not in str(caught.value)


def test_kaggle(tmp_path, monkeypatch):
    folder = unpack("keras_hub-AlbertBackbone", tmp_path)
    asked = []

    def download(handle):
        asked.append(handle)
        if "gone" in handle:
            raise OSError("Connection refused")
        return str(folder)

    monkeypatch.setattr(kagglehub, "model_download", download)
    handle = "kaggle://keras/albert/keras/albert_base_en_uncased"
    model = ak.checkpoints.load(handle)
    assert type(model) is ak.AlbertBackbone
    assert asked == ["keras/albert/keras/albert_base_en_uncased"]
    with pytest.raises(ConnectionError, match="Connection refused"):
        ak.checkpoints.load("kaggle://gone/albert/keras/x")
    with pytest.raises(ValueError, match="kaggle://user/model"):
        ak.checkpoints.load("kaggle://keras")


def test_the_released_models_have_handles():
    assert len(RELEASED) == 8
    for name in RELEASED:
        ak.AlbertConfig.named(name)  # there is a configuration of that name


def test_a_folder_goes_before_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "albert_base_v2").mkdir()
    assert str(fetched("albert_base_v2")) == "albert_base_v2"


def test_a_revision_pins_what_is_fetched(hub, tmp_path):
    root, _, stop = hub
    (root / "me").mkdir()
    unpack("AlbertModel-safetensors", root / "me").rename(root / "me" / "it")
    for revision in (COMMIT, "v1"):
        model = ak.checkpoints.load(f"hf://me/it@{revision}")
        assert model.origin == f"hf://me/it@{COMMIT}"
    out = tmp_path / "out"
    model.save_to_preset(str(out / "preset"))
    facts = json.loads((out / "preset" / "model_card.json").read_text())
    assert facts["model"]["origin"] == model.origin
    again = ak.checkpoints.load(out / "preset")
    ak.checkpoints.save(again, out / "hf", "huggingface")
    settings = json.loads((out / "hf" / "config.json").read_text())
    assert settings["_name_or_path"] == "me/it"
    assert settings["_commit_hash"] == COMMIT
    written = ak.export.saved_model(again, out / "served", text=False)
    about = json.loads((written.path / "assets.extra/model.json").read_text())
    assert about["origin"] == model.origin
    for wrong, match in (
        ("hf://me/it@other", "commit, a tag or a branch.*'other'"),
        ("hf://me/it@", "hf://user/model@REVISION"),
    ):
        with pytest.raises((FileNotFoundError, ValueError), match=match):
            ak.checkpoints.load(wrong)
    stop()  # and from the cache without network
    assert ak.checkpoints.load(f"hf://me/it@{COMMIT}").origin == model.origin
