import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
sys.path.insert(0, str(PROJECT / "export" / "tf_serving"))


@pytest.fixture(scope="session")
def folders(artefacts) -> dict[str, Path]:
    """What TF Serving calls the base path of each model."""
    return {name: each.path.parent for name, each in artefacts.items()}


@pytest.fixture(scope="session")
def program(tmp_path_factory) -> Path:
    """The loader in C."""
    import loader_process

    compiler = loader_process.compiler()
    if compiler is None:
        pytest.skip("needs a C compiler, gcc or cc, on the PATH")
    tried = subprocess.run(
        [compiler, "-x", "c", "-", "-o", os.devnull],
        input=b"#include <stdio.h>\nint main(void) { return 0; }\n",
        capture_output=True,
    )
    if tried.returncode:
        pytest.skip(f"needs a C compiler with its headers: {tried.stderr!r}")
    return loader_process.build(tmp_path_factory.mktemp("c") / "loader")
