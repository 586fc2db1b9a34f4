"""What `docs/tflite.md` says of the clients, as it is written there."""

import re
import shutil
from pathlib import Path

import pytest
from clients import run_code

PAGE = Path(__file__).parents[3] / "docs" / "tflite.md"


@pytest.mark.parametrize("library", ["mediapipe", "tflite_support"])
def test_code_for_a_client(files, tmp_path, library):
    for name, file in {
        "film": "classifier",
        "sentences": "embedder",
        "reader": "reader",
    }.items():
        shutil.copy(files[file], tmp_path / f"{name}.tflite")
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    (code,) = [each for each in blocks if f"from {library}" in each]
    printed = run_code(library, code, tmp_path)
    if library == "mediapipe":
        assert "né" in printed  # a label of the file
