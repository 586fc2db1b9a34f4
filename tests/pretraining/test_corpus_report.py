"""What `prepare` tells of a corpus, and the corpora of both tokenizers."""

import json

import numpy as np
import pytest

from albert_keras.cli.prepare import prepare as prepare_command
from albert_keras.pretraining.dataset import dataset
from albert_keras.pretraining.documents import read_documents
from albert_keras.pretraining.example_text import example_text, legend
from albert_keras.pretraining.examples import ExampleMaker, ExampleOptions
from albert_keras.pretraining.inspection import read_examples
from albert_keras.pretraining.manifest import Manifest
from albert_keras.pretraining.masking import word_start_table
from albert_keras.pretraining.report import describe, one_sided
from albert_keras.pretraining.runner import prepare
from albert_keras.text.wordpiece import WordPieceTokenizer

PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "al", "##bert", "##s"]
PIECES += list("我爱北京天安门。.x")
CHINESE = "我爱北京天安门。\nAlberts x.\n天安门 albert。\n\n"
SENTENCES = "A sentence of some words. Another one of words, and a third."


@pytest.fixture
def vocabulary(tmp_path):
    path = tmp_path / "vocab.txt"
    path.write_text("\n".join(PIECES) + "\n", encoding="utf-8")
    return path


def prepared(folder, text, tokenizer, *, format="auto", **options):
    (folder / "corpus.txt").write_text(text, encoding="utf-8")
    manifest = prepare(
        [folder / "corpus.txt"],
        tokenizer,
        folder / "out",
        ExampleOptions(**{"max_seq_length": 32, **options}),
        format=format,
        processes=1,
        show_progress=False,
    )
    assert Manifest.read(folder / "out") == manifest
    return manifest


def test_words_of_wordpiece_are_those_of_the_original():
    # Source: `_is_start_piece_bert`, whatever else a piece holds.
    starts = word_start_table(PIECES, "##")
    assert list(starts) == [not piece.startswith("##") for piece in PIECES]
    maker = ExampleMaker(WordPieceTokenizer(PIECES), ExampleOptions())
    assert maker.starts == starts


@pytest.mark.parametrize("masking", ["dynamic", "static"])
def test_examples_of_a_vocab_txt(masking, vocabulary, tmp_path):
    tokenizer = WordPieceTokenizer(vocabulary)
    manifest = prepared(
        tmp_path, CHINESE * 30, tokenizer, masking=masking, dupe_factor=1
    )
    assert manifest.vocabulary_size == len(PIECES)
    assert manifest.special_ids == {"[CLS]": 2, "[SEP]": 3, "[MASK]": 4}
    examples = list(read_examples(tmp_path / "out", tokenizer))
    assert len(examples) == manifest.examples
    words = set()
    for example in examples:
        originals = list(example.token_ids)
        for position, token in zip(
            example.mask_positions, example.mask_ids, strict=True
        ):
            originals[position] = token
        pieces = [PIECES[i] for i in originals]
        assert list(example.token_boundary) == [
            not piece.startswith("##") for piece in pieces
        ]
        # A word is masked as a whole, Chinese by its characters.
        masked = set(example.mask_positions)
        for place, piece in enumerate(pieces):
            if piece.startswith("##") and pieces[place - 1] == "al":
                assert (place in masked) == (place - 1 in masked)
            if place in masked:
                words.add(piece)
    assert words & set("北京天安门")
    assert "##bert" in words
    shown = example_text(
        examples[0], tokenizer, title="x", options=manifest.options
    )
    assert shown is not None
    assert "## continues a word" in legend(tokenizer).plain


def test_examples_of_a_vocab_txt_are_bound_to_it(vocabulary, tmp_path):
    tokenizer = WordPieceTokenizer(vocabulary)
    prepared(tmp_path, CHINESE * 10, tokenizer)
    # How its lines end does not make it another vocabulary.
    vocabulary.write_bytes(vocabulary.read_bytes().replace(b"\n", b"\r\n"))
    again = WordPieceTokenizer(vocabulary)
    assert next(iter(read_examples(tmp_path / "out", again)))
    other = WordPieceTokenizer([*PIECES, "y"])
    with pytest.raises(ValueError, match="tokenizer"):
        next(iter(read_examples(tmp_path / "out", other)))


