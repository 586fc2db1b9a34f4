"""Folders of Hugging Face, and presets and models of keras_hub."""

import dataclasses
import json
import shutil

import keras_hub
import numpy as np
import pytest
from checkpoint_models import randomized, tiny_backbone
from command_call import call

import albert_keras as ak
from albert_keras.checkpoints.safetensors_file import (
    read_safetensors,
    write_safetensors,
)
from albert_keras.models.growing import add_tokens

SIZES = {
    "vocabulary_size": 300,
    "num_layers": 1,
    "num_heads": 2,
    "embedding_dim": 8,
    "hidden_dim": 16,
    "intermediate_dim": 32,
    "max_sequence_length": 32,
}


@pytest.fixture(scope="module")
def spiece(small_tokenizer, tmp_path_factory):
    path = tmp_path_factory.mktemp("vocabulary") / "spiece.model"
    path.write_bytes(small_tokenizer.python_tokenizer.proto)
    return path


@pytest.fixture(scope="module")
def encoder(small_tokenizer, tmp_path_factory):
    """A bare encoder of Hugging Face, with its tokenizer; and our model."""
    model = randomized(ak.AlbertBackbone(**SIZES))
    folder = tmp_path_factory.mktemp("encoder") / "hf"
    ak.checkpoints.save(model, folder, "huggingface", tokenizer=small_tokenizer)
    return folder, model


def copy_of(folder, place):
    return shutil.copytree(folder, place)


@pytest.fixture(scope="module")
def theirs(small_tokenizer, tmp_path_factory):
    """Models of keras_hub, by name, and presets of them."""
    models = keras_hub.models
    tokenizer = models.AlbertTokenizer(
        proto=small_tokenizer.python_tokenizer.proto
    )
    backbone = models.AlbertBackbone(**SIZES)
    made = {
        "backbone": backbone,
        "classifier": models.AlbertTextClassifier(
            backbone,
            num_classes=2,
            preprocessor=models.AlbertTextClassifierPreprocessor(
                tokenizer, sequence_length=16
            ),
        ),
        "masked_lm": models.AlbertMaskedLM(
            backbone,
            preprocessor=models.AlbertMaskedLMPreprocessor(
                tokenizer, sequence_length=16
            ),
        ),
    }
    folder = tmp_path_factory.mktemp("theirs")
    for model in made.values():  # which share the encoder
        randomized(model)
    for name, model in made.items():
        model.save_to_preset(str(folder / name))
    tokenizer.save_to_preset(str(folder / "backbone"))
    return made, folder


# === keras_hub ===


def test_models_of_keras_hub_are_converted(theirs, small_tokenizer, tmp_path):
    made, folder = theirs
    text = "an argument"
    for name, task in (("classifier", "Classify"), ("masked_lm", "FillMask")):
        asked = getattr(ak.inference, task)(made[name])
        wanted = getattr(ak.inference, task)(folder / name)
        assert asked.model.max_tokens == wanted.model.max_tokens
        question = f"{text} [MASK]"
        assert asked(question) == wanted(question)
    vectors = [
        ak.inference.Embed(made["backbone"], small_tokenizer)(text),
        ak.inference.Embed(made["classifier"])(text),
        ak.inference.Embed(folder / "backbone")(text),
    ]
    ids = [[2, *small_tokenizer.encode(text), 3]]
    expected = made["backbone"](
        {
            "token_ids": np.array(ids),
            "segment_ids": np.zeros_like(ids),
            "padding_mask": np.ones_like(ids),
        }
    )["sequence_output"]
    for vector in vectors:
        np.testing.assert_allclose(
            vector, np.mean(expected, axis=1)[0], atol=1e-5
        )
    for form in ("keras", "huggingface"):
        out = tmp_path / form
        ak.checkpoints.save(made["classifier"], out, form)
        again = ak.inference.Classify(out)
        assert again.model.max_tokens == 16
        found, wanted = (
            again(text),
            ak.inference.Classify(folder / "classifier")(text),
        )
        assert found["score"] == pytest.approx(wanted["score"], abs=1e-6)
    counted = ak.count_parameters(made["masked_lm"])
    assert counted.total == made["masked_lm"].count_params()
    inside = ak.look_inside(made["masked_lm"], text)
    assert len(inside.attention) == 1
    written = ak.export.saved_model(
        made["backbone"], tmp_path / "served", text=False
    )
    assert set(written.signatures) == {"serve_ids"}
    with pytest.raises(TypeError, match=r"of keras_hub.*AlbertTextCl"):
        add_tokens(made["classifier"], ["new"])


