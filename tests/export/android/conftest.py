import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import albert_keras as ak

PROJECT = Path(__file__).parents[3]
sys.path.insert(0, str(PROJECT / "export" / "android"))


@pytest.fixture(scope="session")
def classes(tmp_path_factory) -> Path:
    """The library and what tokenizes with it, compiled."""
    import java_build

    if java_build.compiler() is None:
        pytest.skip("there is no javac on the PATH")
    return java_build.build(tmp_path_factory.mktemp("classes"))


@pytest.fixture(scope="session")
def task_classes(tmp_path_factory) -> Path:
    """The library and what runs a .tflite with it, compiled."""
    import java_build

    if java_build.compiler() is None:
        pytest.skip("there is no javac on the PATH")
    if not java_build.JNA.exists():
        pytest.skip(f"there is no {java_build.JNA}")
    if java_build.lite_library() is None:
        pytest.skip("ai-edge-litert is not installed")
    return java_build.build(
        tmp_path_factory.mktemp("task_classes"), with_tasks=True
    )


@pytest.fixture(scope="session")
def is_known(classes) -> Callable[[str], bool]:
    """Tells of a text whether Python and Java know all its characters."""
    found = subprocess.run(
        ["java", "-cp", classes, "albertkeras.jvm.text.KnownCodePoints"],
        stdout=subprocess.PIPE,
        check=True,
    )
    known = np.frombuffer(found.stdout, "uint8")

    def is_known(text: str) -> bool:
        return all(
            known[ord(c)] and unicodedata.category(c) != "Cn" for c in text
        )

    return is_known


@pytest.fixture(scope="session")
def vocabulary(tokenizer, tmp_path_factory) -> Path:
    """The vocabulary of the models, as a file."""
    path = tmp_path_factory.mktemp("vocabulary") / "spiece.model"
    path.write_bytes(tokenizer.proto)
    return path


LENGTHS = {"classifier": 24, "reader": 30, "reader_v2": 30, "tagger": 16}


@pytest.fixture(scope="session")
def lite_files(models, tmp_path_factory) -> Path:
    """A folder of the models as .tflite, as long as their preprocessors."""
    folder = tmp_path_factory.mktemp("lite")
    for name in ("masked_lm", "pretrainer", *LENGTHS):
        ak.export.tflite(
            models[name],
            folder / f"{name}.tflite",
            sequence_length=LENGTHS.get(name),
        )
    return folder
