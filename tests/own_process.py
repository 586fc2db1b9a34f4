"""Commands in processes of their own that need not import TensorFlow anew.

They are forked from a process that has imported it and done nothing else,
which takes a few milliseconds where `subprocess` takes 7 s.
"""

import contextlib
import multiprocessing
import os
import runpy
import signal
import sys
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["albert_keras", "keras_hub", "tensorflow_text"])


def start(
    command: list[str],
    *,
    stdout: Path | str = os.devnull,
    stderr: Path | str = os.devnull,
    environment: dict[str, str] | None = None,
) -> BaseProcess:
    """Start `python -m MODULE ...` or `python FILE ...` in the working folder.

    The process leads a session, as what a terminal starts. KERAS_BACKEND and
    what TensorFlow reads from the environment as it is imported are those of
    the tests.

    Args:
        command: With `sys.executable` in front.
        stdout: A file for its standard output.
        stderr: A file for its standard error.
        environment: Variables beside those of `os.environ`.
    """
    python, *words = command
    assert python == sys.executable, command
    process = FORKS.Process(
        target=_run,
        args=(
            [str(word) for word in words],
            {**os.environ, **(environment or {})},
            os.getcwd(),
            str(stdout),
            str(stderr),
        ),
    )
    process.start()
    return process


def stop(process: BaseProcess) -> None:
    """Kill it, if it still runs."""
    process.kill()
    process.join()


def _run(
    words: list[str],
    environment: dict[str, str],
    folder: str,
    stdout: str,
    stderr: str,
) -> None:
    os.setsid()
    for number, path in ((1, stdout), (2, stderr)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if words[0] == "-m":
        sys.argv = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = words
        sys.path.insert(0, str(Path(words[0]).parent))
        runpy.run_path(words[0], run_name="__main__")


def wait_for_group(leader: int) -> None:
    """Return when every process of a session's first group has ended."""
    with contextlib.suppress(ProcessLookupError):
        while True:
            os.killpg(leader, 0)
            time.sleep(0.01)
