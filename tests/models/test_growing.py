"""Models that get tokens or positions they were not trained with."""

import numpy as np
import pytest
import tokenizers

import albert_keras as ak
from albert_keras.text.added_tokens import with_added_tokens
from albert_keras.text.sentencepiece import SentencePieceTokenizer
from albert_keras.text.wordpiece import WordPieceTokenizer

TOKENS = ["remdesivir", "▁Zyxin", "COVID-19", "x2010", "°q"]
TEXTS = [
    "The Remdesivir of zyxin, and covid-19.",
    "In [MASK] remdesivir[MASK]Covid-19, 2010, 30 °Q",
    "zyxins azyxin x2010,x2010 remdésivir",
]
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "al", "##bert", "。"]
CLASSES = [
    "backbone",
    "masked_lm",
    "pretrainer",
    "classifier",
    "reader_v2",
    "tagger",
    "chooser",
]


def grown_names(model):
    names = ["embeddings/token_embedding/embeddings"]
    if hasattr(model, "masked_lm_head"):
        names.append("masked_lm_head/output_bias")
    return names


@pytest.mark.parametrize("name", CLASSES)
def test_new_rows_are_means_and_all_else_stays(
    name, small_models, small_tokenizer
):
    model = small_models[name]
    before = small_tokenizer.python_tokenizer
    grown = ak.models.add_tokens(model, TOKENS, small_tokenizer)
    assert type(grown) is type(model)
    rows = before.vocabulary_size
    old = {v.path: v.numpy() for v in model.weights}
    new = {v.path: v.numpy() for v in grown.weights}
    assert old.keys() == new.keys()
    for path, values in new.items():
        if path not in grown_names(model):
            np.testing.assert_array_equal(values, old[path], err_msg=path)
            continue
        assert len(values) == max(len(old[path]), rows + len(TOKENS))
        np.testing.assert_array_equal(values[:rows], old[path][:rows])
        for row, text in enumerate(TOKENS, start=rows):
            ids = before.encode(text.removeprefix("▁"))
            if len(ids) > 1 and before.id_to_piece(ids[0]) == "▁":
                ids = ids[1:]
            known = [i for i in ids if i != before.unk_id]
            expected = old[path][known or slice(rows)].mean(axis=0)
            np.testing.assert_array_equal(values[row], expected)


def test_a_table_that_was_padded_does_not_grow(small_tokenizer):
    rows = small_tokenizer.vocabulary_size() + 8
    backbone = ak.AlbertBackbone(
        vocabulary_size=rows,
        num_layers=1,
        num_heads=2,
        embedding_dim=4,
        hidden_dim=8,
        intermediate_dim=8,
        max_sequence_length=8,
    )
    grown = ak.models.add_tokens(backbone, TOKENS, small_tokenizer)
    assert grown.vocabulary_size == rows
    for model in (backbone, grown):
        table = model.token_embedding.embeddings.numpy()
        np.testing.assert_array_equal(
            table[-3:], backbone.token_embedding.embeddings.numpy()[-3:]
        )


def test_python_and_graph_give_the_new_ids(small_tokenizer):
    size = small_tokenizer.vocabulary_size()
    grown = ak.models.with_tokens(small_tokenizer, TOKENS)
    assert grown.get_vocabulary()[:size] == small_tokenizer.get_vocabulary()
    for i, piece in enumerate(
        ["remdesivir", "▁zyxin", "covid-19", "x2010", "°q"], start=size
    ):
        assert grown.token_to_id(piece) == i
    ids = [grown.encode(text) for text in TEXTS]
    assert grown(TEXTS).to_list() == ids
    assert grown.encode_batch(TEXTS) == ids
    assert [i - size for i in ids[0] if i >= size] == [0, 1, 2]
    assert [i - size for i in ids[1] if i >= size] == [0, 2, 4]
    # Where a word begins: at its beginning, but not inside.
    assert [i - size for i in ids[2] if i >= size] == [1, 3, 3, 0]
    for text in ("No such thing in 2010, 30.", "a zyx", ""):
        assert grown.encode(text) == small_tokenizer.encode(text)
    for text, row in zip(TEXTS, ids, strict=True):
        offsets = grown.python_tokenizer.offsets(text)
        assert len(offsets) == len(row)
        for i, (start, stop) in zip(row, offsets, strict=True):
            if i >= size + 2:
                piece = grown.id_to_token(i)
                assert text[start:stop].lower() == piece


def test_wordpiece():
    before = WordPieceTokenizer(PIECES)
    grown = with_added_tokens(before, ["Albertina", "##INE", "層"])
    assert grown.vocabulary == [*PIECES, "albertina", "##ine", "層"]
    assert grown.encode("albertina albertine 層。") == [8, 5, 6, 9, 10, 7]
    for token in ("a-b", "北京"):
        with pytest.raises(ValueError, match=f"{token}.*divides into"):
            with_added_tokens(before, [token])
    layer = ak.AlbertWordPieceTokenizer(PIECES)
    layer = ak.models.with_tokens(layer, ["Albertina"])
    assert layer(["albertina al"])[0].numpy().tolist() == [8, 5]


