import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

import pytest

import albert_keras as ak

PACKAGE = Path(ak.__file__).parent


def modules_under(*folders: str) -> list[str]:
    files = [f for folder in folders for f in (PACKAGE / folder).rglob("*.py")]
    return [
        ".".join(f.relative_to(PACKAGE.parent).with_suffix("").parts)
        for f in files
    ]


def loaded_by(*modules: str) -> dict:
    """What a fresh process has in memory after importing the modules."""
    script = """
import importlib, json, sys
for module in sys.argv[1:]:
    importlib.import_module(module)
status = open("/proc/self/status").read() if sys.platform == "linux" else ""
peak = int(status.partition("VmHWM:")[2].split()[0]) >> 10 if status else 0
print(json.dumps({"modules": sorted(sys.modules), "peak MiB": peak}))
"""
    command = [sys.executable, "-c", script, *modules]
    return json.loads(subprocess.check_output(command, text=True))


def test_version_is_the_installed_one():
    assert ak.__version__ == importlib.metadata.version("albert-keras")


def test_importing_the_package_imports_nothing_heavy():
    loaded = set(loaded_by("albert_keras")["modules"])
    heavy = {"tensorflow", "keras", "keras_hub", "numpy", "typer"}
    assert heavy & loaded == set()


@pytest.mark.parametrize("name", sorted(set(ak.__all__)))
def test_public_names_resolve(name):
    value = getattr(ak, name)
    assert name in dir(ak)
    assert getattr(value, "__name__", name).endswith(name) or name[0] == "_"


def test_other_names_are_missing_in_the_usual_way():
    with pytest.raises(AttributeError, match=r"'albert_keras'.*'Albrecht'"):
        _ = ak.Albrecht


def test_workers_for_text_stay_small():
    modules = modules_under("text", "pretraining")
    # What TensorFlow or Beam needs stands in files that nobody else loads.
    apart = (".graph_", ".beam_files", ".beam_pipeline")
    loaded = loaded_by(*(n for n in modules if not any(a in n for a in apart)))
    heavy = {"tensorflow", "tensorflow_text", "keras", "keras_hub"}
    heavy.add("apache_beam")
    assert heavy & set(loaded["modules"]) == set()
    assert loaded["peak MiB"] < 150


def test_command_modules_import_nothing_heavy():
    loaded = loaded_by(*modules_under("cli"), "albert_keras.diagnosis")
    heavy = {"tensorflow", "keras", "keras_hub", "sentencepiece"}
    assert heavy & set(loaded["modules"]) == set()
