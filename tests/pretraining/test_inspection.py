"""Examples read back and shown, held against the pairs they are made of."""

import io
import subprocess
import sys

import pytest
from rich.console import Console

from albert_keras.cli.prepare import prepare as prepare_command
from albert_keras.pretraining.dataset import dataset
from albert_keras.pretraining.example_text import example_text
from albert_keras.pretraining.examples import (
    ExampleMaker,
    ExampleOptions,
    PretrainingExample,
)
from albert_keras.pretraining.inspection import masked_runs, read_examples
from albert_keras.pretraining.report import draw_report
from albert_keras.pretraining.runner import prepare


@pytest.fixture(scope="module")
def made(tmp_path_factory, write_corpus, tokenizer, library_documents):
    """Shards of both kinds of masks, and the model of their tokenizer."""
    folder = tmp_path_factory.mktemp("shards")
    corpus = write_corpus(folder / "corpus.txt", library_documents[:12])
    (folder / "spiece.model").write_bytes(tokenizer.proto)
    for masking in ("static", "dynamic"):
        options = ExampleOptions(
            masking=masking, max_seq_length=48, dupe_factor=2
        )
        prepare(
            [corpus],
            tokenizer,
            folder / masking,
            options,
            shards=2,
            processes=1,
            show_progress=False,
        )
    return folder


def test_static_examples_are_those_that_were_made(
    made, tokenizer, library_documents
):
    maker = ExampleMaker(
        tokenizer,
        ExampleOptions(masking="static", max_seq_length=48, dupe_factor=2),
    )
    expected = maker.examples(maker.encode(library_documents[:12]))
    read = read_examples(made / "static", tokenizer)
    assert sorted(read) == sorted(expected)


@pytest.mark.parametrize("epoch", [0, 1, 3])
def test_dynamic_masks_are_those_of_training(made, tokenizer, epoch):
    read = list(read_examples(made / "dynamic", tokenizer, seed=7, epoch=epoch))
    batches = dataset(
        made / "dynamic",
        batch_size=len(read),
        seed=7,
        repeat=True,
        skip=epoch,
    )
    x, y, _ = next(batches.as_numpy_iterator())
    assert sorted(
        [*example.token_ids, *[0] * (48 - len(example.token_ids))]
        for example in read
    ) == sorted(x["token_ids"].tolist())
    assert sorted(example.sop_label for example in read) == sorted(
        y["sop_logits"].tolist()
    )


def test_a_part_can_be_read(made, tokenizer):
    everything = list(read_examples(made / "dynamic", tokenizer, epoch=1))
    some = read_examples(made / "dynamic", tokenizer, epoch=1, count=5)
    assert list(some) == everything[:5]


def test_what_cannot_be_read_is_refused(made, tokenizer, word_tokenizer):
    with pytest.raises(ValueError, match="Received: epoch=-1"):
        read_examples(made / "dynamic", tokenizer, epoch=-1)
    with pytest.raises(ValueError, match="Received: count=0"):
        read_examples(made / "dynamic", tokenizer, count=0)
    word_tokenizer.vocabulary_bytes = b"another"
    with pytest.raises(ValueError, match="must be made with the tokenizer"):
        read_examples(made / "dynamic", word_tokenizer)
    with pytest.raises(FileNotFoundError, match=r"manifest\.json"):
        read_examples(made, tokenizer)


# [CLS] 7 7x 8 [SEP] 9x 6 5 [SEP]: words of 2, 1 + 1 (across [SEP]), 1 and 1.
HAND_MADE = PretrainingExample(
    token_ids=[2, 4, 4, 18, 3, 519, 33, 4, 3],
    segment_ids=bytes([0, 0, 0, 0, 0, 1, 1, 1, 1]),
    token_boundary=bytes([1, 1, 0, 1, 1, 0, 1, 1, 1]),
    mask_positions=[1, 2, 3, 5, 6, 7],
    mask_ids=[17, 517, 18, 519, 16, 15],
    sop_label=1,
)


