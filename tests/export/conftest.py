import keras
import pytest
import tensorflow as tf

import albert_keras as ak


@pytest.fixture(scope="session")
def tokenizer(small_tokenizer):
    return small_tokenizer


@pytest.fixture(scope="session")
def models(small_models) -> dict[str, keras.Model]:
    """One of each class that has an export."""
    return small_models


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
