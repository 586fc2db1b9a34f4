import contextlib
import inspect
import shutil
import textwrap

import pytest


@pytest.fixture(scope="session")
def lines() -> list[str]:
    """Text that every machine has, none of it of the vocabulary's corpus."""
    source = inspect.getsource(textwrap) + inspect.getsource(contextlib)
    source += inspect.getsource(shutil)
    stripped = (line.strip() for line in source.splitlines())
    return list(dict.fromkeys(line for line in stripped if line))
