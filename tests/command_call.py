"""Commands called in the process of the tests."""

import contextlib
import io
import signal
import sys
from typing import NamedTuple

import pytest

from albert_keras import cli


class Ended(NamedTuple):
    code: int
    stdout: str
    stderr: str


def call(*words: str, stdin: bytes = b"") -> Ended:
    """Runs a command in this process, which need not start TensorFlow anew."""
    out, err = io.StringIO(), io.StringIO()
    sigterm = signal.getsignal(signal.SIGTERM)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["albert-keras", *words])
        buffer = io.BufferedReader(io.BytesIO(stdin))
        patch.setattr(sys, "stdin", io.TextIOWrapper(buffer))
        try:
            with (
                contextlib.redirect_stdout(out),
                contextlib.redirect_stderr(err),
            ):
                cli.main()
        except SystemExit as exit:
            code = exit.code
        finally:
            signal.signal(signal.SIGTERM, sigterm)
    return Ended(int(code or 0), out.getvalue(), err.getvalue())
