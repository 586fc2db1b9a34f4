import keras
import pytest
import tensorflow as tf
from export_models import make_models, make_tokenizer

import albert_keras as ak


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory):
    return make_tokenizer(tmp_path_factory.mktemp("vocabulary"))


@pytest.fixture(scope="session")
def models(tokenizer) -> dict[str, keras.Model]:
    """One of each class that has an export."""
    return make_models(tokenizer)


@pytest.fixture(scope="session")
def artefacts(models, tokenizer, made_once) -> dict[str, ak.export.Artefact]:
    """Each of them as a SavedModel, with names of the classes and tags."""
    labels = {
        "classifier": ["no", "maybe", "yes"],
        "tagger": ["O", "B-A", "I-A", "B-B", "I-B"],
    }
    return made_once(
        "saved_models",
        lambda folder: {
            name: ak.export.saved_model(
                model,
                folder / name,
                tokenizer=tokenizer,
                top_k=4,
                labels=labels.get(name),
            )
            for name, model in models.items()
        },
    )


@pytest.fixture(scope="session")
def served(artefacts):
    """The signatures of each SavedModel, loaded."""
    return {
        name: tf.saved_model.load(str(artefact.path)).signatures
        for name, artefact in artefacts.items()
    }
