"""Exports that do not fit on the disk."""

import pytest

import albert_keras as ak


@pytest.mark.parametrize("export", ["saved_model", "tflite"])
def test_what_does_not_fit_leaves_nothing(models, tmp_path, export, small_disk):
    path = tmp_path / "new" / "model.tflite"
    with small_disk(4096), pytest.raises(Exception, match="File too large"):
        getattr(ak.export, export)(models["masked_lm"], path)
    assert list(tmp_path.iterdir()) == []
