import argparse
import inspect

import keras
import pytest
from export_models import LONGEST, PIECES, backbone, randomize

import albert_keras as ak
from albert_keras.models.albert_masked_lm_preprocessor import (
    AlbertMaskedLMPreprocessor,
)
from albert_keras.models.albert_text_classifier_preprocessor import (
    AlbertTextClassifierPreprocessor,
)
from albert_keras.text.vocabulary import train_vocabulary


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vocabulary")
    lines = inspect.getsource(argparse).splitlines()
    train_vocabulary(
        [line for line in lines if line.strip()],
        folder,
        vocab_size=PIECES,
        show_progress=False,
    )
    return ak.AlbertTokenizer(str(folder / "spiece.model"))


@pytest.fixture(scope="session")
def models(tokenizer) -> dict[str, keras.Model]:
    """One of each class that has an export."""
    masked = AlbertMaskedLMPreprocessor(tokenizer, sequence_length=LONGEST)

    def of_length(length):
        return AlbertTextClassifierPreprocessor(
            tokenizer, sequence_length=length
        )

    return {
        "backbone": randomize(backbone()),
        "masked_lm": randomize(ak.AlbertMaskedLM(backbone(), masked)),
        "pretrainer": randomize(ak.AlbertPretrainer(backbone(), masked)),
        "classifier": randomize(
            ak.AlbertTextClassifier(
                backbone(), num_classes=3, preprocessor=of_length(24)
            )
        ),
        "reader": randomize(
            ak.AlbertQuestionAnswering(backbone(), "v1", of_length(30))
        ),
        "reader_v2": randomize(
            ak.AlbertQuestionAnswering(backbone(), "v2", of_length(30))
        ),
        "tagger": randomize(
            ak.AlbertTokenClassifier(backbone(), 5, of_length(16))
        ),
        "chooser": randomize(
            ak.AlbertMultipleChoice(backbone(), of_length(28))
        ),
    }
