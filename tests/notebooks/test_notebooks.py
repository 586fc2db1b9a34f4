"""The notebooks: run from top to bottom, and what they may name."""

import ast
import re
import sys
from importlib import import_module
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import albert_keras as ak

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MODULES = {"albert_keras", "keras", "matplotlib", "numpy", "tensorflow"}
MODULES.add("tensorflow_text")  # a SavedModel's operations
IDS = [path.stem for path in NOTEBOOKS]


def read(path: Path) -> nbformat.NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def code_of(notebook: nbformat.NotebookNode) -> ast.Module:
    """All code cells; a line that is IPython's own becomes `pass`."""
    cells = [c.source for c in notebook.cells if c.cell_type == "code"]
    return ast.parse(re.sub(r"(?m)^( *)%.*$", r"\1pass", "\n".join(cells)))


def test_all_five_are_here():
    assert [name[0] for name in IDS] == list("12345")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_stored_without_outputs(path):
    for cell in read(path).cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_first_cell_installs_and_the_second_names_the_accelerator(path):
    notebook = read(path)
    assert "colab.research.google.com" in notebook.cells[0].source
    code = [c.source for c in notebook.cells if c.cell_type == "code"]
    assert "%pip install" in code[0]
    assert 'print("Accelerator:"' in code[1]
    assert 10 <= len(notebook.cells) <= 20


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_names_are_public(path):
    for node in ast.walk(code_of(read(path))):
        if isinstance(node, ast.Import):
            named = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            named = [str(node.module)]
        else:
            named = []
        for module in named:
            top = module.split(".")[0]
            assert top in MODULES or top in sys.stdlib_module_names, module
            assert module == top or top != "albert_keras", module
        if isinstance(node, ast.Attribute):
            assert not node.attr.startswith("_") or node.attr == "__file__"
            check_public(ast.unparse(node))


def check_public(name: str) -> None:
    """`ak.A` is in the package's table, `ak.part.a` in that of the part."""
    parts = re.fullmatch(r"ak\.(\w+)(?:\.(\w+))?", name)
    if parts is None:
        return
    assert parts[1] in ak.__all__, name
    if parts[1].islower() and parts[2] is not None:
        part = import_module(f"albert_keras.{parts[1]}")
        assert parts[2] in part.__all__, name


@pytest.mark.examples
@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_runs_from_top_to_bottom(path, finished, monkeypatch, tmp_path):
    preset = finished[0] / "run" / "preset"
    monkeypatch.setenv("ALBERT_NOTEBOOK_PRESET", str(preset))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # where they make things
    notebook = read(path)
    where = {"metadata": {"path": str(path.parent)}}
    # However long a busy machine takes.
    waits = {"timeout": None, "startup_timeout": 3600, "iopub_timeout": 3600}
    before = {each.name for each in path.parent.iterdir()}
    NotebookClient(notebook, resources=where, **waits).execute()
    assert {each.name for each in path.parent.iterdir()} == before
    outputs = [o for c in notebook.cells for o in c.get("outputs", [])]
    assert sum("image/png" in o.get("data", {}) for o in outputs) >= 2
