"""The examples of README.md, run as they are written."""

import re
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"
EXAMPLES = re.findall(
    r"^```python\n(.*?)^```$", README.read_text("utf-8"), re.M | re.S
)


def test_every_example_is_found():
    assert len(EXAMPLES) == 4


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_example_runs(number, finished, tmp_path, monkeypatch, capsys):
    folder, _, _ = finished
    (tmp_path / "albert-quickstart").symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    exec(compile(EXAMPLES[number], f"README.md, {number}", "exec"), {})
    made = {path.name for path in tmp_path.iterdir()} - {"albert-quickstart"}
    printed = capsys.readouterr().out
    # Guesses and tokens are printed; the others leave their artefacts.
    artefacts = [set(), set(), {"classifier"}, {"served", "model.tflite"}]
    assert made == artefacts[number]
    assert printed.count("\n") >= [3, 3, 1, 0][number]
