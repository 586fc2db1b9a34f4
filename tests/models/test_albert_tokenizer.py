import inspect
import textwrap

import keras
import keras_hub
import numpy as np
import pytest
import tensorflow as tf

from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.models.albert_tokenizer import AlbertTokenizer
from albert_keras.text.sentencepiece import SentencePieceTokenizer
from albert_keras.text.vocabulary import train_vocabulary

TEXTS = ["Some  Text, of 10, [MASK].", "", "Élan and more"]


@pytest.fixture(scope="module")
def model_path(tmp_path_factory):
    return train_vocabulary(
        inspect.getsource(textwrap).splitlines(),
        tmp_path_factory.mktemp("vocabulary"),
        vocab_size=300,
        hard_vocab_limit=False,
        show_progress=False,
    )


@pytest.fixture(scope="module")
def tokenizer(model_path):
    return AlbertTokenizer(model_path)


@pytest.fixture(scope="module")
def expected(model_path):
    return SentencePieceTokenizer(model_path).encode_batch(TEXTS)


def test_python_side(tokenizer, model_path):
    python = SentencePieceTokenizer(model_path)
    text = TEXTS[0]
    assert tokenizer.encode(text) == python.encode(text)
    assert tokenizer.encode_batch(TEXTS) == python.encode_batch(TEXTS)
    assert tokenizer.pieces(text) == python.pieces(text)
    assert tokenizer.offsets(text) == python.offsets(text)
    ids = python.encode(text)
    assert tokenizer.decode(ids) == python.decode(ids)


def test_special_tokens(tokenizer):
    assert tokenizer.pad_token_id == 0
    assert tokenizer.unk_token_id == 1
    assert tokenizer.cls_token_id == tokenizer.start_token_id == 2
    assert tokenizer.sep_token_id == tokenizer.end_token_id == 3
    assert tokenizer.mask_token_id == 4
    assert tokenizer.token_to_id("[MASK]") == 4
    assert tokenizer.id_to_token(4) == "[MASK]"
    assert tokenizer.vocabulary_size() == len(tokenizer.get_vocabulary())


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


def test_in_a_function(tokenizer, expected):
    function = tf.function(
        lambda texts: tokenizer.tokenize_graph(texts).to_tensor()
    )
    found = function(tf.constant(TEXTS)).numpy()
    assert found[0].tolist() == expected[0]


def test_sequence_length(model_path, expected):
    tokenizer = AlbertTokenizer(model_path, sequence_length=4)
    found = tokenizer(TEXTS)
    assert found.shape == (3, 4)
    assert found.numpy()[0].tolist() == expected[0][:4]
    assert found.numpy()[1].tolist() == [0, 0, 0, 0]


def test_detokenize(tokenizer, expected):
    texts = [tokenizer.decode(ids) for ids in expected]
    assert tokenizer.detokenize(tokenizer(TEXTS)) == texts
    assert tokenizer.detokenize(expected[0]) == texts[0]
    dataset = tf.data.Dataset.from_tensor_slices(TEXTS).batch(3).map(tokenizer)
    (found,) = dataset.map(tokenizer.detokenize)
    assert [text.decode() for text in found.numpy()] == texts


def test_preset(model_path, tmp_path):
    """A preset keeps how text is normalised, and Keras Hub finds the class."""
    tokenizer = AlbertTokenizer(
        model_path,
        lowercase=False,
        keep_accents=True,
        replace_quotes=True,
        special_symbols=False,
        sequence_length=8,
    )
    backbone = AlbertBackbone(
        vocabulary_size=tokenizer.vocabulary_size(),
        num_layers=1,
        num_heads=1,
        embedding_dim=2,
        hidden_dim=2,
        intermediate_dim=2,
    )
    backbone.save_to_preset(str(tmp_path))
    tokenizer.save_to_preset(str(tmp_path))
    for cls in (AlbertTokenizer, keras_hub.tokenizers.Tokenizer):
        loaded = cls.from_preset(str(tmp_path))
        assert type(loaded) is AlbertTokenizer
        assert loaded.get_config() == tokenizer.get_config()
        assert loaded.python_tokenizer.proto == model_path.read_bytes()
        assert np.array_equal(loaded(TEXTS), tokenizer(TEXTS))
    uncased = AlbertTokenizer(model_path, sequence_length=8)
    assert not np.array_equal(loaded(TEXTS), uncased(TEXTS))


