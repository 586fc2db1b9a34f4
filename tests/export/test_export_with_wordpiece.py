"""A model with a `vocab.txt` as a SavedModel."""

import numpy as np
import pytest
import tensorflow as tf
from export_models import LONGEST, PIECES, backbone, randomize

import albert_keras as ak
from albert_keras.models.albert_masked_lm_preprocessor import (
    AlbertMaskedLMPreprocessor,
)

SYMBOLS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
RARE = "honorificabilitudinitatibus"
TEXTS = ["一丁[MASK]七。 [MASK]", "No mask: 万", "", f"{RARE}[MASK]"]


@pytest.fixture(scope="module")
def model():
    chinese = [chr(0x4E00 + n) for n in range(PIECES - len(SYMBOLS) - 1)]
    tokenizer = ak.AlbertWordPieceTokenizer([*SYMBOLS, RARE, *chinese])
    preprocessor = AlbertMaskedLMPreprocessor(
        tokenizer, sequence_length=LONGEST
    )
    return randomize(ak.AlbertMaskedLM(backbone(), preprocessor))


@pytest.fixture(scope="module")
def written(model, tmp_path_factory):
    return ak.export.saved_model(
        model, tmp_path_factory.mktemp("served"), top_k=4
    )


def test_texts_get_the_guesses_of_fill_mask(model, written):
    served = tf.saved_model.load(str(written.path))
    answer = served.signatures["serving_default"](tf.constant(TEXTS))
    assert answer["mask_count"].numpy().tolist() == [2, 0, 0, 1]
    fill_mask = ak.FillMask(model)
    pieces = np.strings.decode(answer["pieces"].numpy().astype("S"), "utf-8")
    scores = answer["scores"].numpy()
    rows = {(0, 0): fill_mask(TEXTS[0], top_k=4)[0]}
    rows[0, 1] = fill_mask(TEXTS[0], top_k=4)[1]
    rows[3, 0] = fill_mask(TEXTS[3], top_k=4)
    for place, guesses in rows.items():
        assert [g["token_str"] for g in guesses] == pieces[place].tolist()
        expected = [guess["score"] for guess in guesses]
        np.testing.assert_allclose(scores[place], expected, atol=1e-6)


def test_the_vocabulary_is_stored_once(written):
    graph = (written.path / "saved_model.pb").read_bytes()
    assert graph.count(RARE.encode()) == 1
    assert written.operations["FastWordpieceTokenizeWithOffsets"] == 1
