import io
import pickle
import subprocess
import sys

import pytest
import sentencepiece as spm
from definition import encode_pieces
from hypothesis import assume, given
from raw_texts import fuzz, raw_texts

from albert_keras.text.normalization import normalize
from albert_keras.text.segments import split_segments
from albert_keras.text.sentencepiece import SentencePieceTokenizer


@pytest.fixture(scope="module")
def released(shared_data):
    return SentencePieceTokenizer(shared_data("albert/spiece.model"))


@pytest.fixture(scope="module")
def without_prefix(tokenizer):
    """The same model, told not to begin a text as a word."""
    # ModelProto.normalizer_spec (3) { add_dummy_prefix (3): false }. A message
    # that is appended is merged into the first; SentencePiece's own protobuf
    # module refuses the protobuf that TensorFlow takes.
    override = b"\x1a\x02\x18\x00"
    return spm.SentencePieceProcessor(model_proto=tokenizer.proto + override)


def train(lines, **settings):
    model = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=model,
        bos_id=-1,
        eos_id=-1,
        pad_id=0,
        unk_id=1,
        minloglevel=3,
        **settings,
    )
    return model.getvalue()


# Values of google-research/albert and of huggingface/transformers' tests for
# the released vocabulary.


def test_released_vocabulary(released):
    assert released.vocabulary_size == 30_000
    assert released.pad_id == 0
    assert released.unk_id == 1
    assert released.cls_id == 2
    assert released.sep_id == 3
    assert released.mask_id == 4
    assert released.id_to_piece(14) == "▁the"
    assert released.piece_to_id(",") == 15


def test_released_vocabulary_on_text(released):
    assert released.encode("This is a test") == [48, 25, 21, 1289]
    fox = "The quick brown fox jumps over the lazy dog."
    ids = [14, 2231, 886, 2385, 17659, 84, 14, 16792, 1952, 9]
    assert released.encode(fox) == ids
    assert released.encode(f"[CLS]{fox}[SEP]") == [2, *ids, 3]


def test_released_vocabulary_with_accents(released):
    accents = SentencePieceTokenizer(released.proto, keep_accents=True)
    text = "I was born in 92000, and this is falsé."
    ids = [31, 23, 386, 19, 561, 3050, 15, 17, 48, 25, 8256, 18, 1, 9]
    assert accents.encode(text) == ids
    assert accents.pieces(text)[-3:] == ["s", "é", "."]
    assert released.pieces(text)[-2:] == ["▁false", "."]


def test_released_vocabulary_with_masks(released):
    ids = [10975, 31, 22, 79, 21, 4, 1061, 9]
    assert released.encode("Hello I'm a [MASK] model.") == ids
    assert released.pieces("[MASK].") == ["[MASK]", "."]
    assert released.pieces("[MASK] .") == ["[MASK]", "▁", "."]


def test_released_vocabulary_with_numbers(released):
    assert released.pieces("2010, 1,000,") == ["▁2010", ",", "▁1,000", ","]
    # In the vocabulary, but ending in a digit and a comma.
    assert released.piece_to_id("▁2010,") != released.unk_id


@fuzz
@given(raw_texts())
def test_equals_the_definition(tokenizer, text):
    assume(len(split_segments(text)) == 1)
    pieces = encode_pieces(tokenizer.processor, normalize(text))
    assert tokenizer.pieces(text) == pieces
    assert tokenizer.encode(text) == [tokenizer.piece_to_id(p) for p in pieces]


def test_equals_the_definition_on_numbers(tokenizer):
    text = "of 10, x0, and 1,10, or x210, at 3,4,5,"
    # The vocabulary has what the rule is for, and this text makes use of it.
    plain = tokenizer.processor.encode(text, out_type=str)
    assert {"0,", "10,"} <= set(plain)
    assert tokenizer.pieces(text) == encode_pieces(tokenizer.processor, text)
    assert not {"0,", "10,"} & set(tokenizer.pieces(text))