@pytest.mark.parametrize(
    ("tokens", "sentence"),
    [
        (["[MASK]"], "is in the vocabulary"),
        (["<pad>"], "is in the vocabulary"),
        ([""], "without white space. Received: ''"),
        (["▁"], "without white space. Received: '▁'"),
        (["two words"], "white space. Received: 'two words'"),
        (["\u0301"], "white space"),
        (["Zyx", "zyx"], "'zyx', which is 'Zyx' again"),
        (["2010,"], "'2010,', which the tokenizer divides into"),
        ([], "Received: none"),
    ],
)
def test_tokens_that_are_refused(tokens, sentence, small_tokenizer):
    python = small_tokenizer.python_tokenizer
    with pytest.raises(ValueError, match=sentence):
        with_added_tokens(python, tokens)


def test_pieces_are_no_new_tokens(small_tokenizer):
    python = small_tokenizer.python_tokenizer
    for i in (20, 40, 60):
        with pytest.raises(ValueError, match="is in the vocabulary"):
            with_added_tokens(python, ["zyxin", python.id_to_piece(i)])


def test_arguments_that_are_refused(small_models, small_tokenizer):
    for tokens in ("word", [1]):
        with pytest.raises(TypeError, match=r"must be a (list|string)"):
            ak.models.with_tokens(small_tokenizer, tokens)
    backbone = small_models["backbone"]
    with pytest.raises(ValueError, match="`tokenizer` must be given"):
        ak.models.add_tokens(backbone, TOKENS)
    for grow in (
        lambda model: ak.models.add_tokens(model, TOKENS),
        lambda model: ak.models.lengthen_positions(model, 99),
    ):
        with pytest.raises(TypeError, match="a backbone or a task"):
            grow("preset")
    for length in (backbone.max_sequence_length, 0, -1):
        with pytest.raises(ValueError, match="must be more than the model's"):
            ak.models.lengthen_positions(backbone, length)
    for length in (64.0, "64", True):
        with pytest.raises(TypeError, match="must be an integer"):
            ak.models.lengthen_positions(backbone, length)


@pytest.mark.parametrize("name", ["backbone", "pretrainer", "tagger"])
def test_positions_repeat(name, small_models):
    model = small_models[name]
    longest = getattr(model, "backbone", model).max_sequence_length
    grown = ak.models.lengthen_positions(model, 2 * longest + 3)
    old = {v.path: v.numpy() for v in model.weights}
    for variable in grown.weights:
        values = variable.numpy()
        if variable.path == "embeddings/position_embedding/embeddings":
            assert values.shape[0] == 2 * longest + 3
            for position, row in enumerate(values):
                np.testing.assert_array_equal(
                    row, old[variable.path][position % longest]
                )
        else:
            np.testing.assert_array_equal(values, old[variable.path])
    inputs = {
        name: np.ones((1, 2 * longest + 3), "int32")
        for name in ("token_ids", "segment_ids", "padding_mask")
    }
    backbone = getattr(grown, "backbone", grown)
    outputs = backbone(inputs)["sequence_output"]
    assert outputs.shape[1] == 2 * longest + 3


def test_a_grown_model_travels(small_models, tmp_path):
    model = ak.models.add_tokens(small_models["masked_lm"], TOKENS)
    model = ak.models.lengthen_positions(model, 96)
    tokenizer = model.preprocessor.tokenizer
    inputs = {
        "token_ids": [tokenizer.encode(TEXTS[0])],
        "mask_positions": [[1, 2]],
    }
    length = len(inputs["token_ids"][0])
    inputs |= {"segment_ids": [[0] * length], "padding_mask": [[1] * length]}
    inputs = {name: np.array(rows, "int32") for name, rows in inputs.items()}
    expected = model(inputs)
    model.save_to_preset(str(tmp_path / "preset"))
    ak.checkpoints.save(model, tmp_path / "hf", "huggingface")
    for folder in ("preset", "hf"):
        again = ak.checkpoints.load(tmp_path / folder, ak.AlbertMaskedLM)
        np.testing.assert_array_equal(again(inputs), expected)
        read = again.preprocessor.tokenizer
        assert [read.encode(t) for t in TEXTS] == [
            tokenizer.encode(t) for t in TEXTS
        ]
    theirs = tokenizers.Tokenizer.from_file(
        str(tmp_path / "hf" / "tokenizer.json")
    )
    found = theirs.encode(TEXTS[0], add_special_tokens=False)
    assert found.ids == tokenizer.encode(TEXTS[0])


def test_options_of_the_tokenizer_stay(small_tokenizer):
    cased = SentencePieceTokenizer(
        small_tokenizer.proto, lowercase=False, special_symbols=False
    )
    grown = with_added_tokens(cased, ["Zyxin"])
    assert not grown.lowercase
    assert not grown.special_symbols
    assert cased.vocabulary_size in grown.encode("a Zyxin")
    assert cased.vocabulary_size not in grown.encode("a zyxin")
