import sys
from pathlib import Path

import pytest

import albert_keras as ak

PROJECT = Path(__file__).parents[3]
sys.path.insert(0, str(PROJECT / "export" / "tf_serving"))


@pytest.fixture(scope="session")
def folders(models, tokenizer, tmp_path_factory) -> dict[str, Path]:
    """What TF Serving calls the base path of each model."""
    served = tmp_path_factory.mktemp("models")
    for name, model in models.items():
        ak.export.saved_model(
            model, served / name, tokenizer=tokenizer, top_k=4
        )
    return {name: served / name for name in models}


@pytest.fixture(scope="session")
def program(tmp_path_factory) -> Path:
    """The loader in C."""
    import loader_process

    if loader_process.compiler() is None:
        pytest.skip("there is no C compiler on the PATH")
    return loader_process.build(tmp_path_factory.mktemp("c") / "loader")
