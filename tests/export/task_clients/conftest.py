import numpy as np
import pytest
from export_models import backbone, randomize
from peers import LABELS, LENGTH, row_of

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
def wide(tokenizer):
    """A classifier with matrices that are large enough to be quantised."""
    body = backbone(
        num_layers=1,
        embedding_dim=32,
        hidden_dim=64,
        intermediate_dim=256,
        initializer_range=0.1,
    )
    return randomize(
        ak.AlbertTextClassifier(body, 3, preprocessor(tokenizer, LENGTH)),
        scale=0.03,
    )


@pytest.fixture(scope="session")
def word_pieces():
    """A classifier with a `vocab.txt`."""
    symbols = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = list("abcdefghij,.有層")
    pieces = [*symbols, *letters, *(f"##{each}" for each in letters), "abc"]
    tokenizer = ak.AlbertWordPieceTokenizer(pieces)
    return randomize(
        ak.AlbertTextClassifier(
            backbone(num_layers=1), 2, preprocessor(tokenizer, LENGTH)
        )
    )


@pytest.fixture(scope="session")
def reader(tokenizer):
    """One that prefers the passage, or the client would find no answers."""
    long = backbone(num_layers=1, max_sequence_length=ANSWERER_LENGTH)
    reader = randomize(
        ak.AlbertQuestionAnswering(
            long, "v1", preprocessor(tokenizer, ANSWERER_LENGTH)
        )
    )
    row = row_of(list(range(5, 65)), [0] * 10 + [1] * 50, ANSWERER_LENGTH)
    hidden = np.asarray(long(row)["sequence_output"])
    is_passage = row["segment_ids"] == 1
    passage = hidden[is_passage].mean(axis=0) - hidden[~is_passage].mean(axis=0)
    kernel, bias = reader.span_logits.get_weights()
    reader.span_logits.set_weights([kernel + passage[:, None], bias])
    return reader


@pytest.fixture(scope="session")
def embedder():
    return randomize(backbone(num_layers=1))


@pytest.fixture(scope="session")
def files(
    classifier,
    wide,
    word_pieces,
    reader,
    embedder,
    tokenizer,
    tmp_path_factory,
):
    """What clients are given, by name."""
    folder = tmp_path_factory.mktemp("clients")
    cased = ak.AlbertTokenizer(tokenizer.proto, lowercase=False)
    exported = {
        "classifier": (classifier, {"labels": LABELS}),
        "resizable": (classifier, {"labels": LABELS, "resizable": True}),
        "float16": (classifier, {"quantization": "float16"}),
        "int8": (wide, {"quantization": "int8"}),
        "int8-per-tensor": (wide, {"quantization": "int8-per-tensor"}),
        "ids": (classifier, {"text": False}),
        "word_pieces": (word_pieces, {}),
        "reader": (reader, {}),
        "short": (reader, {"sequence_length": 64}),
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