@fuzz
@given(raw_texts())
def test_text_behind_a_mask_continues(tokenizer, without_prefix, text):
    assume(len(split_segments(text)) == 1 and not text[:1].isspace())
    text_normalized = normalize(text)
    # SentencePiece makes a space of some characters that Python does not.
    begins = tokenizer.processor.normalize("x" + text_normalized)[2:3]
    assume(begins != "▁")
    expected = encode_pieces(
        without_prefix, text_normalized, again=tokenizer.processor
    )
    assert tokenizer.pieces(f"a[MASK]{text}")[2:] == expected


def test_text_behind_a_mask_on_real_text(
    tokenizer, without_prefix, library_lines
):
    ties = 0
    for line in library_lines[::20]:
        line = line.strip()
        expected = without_prefix.encode(normalize(line))
        if not tokenizer.digit_comma_ids.keys() & set(expected):
            mask, *found = tokenizer.encode(f"[MASK]{line}")
            assert mask == tokenizer.mask_id
            # Rounding decides between the same pieces in another order.
            assert sorted(found) == sorted(expected)
            ties += found != expected
    assert ties <= 5


def test_symbols_take_the_space_before_them(tokenizer):
    pieces = tokenizer.pieces("[CLS] the  [MASK] the[SEP]the [MASK]\n")
    assert pieces == [
        *("[CLS]", "▁the", "[MASK]", "▁the", "[SEP]", "▁the", "[MASK]")
    ]


def test_the_boundary_ends_every_piece_it_is_in(released):
    """`!` is a piece of the released vocabulary, and so is `!'`."""
    assert {"!", "!'"} <= set(released.vocabulary)
    boundary = released.boundary
    assert boundary in released.vocabulary
    assert not [p for p in released.vocabulary if boundary in p[:-1]]


def test_without_a_boundary_in_the_vocabulary():
    proto = train(
        ["some words for a few pieces", "and some more words here"] * 20,
        vocab_size=40,
        hard_vocab_limit=False,
        control_symbols=["[CLS]", "[SEP]", "[MASK]"],
    )
    tokenizer = SentencePieceTokenizer(proto)
    assert tokenizer.boundary not in "".join(tokenizer.vocabulary)
    pieces = tokenizer.pieces("[MASK]words here")
    assert "".join(pieces) == "[MASK]words▁here"


@fuzz
@given(raw_texts())
def test_parts_agree(tokenizer, text):
    ids = tokenizer.encode(text)
    assert [tokenizer.piece_to_id(p) for p in tokenizer.pieces(text)] == ids
    offsets = tokenizer.offsets(text)
    assert len(offsets) == len(ids)
    for start, end in offsets:
        assert 0 <= start <= end <= len(text)
    assert offsets == sorted(offsets)


def test_batches(tokenizer, library_lines):
    texts = [*library_lines[::50], "", "a [MASK].", "[SEP]"]
    expected = [tokenizer.encode(text) for text in texts]
    assert tokenizer.encode_batch(texts) == expected
    assert tokenizer.encode_batch(iter(texts), num_threads=2) == expected
    assert tokenizer.encode_batch([]) == []


def test_offsets(tokenizer):
    text = "  The [MASK]  CAFE\u0301 (½) of 10, [SEP]"
    tokens = zip(tokenizer.pieces(text), tokenizer.offsets(text), strict=True)
    shown = [(piece, text[start:end]) for piece, (start, end) in tokens]
    assert shown[:2] == [("▁the", "The"), ("[MASK]", "[MASK]")]
    assert "".join(part for _, part in shown[2:-1]).startswith("CAFE\u0301(½½½")
    assert shown[-3:] == [("10", "10"), (",", ","), ("[SEP]", "[SEP]")]
    assert ("▁", "") in shown


def test_offsets_on_real_text(tokenizer, library_lines):
    for text in library_lines[::20]:
        pieces, offsets = tokenizer.pieces(text), tokenizer.offsets(text)
        for piece, (start, end) in zip(pieces, offsets, strict=True):
            assert text[start:end].lower() == piece.removeprefix("▁")


def test_decode(tokenizer):
    def there_and_back(text):
        return tokenizer.decode(tokenizer.encode(text))

    assert there_and_back("The  Value (of) it.") == "the value (of) it."
    assert there_and_back("[CLS] The[MASK].[SEP]") == "[CLS] the [MASK]. [SEP]"
    assert there_and_back("") == ""
    padded = [*tokenizer.encode("the value"), tokenizer.pad_id]
    assert tokenizer.decode(padded) == "the value"
    ids = [tokenizer.mask_id, tokenizer.pad_id, *tokenizer.encode("the value")]
    assert tokenizer.decode(ids) == "[MASK] the value"


