"""Tokenizers from and to Hugging Face's files."""

import json

import pytest
import tokenizers
from checkpoint_models import tiny_backbone

import albert_keras as ak
from albert_keras.checkpoints.huggingface_tokenizer import (
    open_vocabulary,
    tokenizer_settings,
    write_tokenizer_json,
)
from albert_keras.checkpoints.vocabulary import (
    make_tokenizer,
    tokenizer_of_file,
)
from albert_keras.models.albert_text_classifier_preprocessor import (
    AlbertTextClassifierPreprocessor,
)

TEXTS = [
    "a file",
    "a file ",
    "a file\n",
    "  two   spaces\tand a tab",
    "a\u00a0b",
    "a [MASK] b",
    "[MASK] [MASK]",
    "a[MASK] .",
    "naïve ﬁne ½ 2,010, 9,",
    "É́ X҉Y ́´",
    "ΟΔΥΣΣΕΥΣ ΣΑΣ.",
    "中文 ALBERT 模型。Ok!",
    "x\u200by\u00adz\u2028w\ue000",
    "``quoted'' \"text\"",
    "ok-ish, isn't it?",
    "\U0001f600 İstanbul",
    "w" * 150,
    "w" * 250,
    "",
    " ",
]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
CHARACTERS = sorted(set("".join(TEXTS + [t.lower() for t in TEXTS]).split()))
WORD_PIECES = [
    *SPECIAL,
    "file",
    "naive",
    "οδυσσευς",
    *(c for c in sorted(set("".join(CHARACTERS)))),
    *(f"##{c}" for c in sorted(set("".join(CHARACTERS)))),
]
OPTIONS = [
    {},
    {"lowercase": False, "keep_accents": True},
    {"keep_accents": True},
    {"special_symbols": False},
]


def word_pieces(**options):
    return ak.AlbertWordPieceTokenizer(WORD_PIECES, **options)


def write(tokenizer, folder, **settings):
    """The tokenizer's files in a folder of Hugging Face."""
    model = ak.AlbertTextClassifier(
        tiny_backbone(), 2, AlbertTextClassifierPreprocessor(tokenizer)
    )
    ak.checkpoints.save(model, folder, "huggingface")
    path = folder / "tokenizer_config.json"
    content = {**json.loads(path.read_text()), **settings}
    path.write_text(json.dumps(content))
    return folder


@pytest.mark.parametrize("options", OPTIONS[:3])
@pytest.mark.parametrize("kind", ["SentencePiece", "WordPiece"])
def test_tokenizer_json_has_our_ids(kind, options, spiece, tmp_path):
    if kind == "WordPiece":
        tokenizer = word_pieces(**options)
    else:
        tokenizer = ak.AlbertTokenizer(str(spiece), **options)
    write_tokenizer_json(tokenizer, tmp_path / "tokenizer.json")
    theirs = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    for text in TEXTS:
        ids = [tokenizer.cls_token_id, *tokenizer.encode(text)]
        assert theirs.encode(text).ids == [*ids, tokenizer.sep_token_id], text
    pair = theirs.encode("a file ", "ok")
    assert pair.type_ids[-2:] == [1, 1]


def test_replaced_quotes(spiece, tmp_path):
    tokenizer = ak.AlbertTokenizer(str(spiece), replace_quotes=True)
    write_tokenizer_json(tokenizer, tmp_path / "tokenizer.json")
    theirs = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    text = "``a'' test"
    ids = theirs.encode(text, add_special_tokens=False).ids
    assert ids == tokenizer.encode(text) != tokenizer.encode("a test")


def test_word_piece_files_are_what_transformers_looks_for(tmp_path):
    tokenizer = word_pieces(lowercase=False, keep_accents=True)
    folder = write(tokenizer, tmp_path / "hf")
    assert (folder / "vocab.txt").read_text().split("\n")[:5] == SPECIAL
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    assert settings["tokenizer_class"] == "BertTokenizer"
    assert settings["do_lower_case"] is False
    assert settings["strip_accents"] is False
    assert settings["model_max_length"] == 32
    ids = json.loads((folder / "config.json").read_text())
    assert (ids["pad_token_id"], ids["bos_token_id"]) == (0, 2)


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({}, (True, False)),
        ({"do_lower_case": True}, (True, False)),
        # As in BERT, one option for both unless the other is given.
        ({"do_lower_case": False}, (False, True)),
        ({"do_lower_case": False, "strip_accents": None}, (False, True)),
        ({"do_lower_case": False, "strip_accents": True}, (False, False)),
        ({"do_lower_case": True, "strip_accents": False}, (True, True)),
    ],
)
def test_options_of_word_piece(settings, options, tmp_path):
    (tmp_path / "vocab.txt").write_text("\n".join(WORD_PIECES), "utf-8")
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    found = make_tokenizer(open_vocabulary(tmp_path))
    assert (found.lowercase, found.keep_accents) == options


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"do_lower_case": "yes"}, "true or false for do_lower_case.*'yes'"),
        ({"model_max_length": "32"}, "model_max_length as a number.*'32'"),
    ],
)
def test_damaged_settings(settings, match, tmp_path):
    (tmp_path / "vocab.txt").write_text("\n".join(WORD_PIECES), "utf-8")
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    with pytest.raises(ValueError, match=match):
        open_vocabulary(tmp_path)


