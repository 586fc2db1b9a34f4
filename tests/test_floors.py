"""The floors of the house: which part may import which."""

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import albert_keras

PACKAGE = Path(albert_keras.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

# Each imports from floors below its own, and from within itself.
FLOORS = [
    {"limits"},
    {
        "artefact_names",
        "json_objects",
        "models_nearby",
        "notes",
        "registration",
        "whole_files",
    },
    {"config", "new_output", "requirements"},
    {"layers", "text"},
    {"lite"},
    {"models"},
    {"checkpoints", "pretraining"},
    {"training"},
    {"diagnosis", "export", "inference", "tasks"},
    {"quickstart"},
    {"cli"},
]
FLOOR_OF = {part: n for n, parts in enumerate(FLOORS) for part in parts}

BACKEND_FREE = [
    f
    for f in FILES
    if f.relative_to(PACKAGE).parts[0] in ("layers", "models")
    or f.relative_to(PACKAGE).as_posix().startswith("training/optimizers")
]


def name_of(file: Path) -> str:
    parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def imports_in(nodes: Iterator[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module
            # `from package import module` imports the module.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def everywhere(file: Path) -> Iterator[str]:
    return imports_in(ast.walk(ast.parse(file.read_text("utf-8"))))


def at_module_level(file: Path) -> Iterator[str]:
    return imports_in(iter(ast.parse(file.read_text("utf-8")).body))


def part_of(module: str) -> str | None:
    """The second part of `albert_keras.part.module`, if that names a floor."""
    parts = module.split(".")
    inside = parts[0] == "albert_keras" and len(parts) > 1
    return parts[1] if inside and parts[1] in FLOOR_OF else None


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_imports_go_down(file):
    if file.parent == PACKAGE and file.stem.startswith("__"):
        return  # the package's own surface is above all floors
    own = name_of(file).split(".")[1]
    assert own in FLOOR_OF, f"give {own} its floor in FLOORS"
    for module in everywhere(file):
        part = part_of(module)
        if part is not None and part != own:
            assert FLOOR_OF[part] < FLOOR_OF[own], f"imports {module}"


def test_no_circles():
    modules = {name_of(file): file for file in FILES}
    graph = {
        # A package and its module import each other in name only.
        name: {m for m in at_module_level(file) if m in modules and m != name}
        for name, file in modules.items()
        if file.stem != "__init__"
    }
    graphlib.TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("file", BACKEND_FREE, ids=name_of)
def test_models_know_no_backend(file):
    roots = {module.partition(".")[0] for module in everywhere(file)}
    assert not roots & {"tensorflow", "tensorflow_text", "jax", "torch"}


@pytest.mark.parametrize(
    "folder", sorted({file.parent for file in FILES}), ids=lambda f: f.name
)
def test_folders_are_packages(folder):
    assert (folder / "__init__.py").is_file()
