"""A shell for the commands of a page, in which `albert-keras` costs no start.

The blocks are run by Bash as they are written. Only `albert-keras` on its PATH
is a small program that hands arguments, folder and standard input to this
process, where TensorFlow is loaded already.
"""

import contextlib
import functools
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from code_blocks import ROOT, Block
from command_call import Ended, call

from albert_keras import cli

_CLIENT = """\
#!{python} -S
import json, os, socket, sys
channel = socket.socket(socket.AF_UNIX)
channel.connect({address!r})
with channel.makefile("rw", encoding="utf-8") as file:
    stdin = sys.stdin.buffer.read().decode("latin-1")
    asked = {{"words": sys.argv[1:], "folder": os.getcwd(), "stdin": stdin}}
    print(json.dumps(asked), file=file, flush=True)
    code, stdout, stderr = json.loads(file.readline())
sys.stdout.write(stdout)
sys.stderr.write(stderr)
sys.exit(code)
"""


class Ran(NamedTuple):
    """What came of a block."""

    code: int
    output: str
    commands: list[list[str]]


class PageShell:
    """Runs blocks in a folder.

    Args:
        folder: Where the page's reader would be.
        tools: A short path, for the command and its socket.
    """

    def __init__(self, folder: Path, tools: Path):
        self._folder, self._tools = folder, tools
        self._address = str(tools / "socket")
        client = tools / "albert-keras"
        client.write_text(
            _CLIENT.format(python=sys.executable, address=self._address)
        )
        client.chmod(0o755)

    def run(self, block: Block) -> Ran:
        """Runs a block, its commands with the options that are added."""
        added = block.added_options

        def take(words: list[str], folder: str, stdin: str) -> Ended:
            for command, options in added.items():
                parts = command.split()
                if words[: len(parts)] == parts:
                    words = [*words, *options]
            with contextlib.chdir(folder):
                return call(*words, stdin=stdin.encode("latin-1"))

        return self._bash(block.code, take, os.environ["PATH"])

    def parse(self, block: Block) -> Ran:
        """Runs nothing but the shell, and parses what commands are given."""

        def take(words: list[str], folder: str, stdin: str) -> Ended:
            with contextlib.chdir(folder):
                return parsed(words)

        return self._bash(block.code, take, "")

    def _bash(self, code: str, take: Callable[..., Ended], path: str) -> Ran:
        commands: list[list[str]] = []
        environment = {
            **os.environ,
            "PATH": f"{self._tools}:{Path(sys.executable).parent}:{path}"
            if path
            else str(self._tools),
            "PYTHONPATH": str(ROOT),
        }
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self._address)
            listener.listen()
            listener.settimeout(0.05)
            log = self._tools / "output"
            with log.open("w") as output:
                process = subprocess.Popen(
                    ["/bin/bash", "-euo", "pipefail", "-c", code],
                    cwd=self._folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
                while process.poll() is None:
                    with contextlib.suppress(TimeoutError):
                        channel, _ = listener.accept()
                        commands.append(_answer(channel, take))
        Path(self._address).unlink()
        return Ran(process.returncode, log.read_text("utf-8"), commands)


def _answer(channel: socket.socket, take: Callable[..., Ended]) -> list[str]:
    with channel, channel.makefile("rw", encoding="utf-8") as file:
        asked = json.loads(file.readline())
        ended = take(**asked)
        print(json.dumps(ended), file=file, flush=True)
    return asked["words"]


def parsed(words: list[str]) -> Ended:
    """Lets the parser of a command read its arguments, and runs nothing."""

    def without_work(command: Callable[..., None]) -> Callable[..., None]:
        return functools.wraps(command)(lambda *args, **kwargs: None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "one_sentence", without_work)
        return call(*words)
