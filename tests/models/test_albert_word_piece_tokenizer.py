import subprocess
import sys

import keras
import keras_hub
import numpy as np
import pytest
import tensorflow as tf

from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_masked_lm import AlbertMaskedLM
from albert_keras.models.albert_masked_lm_preprocessor import (
    AlbertMaskedLMPreprocessor,
)
from albert_keras.models.albert_text_classifier_preprocessor import (
    AlbertTextClassifierPreprocessor,
)
from albert_keras.models.albert_tokenizer import AlbertTokenizer
from albert_keras.models.albert_word_piece_tokenizer import (
    AlbertWordPieceTokenizer,
)
from albert_keras.text.wordpiece import WordPieceTokenizer

# As in the released vocabulary, padding alone has the id 0.
PIECES = [
    "[PAD]",
    "[unused1]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    *"一二三，。",
]
PIECES += ["E", "é", "the", "them", "##e", "##m"]
TEXTS = ["The 一二，[MASK]é。", "", "É themem 四"]


@pytest.fixture(scope="module")
def vocab_path(tmp_path_factory):
    path = tmp_path_factory.mktemp("vocabulary") / "vocab.txt"
    path.write_text("\n".join(PIECES), "utf-8")
    return path


@pytest.fixture(scope="module")
def tokenizer(vocab_path):
    return AlbertWordPieceTokenizer(vocab_path)


@pytest.fixture(scope="module")
def expected():
    return WordPieceTokenizer(PIECES).encode_batch(TEXTS)


def backbone(tokenizer):
    return AlbertBackbone(
        vocabulary_size=tokenizer.vocabulary_size(),
        num_layers=1,
        num_heads=1,
        embedding_dim=2,
        hidden_dim=2,
        intermediate_dim=2,
        max_sequence_length=16,
    )


def test_python_side(tokenizer):
    python = WordPieceTokenizer(PIECES)
    text = TEXTS[0]
    assert tokenizer.encode(text) == python.encode(text)
    assert tokenizer.encode_batch(TEXTS) == python.encode_batch(TEXTS)
    assert tokenizer.pieces(text) == python.pieces(text)
    assert tokenizer.offsets(text) == python.offsets(text)
    ids = python.encode(text)
    assert tokenizer.decode(ids) == python.decode(ids)
    packed = tokenizer.pack("一", "二")
    assert packed["token_ids"].tolist() == [3, 6, 4, 7, 4]


def test_special_tokens(tokenizer):
    assert tokenizer.pad_token_id == 0
    assert tokenizer.unk_token_id == 2
    assert tokenizer.cls_token_id == tokenizer.start_token_id == 3
    assert tokenizer.sep_token_id == tokenizer.end_token_id == 4
    assert tokenizer.mask_token_id == 5
    assert sorted(tokenizer.special_token_ids) == [0, 2, 3, 4, 5]
    assert tokenizer.token_to_id("[MASK]") == 5
    assert tokenizer.id_to_token(5) == "[MASK]"
    assert tokenizer.get_vocabulary() == PIECES
    assert tokenizer.vocabulary_size() == len(PIECES)


@pytest.mark.parametrize("convert", [list, np.array, tf.constant])
def test_called_on_a_batch(tokenizer, expected, convert):
    found = tokenizer(convert(TEXTS))
    assert isinstance(found, tf.RaggedTensor)
    assert found.dtype == tf.int32
    assert found.to_list() == expected


def test_called_on_one_string(tokenizer, expected):
    assert tokenizer(TEXTS[0]).numpy().tolist() == expected[0]


@pytest.mark.parametrize("batch_size", [1, 2])
def test_in_tf_data(tokenizer, expected, batch_size):
    dataset = tf.data.Dataset.from_tensor_slices(TEXTS)
    rows = dataset.map(tokenizer)
    assert [row.numpy().tolist() for row in rows] == expected
    batches = dataset.batch(batch_size).map(tokenizer)
    found = [row for batch in batches for row in batch.to_list()]
    assert found == expected


def test_made_in_a_graph(expected):
    """Its constants are not those of the graph that it is made in."""
    made = []

    def make_and_tokenize(texts):
        made.append(AlbertWordPieceTokenizer(PIECES, sequence_length=4))
        return made[0](texts)

    (found,) = tf.data.Dataset.from_tensors(TEXTS).map(make_and_tokenize)
    assert found.numpy()[0].tolist() == expected[0][:4]
    assert np.array_equal(made[0](TEXTS), found)


def test_sequence_length(expected):
    tokenizer = AlbertWordPieceTokenizer(PIECES, sequence_length=4)
    found = tokenizer(TEXTS)
    assert found.shape == (3, 4)
    assert found.numpy()[0].tolist() == expected[0][:4]
    assert found.numpy()[1].tolist() == [0, 0, 0, 0]


def test_detokenize(tokenizer, expected):
    texts = [tokenizer.decode(ids) for ids in expected]
    assert texts[0] == "the一二，[MASK] [UNK]。"
    assert tokenizer.detokenize(tokenizer(TEXTS)) == texts
    assert tokenizer.detokenize(expected[0]) == texts[0]
    dataset = tf.data.Dataset.from_tensor_slices(TEXTS).map(tokenizer)
    found = [
        text.numpy().decode() for text in dataset.map(tokenizer.detokenize)
    ]
    assert found == texts
    (found,) = dataset.ragged_batch(3).map(tokenizer.detokenize)
    assert [text.decode() for text in found.numpy()] == texts