def test_runs_of_masked_words():
    assert masked_runs(HAND_MADE) == [(1, 4, 2), (5, 8, 3)]
    lone = HAND_MADE._replace(mask_positions=[2, 7], mask_ids=[517, 15])
    assert masked_runs(lone) == [(2, 3, 1), (7, 8, 1)]
    assert masked_runs(lone._replace(mask_positions=[], mask_ids=[])) == []


def shown(example, tokenizer, colour=False, **options) -> str:
    console = Console(
        file=io.StringIO(), width=200, force_terminal=colour, highlight=False
    )
    options = ExampleOptions(**options)
    console.print(
        example_text(example, tokenizer, title="Example 1", options=options)
    )
    return console.file.getvalue()


@pytest.fixture
def spelling(word_tokenizer, monkeypatch):
    symbols = {2: "[CLS]", 3: "[SEP]", 4: "[MASK]"}
    monkeypatch.setattr(
        type(word_tokenizer),
        "id_to_piece",
        lambda self, i: symbols.get(i) or (f"▁{i}" if i < 510 else f"x{i}"),
    )
    return word_tokenizer


def test_text_without_colour_tells_everything(spelling):
    lines = shown(HAND_MADE, spelling).splitlines()
    assert [line.rstrip() for line in lines] == [
        "Example 1: 9 tokens, 6 to predict (66.7%); words masked together: "
        "2, 3",
        "Sentence order: 1, swapped, A follows B, or B is from another "
        "document",
        "A  [CLS] {▁17→[MASK] x517→[MASK] ▁18→▁18} [SEP]",
        "B  {x519→x519 ▁16→▁33 ▁15→[MASK]} [SEP]",
    ]


@pytest.mark.parametrize(
    ("label", "options", "words"),
    [
        (0, {}, "0, B follows A in the text"),
        (1, {"single_segment": "skip"}, "1, swapped, A follows B in the text"),
        (1, {"random_next": True}, "1, B is from another document"),
    ],
)
def test_the_label_in_words(spelling, label, options, words):
    example = HAND_MADE._replace(sop_label=label)
    assert f"Sentence order: {words}\n" in shown(example, spelling, **options)


def test_colours_tell_masked_kept_and_replaced(spelling):
    coloured = shown(HAND_MADE, spelling, colour=True)
    found = {
        coloured.partition(pair)[0].rpartition("\x1b[")[2]
        for pair in ("▁17→[MASK]", "▁18→▁18", "▁16→▁33", "[CLS]")
    }
    assert len(found) == 4


def test_a_text_can_begin_within_a_word(spelling):
    example = HAND_MADE._replace(
        token_ids=[2, 517, 18, 3, 519, 16, 3],
        segment_ids=bytes([0, 0, 0, 0, 1, 1, 1]),
        mask_positions=[],
        mask_ids=[],
    )
    assert shown(example, spelling).splitlines()[-1].rstrip() == (
        "B  x519 16 [SEP]"
    )


def test_a_report_needs_examples(tmp_path):
    with pytest.raises(ValueError, match="Received: no examples"):
        draw_report([], ExampleOptions(), tmp_path / "r.png", title="none")
    assert not list(tmp_path.iterdir())


def run(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "albert_keras", "prepare", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_shows_what_it_made(made, tmp_path, capfd):
    prepare_command(
        [made / "corpus.txt"],
        tokenizer=made / "spiece.model",
        out=tmp_path / "new",
        max_seq_length=48,
        processes=1,
        show=1,
    )
    assert capfd.readouterr().out.count("Sentence order: ") == 1


def test_the_command_shows_and_draws_what_was_made(made, tmp_path):
    png = tmp_path / "report.png"
    done = run(
        *("--tokenizer", made / "spiece.model", "--out", made / "dynamic"),
        *("--show", "3", "--report", png, "--epoch", "2"),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Sentence order: ") == 3
    assert "with the masks of epoch 2" in done.stdout
    assert png.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([], "Received: no CORPUS."),
        (["--show", "-1"], "--show must not be negative"),
        (["--show", "1"], "manifest.json"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(made, tmp_path, arguments, word):
    done = run(
        *("--tokenizer", made / "spiece.model", "--out", tmp_path),
        *arguments,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert word in done.stderr.splitlines()[-1]
