import pytest

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
    assert "gives logits float32 [1, 3], scores float32 [1, 3]" in shown
    assert "operations ADD, BATCH_MATMUL, " in shown


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