def test_preset(vocab_path, tmp_path):
    """A preset keeps how text is cut, and every way to load it works."""
    tokenizer = AlbertWordPieceTokenizer(
        vocab_path,
        lowercase=False,
        keep_accents=True,
        special_symbols=False,
        sequence_length=8,
    )
    backbone(tokenizer).save_to_preset(str(tmp_path))
    tokenizer.save_to_preset(str(tmp_path))
    for cls in (
        AlbertWordPieceTokenizer,
        AlbertTokenizer,
        keras_hub.tokenizers.Tokenizer,
    ):
        loaded = cls.from_preset(str(tmp_path))
        assert type(loaded) is AlbertWordPieceTokenizer
        assert loaded.get_config() == tokenizer.get_config()
        assert loaded.get_vocabulary() == PIECES
        assert np.array_equal(loaded(TEXTS), tokenizer(TEXTS))
    uncased = AlbertWordPieceTokenizer(vocab_path, sequence_length=8)
    assert not np.array_equal(loaded(TEXTS), uncased(TEXTS))


def test_in_a_saved_keras_model(vocab_path, tmp_path):
    tokenizer = AlbertWordPieceTokenizer(
        vocab_path, lowercase=False, sequence_length=8
    )
    inputs = keras.Input((), dtype="string")
    model = keras.Model(inputs, tokenizer(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert np.array_equal(loaded(tf.constant(TEXTS)), tokenizer(TEXTS))


def test_in_the_masked_lm_preprocessor(tokenizer):
    preprocessor = AlbertMaskedLMPreprocessor(
        tokenizer,
        sequence_length=16,
        mask_selection_rate=1.0,
        mask_selection_length=2,
        mask_token_rate=1.0,
        random_token_rate=0.0,
    )
    inputs, labels, weights = preprocessor(["一二三，" * 9, "the"])
    rows = np.array(inputs["token_ids"])
    assert rows.shape == (2, 16)
    assert rows[0, 0] == 3
    assert rows[0, -1] == 4
    assert np.array(inputs["padding_mask"]).sum(1).tolist() == [16, 3]
    assert (rows == tokenizer.mask_token_id).sum(1).tolist() == [2, 1]
    assert np.array(weights).tolist() == [[1, 1], [1, 0]]
    assert set(np.array(labels)[0]) <= set(range(6, 10))
    assert np.array(labels)[1, 0] == PIECES.index("the")


def test_preset_in_a_fresh_process(tokenizer, tmp_path):
    """Which imports no more than the class it asks for a model."""
    preprocessor = AlbertMaskedLMPreprocessor(tokenizer, sequence_length=16)
    model = AlbertMaskedLM(backbone(tokenizer), preprocessor)
    model.save_to_preset(str(tmp_path))
    program = (
        "import albert_keras as ak\n"
        f"model = ak.AlbertMaskedLM.from_preset({str(tmp_path)!r})\n"
        "answers = ak.FillMask(model)('一[MASK]，', top_k=1)\n"
        "print(model.preprocessor.tokenizer.pieces('the一'))\n"
    )
    command = [sys.executable, "-c", program]
    assert subprocess.check_output(command, text=True) == "['the', '一']\n"


def test_in_the_text_classifier_preprocessor(tokenizer):
    preprocessor = AlbertTextClassifierPreprocessor(tokenizer, 8)
    inputs = preprocessor((["一二"], ["the"]), y=None)
    packed = np.array(inputs["token_ids"])[0].tolist()
    assert packed == [3, 6, 7, 4, PIECES.index("the"), 4, 0, 0]
    segments = np.array(inputs["segment_ids"])[0].tolist()
    assert segments == [0, 0, 0, 0, 1, 1, 0, 0]


def test_before_the_vocabulary_is_loaded():
    tokenizer = AlbertWordPieceTokenizer()
    for use in (tokenizer, tokenizer.encode, tokenizer.tokenize_graph):
        with pytest.raises(ValueError, match="must have a vocabulary"):
            use("text")
    with pytest.raises(ValueError, match="must have a vocabulary"):
        _ = tokenizer.graph_tokenizer


@pytest.mark.parametrize("dtype", ["string", "int64"])
def test_unusable_dtypes(dtype):
    with pytest.raises(ValueError, match=f"'int32'.*dtype='{dtype}'"):
        AlbertWordPieceTokenizer(PIECES, dtype=dtype)


def test_wrong_vocabularies(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.txt"):
        AlbertWordPieceTokenizer(tmp_path / "nowhere.txt")
    with pytest.raises(ValueError, match=r"without \[PAD\]"):
        AlbertWordPieceTokenizer(PIECES[1:])


def test_no_file_is_read_in_safe_mode(vocab_path):
    """A saved model must not make Keras read whatever file it names."""
    config = {
        "class_name": "albert_keras>AlbertWordPieceTokenizer",
        "config": {"vocabulary": str(vocab_path)},
        "registered_name": "albert_keras>AlbertWordPieceTokenizer",
        "module": None,
    }
    with pytest.raises(TypeError, match="safe mode"):
        keras.saving.deserialize_keras_object(config, safe_mode=True)
    loaded = keras.saving.deserialize_keras_object(config, safe_mode=False)
    assert loaded.get_vocabulary() == PIECES