@fuzz
@given(raw_texts())
def test_decode_and_encode_again(tokenizer, raw):
    known = (c for c in raw if tokenizer.unk_id not in tokenizer.encode(c))
    text = "".join(known)
    ids = tokenizer.encode(text)
    assume(tokenizer.unk_id not in ids)
    # What is left of U+200B between two masks is a space.
    assume(tokenizer.piece_to_id("▁") not in ids)
    assert tokenizer.encode(tokenizer.decode(ids)) == ids


def test_ids_outside_the_vocabulary(tokenizer):
    for i in (-1, 1500):
        with pytest.raises(ValueError, match=f"Received: {i}, .* 0 to 1499"):
            tokenizer.id_to_piece(i)
        with pytest.raises(ValueError, match=f"Received: {i}, .* 0 to 1499"):
            tokenizer.decode([i])


def test_cased(tokenizer):
    cased = SentencePieceTokenizer(tokenizer.proto, lowercase=False)
    assert cased.encode("the value") == tokenizer.encode("The VALUE")
    assert cased.unk_id in cased.encode("THE")


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.model"):
        SentencePieceTokenizer(tmp_path / "nowhere.model")
    with pytest.raises(FileNotFoundError, match="no file"):
        SentencePieceTokenizer(tmp_path)


def test_wrong_files(tmp_path, tokenizer):
    broken = tmp_path / "broken.model"
    for content in (b"text", tokenizer.proto[:-999], b"\0" * 99):
        broken.write_bytes(content)
        with pytest.raises(ValueError, match=r"broken\.model.*cannot read"):
            SentencePieceTokenizer(broken)
    broken.write_bytes(b"")
    with pytest.raises(ValueError, match=r"broken\.model.*is empty"):
        SentencePieceTokenizer(broken)
    with pytest.raises(TypeError, match="Received: 3"):
        SentencePieceTokenizer(3)


def test_model_of_something_else():
    proto = train(["hello world"] * 9, vocab_size=10)
    with pytest.raises(ValueError, match=r"without \[CLS\], \[SEP\], \[MASK\]"):
        SentencePieceTokenizer(proto)


def test_model_with_pieces_for_bytes():
    proto = train(
        ["hello world"] * 9,
        vocab_size=300,
        hard_vocab_limit=False,
        byte_fallback=True,
        control_symbols=["[CLS]", "[SEP]", "[MASK]"],
    )
    with pytest.raises(ValueError, match="pieces for single bytes"):
        SentencePieceTokenizer(proto)


def test_can_be_sent_to_a_worker(tokenizer):
    copy = pickle.loads(pickle.dumps(tokenizer))
    assert copy.encode("a [MASK]. 10,") == tokenizer.encode("a [MASK]. 10,")


def test_needs_neither_tensorflow_nor_keras():
    program = (
        "import sys\n"
        "import albert_keras.text.sentencepiece\n"
        "import albert_keras.text.vocabulary\n"
        "assert not {'tensorflow', 'keras'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_special_symbols_can_be_text(tokenizer):
    untrusted = SentencePieceTokenizer(tokenizer.proto, special_symbols=False)
    for text in ("a [MASK].", "[CLS]x[SEP]", "[MASK]"):
        ids = untrusted.encode(text)
        assert ids == tokenizer.processor.encode(text.lower())
        assert not {2, 3, 4} & set(ids)
        assert {2, 3, 4} & set(tokenizer.encode(text))
        assert len(untrusted.offsets(text)) == len(ids)


def test_quotes_as_hugging_face_has_them(tokenizer):
    replacing = SentencePieceTokenizer(tokenizer.proto, replace_quotes=True)
    text = "the ``value'' of"
    assert replacing.encode(text) == tokenizer.encode('the "value" of')
    assert tokenizer.encode(text) != tokenizer.encode('the "value" of')
    spans = [text[start:end] for start, end in replacing.offsets(text)]
    assert "``" in spans
    assert "''" in spans