def test_tokenizers_of_keras_hub_are_refused(theirs, tmp_path):
    made, _ = theirs
    tokenizer = made["classifier"].preprocessor.tokenizer
    match = "must be an ak.AlbertTokenizer.*keras_hub"
    with pytest.raises(TypeError, match=match):
        ak.inference.Embed(made["backbone"], tokenizer)
    with pytest.raises(TypeError, match=match):
        ak.export.saved_model(
            made["backbone"], tmp_path / "out", tokenizer=tokenizer
        )


# === Tokenizers of bare encoders ===


def test_a_bare_encoder_keeps_its_tokenizer(encoder, theirs, tmp_path):
    folder, _ = encoder
    expected = ak.inference.Embed(folder)("an argument")
    for source, form in (
        (folder, "keras"),
        (folder, "tensorflow"),
        (theirs[1] / "backbone", "keras"),
    ):
        out = tmp_path / f"{source.name}-{form}"
        ended = call("convert", str(source), str(out), "--to", form)
        assert ended.code == 0, ended.stderr
        assert "no tokenizer" not in ended.stderr
        found = ak.inference.Embed(out)("an argument")
        if source == folder:
            np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_missing_tokenizer_is_said_and_given(encoder, spiece, tmp_path):
    folder = copy_of(encoder[0], tmp_path / "hf")
    for name in ("spiece.model", "tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
    out = str(tmp_path / "out")
    ended = call("convert", str(folder), out, "--to", "keras")
    assert ended.code == 0
    assert f"`{folder}` has no tokenizer" in " ".join(ended.stderr.split())
    ended = call("embed", out, "a")
    assert ended.code == 2
    assert "--tokenizer FILE" in ended.stderr
    words = ("convert", str(folder), out, "--to", "keras", "--overwrite")
    ended = call(*words, "--tokenizer", str(spiece))
    assert ended.code == 0
    assert "no tokenizer" not in ended.stderr
    wanted = ak.inference.Embed(encoder[0])("an argument")
    found = ak.inference.Embed(out)("an argument")
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    ended = call(*words, "--tokenizer", str(spiece), "--no-tokenizer")
    assert ended.code == 2
    assert "exclude each other" in ended.stderr


def test_a_task_is_given_a_tokenizer(theirs, spiece, tmp_path):
    made, _ = theirs
    backbone = made["classifier"].backbone
    bare = keras_hub.models.AlbertTextClassifier(backbone, num_classes=2)
    bare.save_to_preset(str(tmp_path / "bare"))
    words = ["convert", str(tmp_path / "bare"), str(tmp_path / "out")]
    ended = call(*words, "--to", "keras", "--tokenizer", str(spiece))
    assert ended.code == 0
    assert ak.inference.Classify(tmp_path / "out").model.max_tokens == 32
    model = ak.AlbertBackbone(**{**SIZES, "vocabulary_size": 50})
    ak.checkpoints.save(model, tmp_path / "small")
    words = ["convert", str(tmp_path / "small"), str(tmp_path / "no")]
    ended = call(*words, "--to", "keras", "--tokenizer", str(spiece))
    assert ended.code == 2
    assert "at most the 50 pieces" in ended.stderr
    assert not (tmp_path / "no").exists()


# === sentence-transformers ===


def with_layout(folder, mode, *, normalize=False, steps=(), length=None):
    kinds = ["Transformer", "Pooling", *(["Normalize"] * normalize), *steps]
    modules = [
        {
            "idx": number,
            "name": str(number),
            "path": f"{number}_{kind}" if number else "",
            "type": f"sentence_transformers.models.{kind}",
        }
        for number, kind in enumerate(kinds)
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling").mkdir(exist_ok=True)
    modes = ("cls_token", "mean_tokens", "max_tokens")
    settings = {f"pooling_mode_{each}": each == mode for each in modes}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps(settings))
    if length:
        (folder / "sentence_bert_config.json").write_text(
            json.dumps({"max_seq_length": length})
        )
    return folder


def test_layout_of_sentence_transformers(encoder, tmp_path):
    text = "an argument of the parser"
    folder = copy_of(encoder[0], tmp_path / "hf")
    with_layout(folder, "cls_token", normalize=True, length=12)
    bare = ak.inference.Embed(encoder[0], pooling="cls")(text)
    wanted = bare / np.linalg.norm(bare)
    words = ["convert", str(folder), str(tmp_path / "k"), "--to", "keras"]
    assert call(*words).code == 0
    for place in (folder, tmp_path / "k"):
        embed = ak.inference.Embed(place)
        assert embed.model.max_tokens == 12
        np.testing.assert_allclose(embed(text), wanted, atol=1e-6)
    plain = ak.inference.Embed(folder, pooling="mean", normalize=False)
    expected = ak.inference.Embed(encoder[0])
    np.testing.assert_allclose(plain(text), expected(text), atol=1e-6)
    ended = call("embed", str(folder), text, "--json")
    found = json.loads(ended.stdout)
    np.testing.assert_allclose(found["cls"], wanted, atol=1e-5)


def test_other_layouts_are_refused(encoder, tmp_path):
    for mode, steps, match in (
        ("max_tokens", (), "another pooling than mean or cls"),
        ("mean_tokens", ("Dense",), "the step Dense"),
    ):
        folder = copy_of(encoder[0], tmp_path / mode)
        with_layout(folder, mode, steps=steps)
        with pytest.raises(ValueError, match=match):
            ak.inference.Embed(folder)
    assert ak.inference.Embed(folder, pooling="cls").poolings == ["cls"]
    with_layout(folder, "cls_token")
    outside = (folder / "modules.json").read_text().replace("1_", "../1_")
    for content in ("{}", outside):
        (folder / "modules.json").write_text(content)
        with pytest.raises(ValueError, match="must list modules"):
            ak.inference.Embed(folder)


# === Weights and configurations ===


def test_a_projection_where_sizes_are_equal(tmp_path):
    config = dataclasses.replace(
        ak.AlbertConfig.named("albert_tiny_test"), embedding_size=16
    )
    model = ak.AlbertBackbone.from_albert_config(config)
    assert model.embeddings.projection is None
    ak.checkpoints.save(model, tmp_path / "hf", "huggingface")
    path = tmp_path / "hf" / "model.safetensors"
    tensors = {n: each.read() for n, each in read_safetensors(path).items()}
    random = np.random.default_rng(1)
    name = "encoder.embedding_hidden_mapping_in"
    for part in ("weight", "bias"):
        shape = tensors[f"{name}.{part}"].shape
        values = random.normal(size=shape).astype("float32")
        tensors[f"{name}.{part}"] = values
    write_safetensors(path, iter(tensors.items()), {"format": "pt"})
    loaded = ak.checkpoints.load(tmp_path / "hf")
    kernel = loaded.embeddings.projection.kernel.numpy()
    assert (kernel == tensors[f"{name}.weight"].T).all()
    ids = {
        name: np.ones((1, 4), "int32")
        for name in ("token_ids", "segment_ids", "padding_mask")
    }
    wanted = loaded(ids)["sequence_output"]
    for form in ("keras", "huggingface"):
        ak.checkpoints.save(loaded, tmp_path / form, form)
        again = ak.checkpoints.load(tmp_path / form)
        found = again(ids)["sequence_output"]
        np.testing.assert_array_equal(found, wanted)
    content = json.loads((tmp_path / "huggingface/config.json").read_text())
    assert "embedding_projection" not in content
    with pytest.raises(ValueError, match="no projection of embeddings"):
        ak.checkpoints.save(loaded, tmp_path / "tf", "tensorflow")


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("gelu_pytorch_tanh", "gelu"),
        ("gelu_new", "gelu"),
        ("gelu", "gelu_erf"),
        ("swish", "swish"),
        ("silu", "silu"),
    ],
)
def test_activations_of_hugging_face(theirs, ours, encoder, tmp_path):
    folder = copy_of(encoder[0], tmp_path / "hf")
    settings = json.loads((folder / "config.json").read_text())
    settings["hidden_act"] = theirs
    (folder / "config.json").write_text(json.dumps(settings))
    loaded = ak.checkpoints.load(folder)
    assert loaded.activation == ours
    if ours in ("silu", "swish"):
        x = np.linspace(-4, 4, 9, dtype="float32")
        block = loaded.encoder.blocks[0]
        found = block.intermediate.activation(x)
        np.testing.assert_allclose(found, x / (1 + np.exp(-x)), rtol=1e-5)
        ak.checkpoints.save(loaded, tmp_path / "again", "huggingface")
        again = json.loads((tmp_path / "again/config.json").read_text())
        assert again["hidden_act"] == theirs
        with pytest.raises(ValueError, match=theirs):
            ak.checkpoints.save(loaded, tmp_path / "tf", "tensorflow")


