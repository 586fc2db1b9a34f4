import pytest
from export_models import backbone, randomize
from peers import LABELS, LENGTH

import albert_keras as ak
from albert_keras.export.client_ids import ANSWERER_LENGTH, ClientIds
from albert_keras.models.albert_text_classifier_preprocessor import (
    AlbertTextClassifierPreprocessor,
)


def preprocessor(tokenizer, length):
    return AlbertTextClassifierPreprocessor(tokenizer, sequence_length=length)


@pytest.fixture(scope="session")
def classifier(tokenizer):
    return randomize(
        ak.AlbertTextClassifier(
            backbone(num_layers=1),
            num_classes=len(LABELS),
            preprocessor=preprocessor(tokenizer, LENGTH),
        )
    )


@pytest.fixture(scope="session")
def reader(tokenizer):
    long = backbone(num_layers=1, max_sequence_length=ANSWERER_LENGTH)
    return randomize(
        ak.AlbertQuestionAnswering(
            long, "v1", preprocessor(tokenizer, ANSWERER_LENGTH)
        )
    )


@pytest.fixture(scope="session")
def embedder():
    return randomize(backbone(num_layers=1))


@pytest.fixture(scope="session")
def files(classifier, reader, embedder, tokenizer, tmp_path_factory):
    """What clients are given, by name."""
    folder = tmp_path_factory.mktemp("clients")
    cased = ak.AlbertTokenizer(tokenizer.proto, lowercase=False)
    exported = {
        "classifier": (classifier, {"labels": LABELS}),
        "resizable": (classifier, {"labels": LABELS, "resizable": True}),
        "ids": (classifier, {"text": False}),
        "reader": (reader, {"sequence_length": ANSWERER_LENGTH}),
        "embedder": (embedder, {"pooling": "mean", "tokenizer": tokenizer}),
        "cased": (embedder, {"pooling": "cls", "tokenizer": cased}),
    }
    for name, (model, options) in exported.items():
        ak.export.tflite(model, folder / f"{name}.tflite", **options)
    return {name: folder / f"{name}.tflite" for name in exported}


@pytest.fixture(scope="session")
def ids(files):
    contents = ak.export.LiteContents(files["classifier"])
    return ClientIds(contents.files["spiece.model"])
