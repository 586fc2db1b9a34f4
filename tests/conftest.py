import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# Before any test imports TensorFlow: its errors are enough to read.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def keras_settings() -> Iterator[None]:
    """Puts back what a test set for the whole process."""
    yield
    if "keras" in sys.modules:
        import keras

        keras.config.set_dtype_policy("float32")
        keras.config.set_floatx("float32")


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Real text and vocabularies that lie beside the checkout, not in it."""

    def find(name: str) -> Path:
        if not (SHARED_DATA / name).exists():
            pytest.skip(f"needs {name} in {SHARED_DATA}")
        return SHARED_DATA / name

    return find
