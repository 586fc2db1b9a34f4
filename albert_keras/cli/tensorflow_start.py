"""Importing TensorFlow as a command should: with a sign of life, no chatter."""

import contextlib
import gc
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from importlib import import_module
from typing import TextIO

from rich.console import Console

# What TensorFlow 2.21 logs while it loads, whatever TF_CPP_MIN_LOG_LEVEL is,
# and LiteRT for every file.
_CHATTER = re.compile(
    rb"(I0000 |WARNING: All log messages before absl::InitializeLog"
    rb"|INFO: Created TensorFlow Lite ).*\n"
)


def start_tensorflow(with_keras: bool = True) -> None:
    """Imports TensorFlow and KerasHub, which takes some seconds.

    Args:
        with_keras: Whether to import KerasHub, or TensorFlow Text alone.
    """
    with (
        chatter_dropped() as terminal,
        Console(file=terminal).status("Starting TensorFlow ..."),
        _matplotlib_hidden(),
        _without_collections(),
    ):
        import_module("tensorflow")
        import_module("keras_hub" if with_keras else "tensorflow_text")


@contextlib.contextmanager
def _without_collections() -> Iterator[None]:
    """Spare the first import the search for garbage, which takes a second.

    Modules are never garbage, so later searches leave them out, too.
    """
    if "tensorflow" in sys.modules:
        yield
        return
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


@contextlib.contextmanager
def _matplotlib_hidden() -> Iterator[None]:
    """Keep Keras from importing Matplotlib, which takes a second.

    Keras imports it for its image gallery wherever it is installed. Commands
    that draw import it themselves.
    """
    if "matplotlib" in sys.modules:
        yield
        return
    sys.modules["matplotlib"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["matplotlib"]


@contextlib.contextmanager
def chatter_dropped() -> Iterator[TextIO]:
    """Holds back the standard error, and shows it afterwards less chatter.

    The descriptor is held back, not `sys.stderr`: C++ writes past Python.

    Yields:
        The standard error itself, for what is to be seen at once.
    """
    sys.stderr.flush()
    with (
        tempfile.TemporaryFile() as held_back,
        open(os.dup(2), "w", encoding="utf-8") as terminal,
    ):
        os.dup2(held_back.fileno(), 2)
        try:
            yield terminal
        finally:
            sys.stderr.flush()
            os.dup2(terminal.fileno(), 2)
            held_back.seek(0)
            os.write(2, _CHATTER.sub(b"", held_back.read()))