def test_every_token_is_accounted_for(tmp_path, word_tokenizer):
    """Tokens are read, and are in pairs, cut off or skipped."""
    documents = [[f"{i} {i + 1}x {i + 2}"] * (1 + i % 4) for i in range(40)]
    for options in (
        {},
        {"single_segment": "skip"},
        {"max_seq_length": 8, "dupe_factor": 2},
    ):
        maker = ExampleMaker(
            word_tokenizer,
            ExampleOptions(**{"max_seq_length": 10, **options}),
        )
        encoded = maker.encode(documents)
        pairs = list(maker.pairs(encoded))
        tally = maker.tally
        copies = maker.options.dupe_factor
        read = copies * sum(len(s) for d in encoded for s in d)
        own = sum(len(p.segment_a) + len(p.segment_b) for p in pairs)
        if options.get("single_segment") == "skip":
            assert tally.lone == 0
            assert tally.skipped > 0
            assert own + tally.cut + tally.skipped == read
        else:
            assert tally.lone > 0
            assert tally.skipped == 0
            # The second side of a lone segment's pair is borrowed.
            borrowed = own + tally.cut - read
            assert 0 < borrowed <= tally.lone * 7


def test_the_manifest_tells_labels_and_losses(tmp_path, tokenizer):
    text = "\n".join(["One line here.", "\u0301", "And a second."] * 3) + "\n\n"
    manifest = prepared(tmp_path, text * 40, tokenizer)
    batches = dataset(tmp_path / "out", batch_size=16, shuffle=False)
    labels = np.concatenate([y["sop_logits"] for _, y, _ in batches])
    assert manifest.label_1 == labels.sum()
    assert manifest.empty_sentences == 3 * 40
    assert manifest.paragraph_files == 0
    told = " ".join(describe(manifest))
    assert f"label 1 in {labels.mean():.1%} of the examples" in told
    assert "Left out: 120 sentences without a token." in told
    lost = manifest.cut_tokens + manifest.skipped_tokens
    assert f"Dropped: {lost / manifest.corpus_tokens:.1%} of" in told
    assert one_sided(manifest, "auto") is None
    # Folders of earlier versions have no such numbers.
    path = tmp_path / "out" / "manifest.json"
    content = json.loads(path.read_text())
    for name in ("label_1", "corpus_tokens", "cut_tokens", "lone_pairs"):
        del content[name]
    path.write_text(json.dumps(content))
    old = Manifest.read(tmp_path / "out")
    assert describe(old) == []
    assert one_sided(old, "auto") is None


@pytest.mark.parametrize(
    ("line", "is_paragraph"),
    [
        (SENTENCES, True),
        ("我爱北京。天安门。", True),
        ("A sentence alone, of Dr. Watson.", False),
        ("no stop at all", False),
    ],
)
def test_paragraphs_are_recognized(line, is_paragraph, tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text(f"{line}\n" * 20 + f"\n{line}\n", encoding="utf-8")
    found = set()
    documents = list(read_documents([path], paragraph_files=found))
    format = "paragraphs" if is_paragraph else "sentences"
    assert documents == list(read_documents([path], format=format))
    assert found == ({str(path)} if is_paragraph else set())
    # Too few lines to tell.
    path.write_text(f"{line}\n" * 7, encoding="utf-8")
    assert list(read_documents([path])) == [[line] * 7]


def test_one_sided_pairs_are_warned_of(tmp_path, tokenizer):
    manifest = prepared(
        tmp_path, f"{SENTENCES * 9}\n\n" * 60, tokenizer, format="sentences"
    )
    assert manifest.label_1 == manifest.lone_pairs == manifest.examples
    warning = one_sided(manifest, "sentences")
    assert "Label 1 in 100.0% of the examples is too one-sided" in warning
    assert "--format paragraphs" in warning
    assert "--format" not in one_sided(manifest, "paragraphs")


def test_the_command_tells_and_a_second_call_does_nothing(
    tmp_path, vocabulary, capsys
):
    (tmp_path / "corpus.txt").write_text(CHINESE * 20, encoding="utf-8")

    def run(**options):
        prepare_command(
            [str(tmp_path / "corpus.txt")],
            tokenizer=vocabulary,
            out=str(tmp_path / "out"),
            processes=1,
            **{"max_seq_length": 32, "resume": True, **options},
        )
        return capsys.readouterr().out

    first = run()
    assert "Sentence-order label 1 in" in first
    assert "Dropped: " in first
    before = {p: p.read_bytes() for p in (tmp_path / "out").iterdir()}
    assert "is complete" in run()
    with pytest.raises(ValueError, match="max_seq_length=24; replace them"):
        run(max_seq_length=24)
    with pytest.raises(ValueError, match=r"lowercase=True.*lowercase=False"):
        run(cased=True)
    assert before == {p: p.read_bytes() for p in (tmp_path / "out").iterdir()}