@pytest.mark.parametrize("is_tied", [True, False])
def test_an_untied_output_table_is_said(is_tied, tmp_path, capsys):
    model = ak.AlbertMaskedLM(tiny_backbone())
    ak.checkpoints.save(model, tmp_path / "hf", "huggingface")
    path = tmp_path / "hf" / "model.safetensors"
    tensors = {n: each.read() for n, each in read_safetensors(path).items()}
    table = tensors["albert.embeddings.word_embeddings.weight"]
    added = {"predictions.decoder.weight": table + (0 if is_tied else 1)}
    write_safetensors(path, iter({**tensors, **added}.items()), {})
    capsys.readouterr()
    ak.checkpoints.load(tmp_path / "hf")
    said = " ".join(capsys.readouterr().err.split())
    assert ("another table for the outputs" in said) is not is_tied


# === tokenizer.json alone ===


def test_rules_of_tokenizer_json(encoder, tmp_path):
    folder = copy_of(encoder[0], tmp_path / "hf")
    (folder / "spiece.model").unlink()
    (folder / "tokenizer_config.json").unlink()
    path = folder / "tokenizer.json"
    whole = json.loads(path.read_text())

    def tokenizer_with(*normalizers, **changes):
        steps = {"type": "Sequence", "normalizers": list(normalizers)}
        path.write_text(json.dumps({**whole, "normalizer": steps, **changes}))
        return ak.inference.Embed(folder).tokenizer

    quotes = {"type": "Replace", "pattern": {"String": "``"}, "content": '"'}
    kinds = [{"type": name} for name in ("NFKD", "StripAccents", "Lowercase")]
    found = tokenizer_with(quotes, *kinds).normalization
    assert found["lowercase"]
    assert not found["keep_accents"]
    assert found["replace_quotes"]
    found = tokenizer_with(kinds[0]).normalization
    assert not found["lowercase"]
    assert found["keep_accents"]
    for changes, match in (
        ({"pre_tokenizer": {"type": "ByteLevel"}}, "pre_tokenizer.*ByteLevel"),
        ({"normalizer": {"type": "Prepend"}}, "normalizer.*Prepend"),
        (
            {"pre_tokenizer": {"type": "Metaspace", "prepend_scheme": "never"}},
            "must put a space before",
        ),
    ):
        with pytest.raises(ValueError, match=match):
            tokenizer_with(**changes)


def test_scores_of_digits_and_commas(tiny_vocabulary, tmp_path):
    """Hugging Face lowers them by 100, so that they are never taken."""
    tokenizer = ak.AlbertTokenizer(str(tiny_vocabulary("9,", "1,", "ab")))
    model = ak.AlbertBackbone(**SIZES)
    folder = tmp_path / "hf"
    ak.checkpoints.save(model, folder, "huggingface", tokenizer=tokenizer)
    (folder / "spiece.model").unlink()
    again = ak.inference.Embed(folder).tokenizer
    before = tokenizer.python_tokenizer.processor
    scores = [
        [each.get_score(n) for n in range(each.get_piece_size())]
        for each in (before, again.processor)
    ]
    assert "▁9," in tokenizer.get_vocabulary()
    assert scores[0] == scores[1]
