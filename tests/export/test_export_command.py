import json
import shutil

import pytest
import tokenizers
from export_models import backbone

import albert_keras as ak
from albert_keras.cli.export import savedmodel, tflite


@pytest.fixture(scope="module")
def presets(models, tmp_path_factory):
    folder = tmp_path_factory.mktemp("presets")
    for name, model in models.items():
        model.save_to_preset(folder / name)
    return folder


def test_tflite_shows_what_it_wrote(presets, tmp_path, capsys):
    out = tmp_path / "m.tflite"
    tflite(presets / "classifier", out, quantization="int8", sequence_length=16)
    shown = " ".join(capsys.readouterr().out.split())
    assert f"{out.stat().st_size:,} bytes" in shown
    assert "token_ids int32 [1, 16]" in shown
    assert "gives scores float32 [1, 3]" in shown
    assert "operations ADD, BATCH_MATMUL, " in shown


def test_tflite_with_labels_and_without_a_vocabulary(presets, tmp_path):
    out = tmp_path / "m.tflite"
    tflite(presets / "classifier", out, labels="a,b,c", text=False)
    contents = ak.export.LiteContents(out)
    assert contents.labels == ["a", "b", "c"]
    assert "spiece.model" not in contents.files


def test_tflite_of_a_backbone_with_its_tokenizer(
    presets, tokenizer, tmp_path, capsys
):
    preset = tmp_path / "preset"
    shutil.copytree(presets / "backbone", preset)
    tokenizer.save_to_preset(preset)
    tflite(preset, tmp_path / "m.tflite", pooling="mean")
    shown = " ".join(capsys.readouterr().out.split())
    assert "gives embedding float32 [1, 16]" in shown
    packed = ak.export.LiteContents(tmp_path / "m.tflite").tokenizer()
    assert packed.encode("An argument") == tokenizer.encode("An argument")


def test_savedmodel_shows_what_it_wrote(presets, tmp_path, capsys):
    (tmp_path / "served" / "1").mkdir(parents=True)
    (tmp_path / "served" / "1" / "saved_model.pb").touch()
    with pytest.raises(FileExistsError):
        savedmodel(presets / "pretrainer", tmp_path / "served")
    savedmodel(presets / "pretrainer", tmp_path / "served", overwrite=True)
    shown = " ".join(capsys.readouterr().out.split())
    assert (tmp_path / "served" / "1" / "saved_model.pb").is_file()
    assert "serving_default takes text string [?] gives mask_count" in shown
    assert "sop_logits float32 [?, 2]" in shown
    assert "SentencepieceOp" in shown


def test_a_backbone_alone_is_a_preset_too(presets, tmp_path):
    tflite(presets / "backbone", tmp_path / "m.tflite")
    assert (tmp_path / "m.tflite").is_file()
    with pytest.raises(FileNotFoundError, match=r"tokenizer\.json"):
        savedmodel(presets / "backbone", tmp_path / "served")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        savedmodel(presets / "nowhere", tmp_path / "served")


def test_a_second_version_with_labels_in_bfloat16(presets, tmp_path, capsys):
    out = tmp_path / "served"
    savedmodel(presets / "tagger", out)
    savedmodel(
        presets / "tagger",
        out,
        labels="O,B-A,I-A,B-B,I-B",
        dtype="bfloat16",
        version=2,
    )
    assert sorted(each.name for each in out.iterdir()) == ["1", "2"]
    told = json.loads(
        (out / "2" / "assets.extra" / "model.json").read_text("utf-8")
    )
    assert told["dtype"] == "bfloat16"
    assert told["labels"][1] == "B-A"
    shown = " ".join(capsys.readouterr().out.split())
    assert "tag takes text string [?] gives classes" in shown
    with pytest.raises(ValueError, match="5 different names"):
        savedmodel(presets / "tagger", out, labels="O", version=3)


def test_a_reader_of_words_pieces_has_ids_alone(tmp_path):
    tokenizer = ak.AlbertWordPieceTokenizer(
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b"]
    )
    model = ak.AlbertQuestionAnswering(backbone(), "v1")
    with pytest.raises(ValueError, match="must have a SentencePiece"):
        ak.export.saved_model(model, tmp_path / "a", tokenizer=tokenizer)
    assert list(tmp_path.iterdir()) == []
    written = ak.export.saved_model(model, tmp_path / "a", text=False)
    assert list(written.signatures) == ["serve_ids"]


def test_tflite_says_what_it_loses(presets, tmp_path, capsys):
    texts = tmp_path / "texts.txt"
    texts.write_text("the parser\nan argument\tof the parser\n")
    tflite(presets / "classifier", tmp_path / "m.tflite", check=texts)
    said = " ".join(capsys.readouterr().err.split())
    assert "0.00 points lost against Keras: 2 of 2 best answers" in said
    assert "Warning" not in said


def test_tflite_of_texts_that_are_none(presets, tmp_path):
    texts = tmp_path / "texts.txt"
    texts.write_text("a\tb\tc\n")
    with pytest.raises(ValueError, match="3 parts in text 1"):
        tflite(presets / "classifier", tmp_path / "m.tflite", check=texts)
    with pytest.raises(FileNotFoundError):
        tflite(
            presets / "classifier",
            tmp_path / "m.tflite",
            check=tmp_path / "absent.txt",
        )
    assert list(tmp_path.iterdir()) == [texts]


def test_tflite_with_tokenizer_json(presets, tokenizer, tmp_path):
    kept = tmp_path / "tokenizer.json"
    for preset, name in (("classifier", "m"), ("masked_lm", "other")):
        out = tmp_path / f"{name}.tflite"
        tflite(presets / preset, out, text=False, tokenizer_json=True)
        found = tokenizers.Tokenizer.from_file(str(kept))
        text = "An argument, naïve "
        ids = found.encode(text, add_special_tokens=False).ids
        assert ids == tokenizer.encode(text)
        kept.unlink()
    kept.write_text("mine")
    with pytest.raises(FileExistsError, match=r"tokenizer\.json"):
        tflite(presets / "tagger", tmp_path / "t.tflite", tokenizer_json=True)
    assert kept.read_text() == "mine"
    assert not (tmp_path / "t.tflite").exists()


def test_tokenizer_json_without_a_tokenizer(presets, tmp_path):
    with pytest.raises(ValueError, match="tokenizer_json"):
        tflite(presets / "backbone", tmp_path / "m.tflite", tokenizer_json=True)
    assert list(tmp_path.iterdir()) == []
