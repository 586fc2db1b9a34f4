import json
import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path


def doctor(*args: str, path: Path | None = None, **environment: str):
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    return subprocess.run(
        [sys.executable, "-m", "albert_keras", "doctor", *args],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )


def test_json_of_a_working_environment():
    ended = doctor("--json", KERAS_BACKEND="tensorflow")
    report = json.loads(ended.stdout)
    assert report["works"]
    assert ended.returncode == 0
    findings = {each["subject"]: each for each in report["findings"]}
    for name in ("tensorflow", "keras", "tensorflow-text", "sentencepiece"):
        assert findings[name]["found"] == metadata.version(name)
    assert "CPU:0" in findings["devices"]["found"]
    assert f"{os.cpu_count()} cores" in findings["processor"]["found"]
    assert findings["Keras backend"]["verdict"] == "ok"


def test_import_error_is_found(tmp_path):
    broken = tmp_path / "keras.py"
    broken.write_text("raise ImportError('undefined symbol: [x]')")
    ended = doctor(path=tmp_path, COLUMNS="200")
    assert ended.returncode == 1
    (line,) = (
        line for line in ended.stdout.splitlines() if "does not start" in line
    )
    assert "broken" in line
    assert "ImportError: undefined symbol: [x]" in line


def test_death_by_signal_is_found(tmp_path):
    script = "import os, signal; os.kill(os.getpid(), signal.SIGILL)"
    (tmp_path / "keras.py").write_text(script)
    ended = doctor("--json", path=tmp_path)
    assert ended.returncode == 1
    last = json.loads(ended.stdout)["findings"][-1]
    assert last["subject"] == "TensorFlow"
    assert last["meaning"] == "Ended by SIGILL."
