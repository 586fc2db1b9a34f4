"""MediaPipe and the TFLite Task Library, in an environment of their own.

The one does not live beside TensorFlow's converter in a process, the other
not beside its protobuf. The variable names a Python that has them.
"""

import functools
import json
import os
import subprocess
from pathlib import Path

import pytest

VARIABLE = "TASK_CLIENTS_PYTHON"
PROCESS = Path(__file__).with_name("client_process.py")


def ask(library: str, client: str, file: Path, inputs: list) -> list:
    """What a client answers to each of its inputs.

    Args:
        library: `"mediapipe"` or `"tflite_support"`.
        client: Its class.
        file: A .tflite file.
        inputs: The arguments of each call.
    """
    answers = _run(library, client, file, inputs)
    assert isinstance(answers, list), answers
    return answers


def refusal(library: str, client: str, file: Path) -> str:
    """Why a client does not open a file."""
    answers = _run(library, client, file, [])
    assert isinstance(answers, dict), answers
    return answers["error"]


def run_code(library: str, code: str, folder: Path) -> str:
    """What code for a library prints, in a folder of .tflite files."""
    _require(library)
    done = _python(["-c", code], folder=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _run(library: str, client: str, file: Path, inputs: list) -> list | dict:
    _require(library)
    job = {
        "library": library,
        "client": client,
        "file": os.fspath(file),
        "inputs": inputs,
    }
    done = _python([PROCESS], json.dumps([job]))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)[0]


def _require(library: str) -> None:
    if VARIABLE not in os.environ:
        pytest.skip(f"no {VARIABLE}, the Python of {library}")
    if not _has(library):
        pytest.skip(f"no {library} in the environment of {VARIABLE}")


@functools.cache
def _has(library: str) -> bool:
    find = f"import importlib.util as u; assert u.find_spec({library!r})"
    return _python(["-c", find]).returncode == 0


def _python(
    arguments: list, stdin: str = "", folder: Path | None = None
) -> subprocess.CompletedProcess:
    # Of this project's environment nothing belongs into that one.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return subprocess.run(
        [os.environ[VARIABLE], *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=environment,
    )