def test_packed_for_a_backbone(tokenizer):
    backbone = AlbertBackbone(
        vocabulary_size=tokenizer.vocabulary_size(),
        num_layers=1,
        num_heads=1,
        embedding_dim=2,
        hidden_dim=2,
        intermediate_dim=2,
    )
    packed = tokenizer.pack(TEXTS, TEXTS[::-1], max_length=9, num_threads=2)
    assert packed["token_ids"].shape == (3, 9)
    ids = tokenizer.encode(TEXTS[2])
    assert packed["token_ids"][1].tolist()[:3] == [2, 3, 3]
    assert packed["token_ids"][2].tolist()[1:4] == ids[:3]
    assert backbone.predict(packed)["pooled_output"].shape == (3, 2)


def test_in_a_saved_keras_model(model_path, tmp_path):
    tokenizer = AlbertTokenizer(model_path, lowercase=False, sequence_length=8)
    inputs = keras.Input((), dtype="string")
    model = keras.Model(inputs, tokenizer(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert np.array_equal(loaded(tf.constant(TEXTS)), tokenizer(TEXTS))


def test_in_keras_hub_preprocessor(tokenizer, expected):
    packer = keras_hub.layers.MultiSegmentPacker(
        sequence_length=8,
        start_value=tokenizer.start_token_id,
        end_value=tokenizer.end_token_id,
    )
    token_ids, _ = packer(tokenizer(["some text"]))
    ids = tokenizer.encode("some text")
    packed = [2, *ids, 3][:7]
    assert np.array(token_ids)[0, : len(packed)].tolist() == packed


def test_before_the_vocabulary_is_loaded():
    tokenizer = AlbertTokenizer()
    for use in (tokenizer, tokenizer.encode, tokenizer.tokenize_graph):
        with pytest.raises(ValueError, match="vocabulary"):
            use("text")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dtype": "string"}, "'int32'.*dtype='string'"),
        ({"dtype": "int64"}, "'int32'.*dtype='int64'"),
        ({"add_bos": True}, "add_bos=True"),
        ({"add_eos": True}, "add_eos=True"),
    ],
    ids=str,
)
def test_unusable_settings(settings, message, model_path):
    with pytest.raises(ValueError, match=message):
        AlbertTokenizer(model_path, **settings)


def test_wrong_files(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.model"):
        AlbertTokenizer(tmp_path / "nowhere.model")
    (tmp_path / "text.model").write_text("text")
    with pytest.raises(ValueError, match=r"text\.model"):
        AlbertTokenizer(str(tmp_path / "text.model"))


def test_no_file_is_read_in_safe_mode(model_path):
    """A saved model must not make Keras read whatever file it names."""
    config = {
        "class_name": "albert_keras>AlbertTokenizer",
        "config": {"proto": str(model_path)},
        "registered_name": "albert_keras>AlbertTokenizer",
        "module": None,
    }
    with pytest.raises(TypeError, match="safe mode"):
        keras.saving.deserialize_keras_object(config, safe_mode=True)
    loaded = keras.saving.deserialize_keras_object(config, safe_mode=False)
    assert loaded.vocabulary_size() > 0


def test_setting_a_seed_leaves_the_vocabulary(tiny_vocabulary):
    # TensorFlow Text's own tokenizer does not outlive it (as of 2.20).
    tokenizer = AlbertTokenizer(str(tiny_vocabulary("a", "good", "film")))
    texts = ["a good film", "film"]
    before = tokenizer(texts).to_list()
    keras.utils.set_random_seed(1)
    assert tokenizer(texts).to_list() == before
    keras.utils.set_random_seed(1)
    dataset = tf.data.Dataset.from_tensors(texts).map(tokenizer)
    assert dataset.get_single_element().to_list() == before
