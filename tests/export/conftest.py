import keras
import pytest
from export_models import make_models, make_tokenizer


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory):
    return make_tokenizer(tmp_path_factory.mktemp("vocabulary"))


@pytest.fixture(scope="session")
def models(tokenizer) -> dict[str, keras.Model]:
    """One of each class that has an export."""
    return make_models(tokenizer)
