import shutil
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

import java_build  # noqa: E402  (from the folder above)


def needs(reason: str, *command: str | Path) -> None:
    """Skips a test where a program is missing or fails."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"needs {reason}: {command[0]} is not on the PATH")
    tried = subprocess.run(command, capture_output=True, text=True)
    if tried.returncode:
        said = (tried.stderr or tried.stdout).strip().partition("\n")[0]
        pytest.skip(f"needs {reason}: {command[0]} says {said!r}")


@pytest.fixture(scope="session")
def jdk() -> None:
    """A JDK that compiles for Java 8, as that of every Android."""
    needs("a JDK", "javac", "--release", "8", "-version")
    needs("a JDK", "java", "-version")


@pytest.fixture(scope="session")
def classes(jdk, tmp_path_factory) -> Path:
    """The library and what tokenizes with it, compiled."""
    return java_build.build(tmp_path_factory.mktemp("classes"))


@pytest.fixture(scope="session")
def task_classes(jdk, tmp_path_factory) -> Path:
    """The library and what runs a .tflite with it, compiled."""
    if not java_build.JNA.exists():
        pytest.skip(f"needs JNA: {java_build.JNA} doesn't exist")
    # It prints its version, once it has loaded its native library.
    needs("JNA", "java", "-cp", java_build.JNA, "com.sun.jna.Native")
    if java_build.lite_library() is None:
        pytest.skip("needs ai-edge-litert, which is not installed")
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