ADDED = {"content": "<entity>", "special": True}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("added_tokens.json", {"<entity>": 300}),
        ("tokenizer_config.json", {"added_tokens_decoder": {"300": ADDED}}),
        ("tokenizer_config.json", {"additional_special_tokens": [ADDED]}),
        ("tokenizer_config.json", {"extra_special_tokens": {"e": "<entity>"}}),
        ("tokenizer_config.json", {"mask_token": "<entity>"}),
        ("special_tokens_map.json", {"mask_token": ADDED}),
        (
            "special_tokens_map.json",
            {"additional_special_tokens": ["<entity>"]},
        ),
        ("tokenizer.json", {"added_tokens": [{"id": 300, **ADDED}]}),
    ],
)
def test_added_tokens_are_refused_by_name(name, content, tmp_path):
    (tmp_path / "vocab.txt").write_text("\n".join(WORD_PIECES), "utf-8")
    (tmp_path / name).write_text(json.dumps(content))
    found = open_vocabulary(tmp_path)
    with pytest.raises(ValueError, match="'<entity>'") as error:
        make_tokenizer(found)
    assert "preprocessor=None" in str(error.value)
    assert "--no-tokenizer" in str(error.value)


def test_special_tokens_in_another_place_are_refused(tmp_path):
    (tmp_path / "vocab.txt").write_text("\n".join(WORD_PIECES), "utf-8")
    (tmp_path / "added_tokens.json").write_text('{"[MASK]": 500, "[CLS]": 2}')
    with pytest.raises(ValueError, match=r"Received: '\[MASK\]' \(500\)\."):
        make_tokenizer(open_vocabulary(tmp_path))


def test_a_model_with_added_tokens_takes_ids(tmp_path):
    folder = write(word_pieces(), tmp_path / "hf")
    (folder / "added_tokens.json").write_text('{"<entity>": 150}')
    with pytest.raises(ValueError, match=r"<entity>' \(150\)"):
        ak.checkpoints.load(folder)
    model = ak.checkpoints.load(folder, preprocessor=None)
    assert model.preprocessor is None
    ak.checkpoints.load(folder, ak.AlbertBackbone)


def test_a_rule_for_words_that_is_not_ours(tmp_path):
    (tmp_path / "vocab.txt").write_text("\n".join(WORD_PIECES), "utf-8")
    (tmp_path / "tokenizer_config.json").write_text(
        '{"tokenize_chinese_chars": false}'
    )
    with pytest.raises(ValueError, match="tokenize_chinese_chars=False"):
        make_tokenizer(open_vocabulary(tmp_path))


def test_own_files_add_no_tokens(spiece, tmp_path):
    """What `save` writes names the special tokens alone."""
    for number, tokenizer in enumerate(
        (word_pieces(), ak.AlbertTokenizer(str(spiece)))
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        settings = tokenizer_settings(tokenizer, 16)
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))
        write_tokenizer_json(tokenizer, folder / "tokenizer.json")
        (folder / "vocab.txt").write_text("\n".join(WORD_PIECES), "utf-8")
        if number:
            (folder / "spiece.model").write_bytes(spiece.read_bytes())
        found = open_vocabulary(folder)
        assert len(found.added) == 5
        assert found.sequence_length == 16
        assert type(make_tokenizer(found)) is type(tokenizer)


@pytest.mark.parametrize("kind", ["SentencePiece", "WordPiece"])
def test_tokenizer_json_alone(kind, spiece, tmp_path):
    """As transformers 5 writes it."""
    tokenizer = word_pieces(lowercase=False)
    if kind == "SentencePiece":
        tokenizer = ak.AlbertTokenizer(str(spiece), lowercase=False)
    settings = tokenizer_settings(tokenizer, 16)
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(settings))
    write_tokenizer_json(tokenizer, tmp_path / "tokenizer.json")
    again = make_tokenizer(open_vocabulary(tmp_path))
    assert type(again) is type(tokenizer)
    assert again.get_vocabulary() == tokenizer.get_vocabulary()
    for text in TEXTS:
        assert again.encode(text) == tokenizer.encode(text)


@pytest.mark.parametrize(
    "model",
    [
        None,
        {"type": "BPE", "vocab": {}},
        {"type": "WordPiece", "vocab": {"[PAD]": 0, "a": 2}},
        {"type": "WordPiece"},
        {"type": "Unigram", "vocab": [["a"]], "unk_id": 0},
        {"type": "Unigram", "vocab": [["a", 0.5]]},
    ],
)
def test_tokenizer_json_of_something_else(model, tmp_path):
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": model}))
    found = open_vocabulary(tmp_path)
    with pytest.raises(ValueError, match="must hold a vocabulary of Unigram"):
        make_tokenizer(found)


def test_the_tokenizer_of_a_file_or_preset(spiece, tmp_path):
    vocabulary = tmp_path / "vocab.txt"
    vocabulary.write_text("\n".join(WORD_PIECES), "utf-8")
    found = tokenizer_of_file(vocabulary, lowercase=False)
    assert type(found) is ak.AlbertWordPieceTokenizer
    assert (found.lowercase, found.keep_accents) == (False, False)
    model = ak.AlbertTextClassifier(
        tiny_backbone(), 2, AlbertTextClassifierPreprocessor(found)
    )
    model.save_to_preset(str(tmp_path / "preset"))
    again = tokenizer_of_file(tmp_path / "preset")
    assert again.get_vocabulary() == WORD_PIECES
    assert again.lowercase is False
    assert type(tokenizer_of_file(spiece)) is ak.AlbertTokenizer
    with pytest.raises(FileNotFoundError, match="which is no file"):
        tokenizer_of_file(tmp_path)
