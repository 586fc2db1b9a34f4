"""What commands say to input that does not do, and that they touch nothing.

Every case runs in one folder, which must be afterwards as it was before.
"""

import contextlib
import ctypes
import gzip
import io
import json
import os
import re
import shlex
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import h5py
import pytest
import sentencepiece

VOCAB = "vocab --size 200 --out new"
PREPARE = "prepare --max-seq-length 32 --processes 1 --out new"
TOKENIZER = "--tokenizer vocabulary/spiece.model"
PRETRAIN = f"pretrain {TOKENIZER} --steps 2 --batch-size 2 --out new"
QUICKSTART = "quickstart --steps 2 --out new"


def cut(file: Path, share: float) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * share)])


# How each preset is broken that is found in the folder under this name.
BROKEN_PRESETS = {
    "no-config": lambda p: (p / "config.json").unlink(),
    "list-config": lambda p: (p / "config.json").write_text("[]"),
    "cut-config": lambda p: cut(p / "config.json", 0.5),
    "other-config": lambda p: (p / "config.json").write_text("{}"),
    "no-weights": lambda p: (p / "model.weights.h5").unlink(),
    "empty-weights": lambda p: (p / "model.weights.h5").write_bytes(b""),
    "cut-weights": lambda p: cut(p / "model.weights.h5", 0.6),
    "other-weights": lambda p: h5py.File(p / "model.weights.h5", "w").close(),
    "no-head": lambda p: (p / "task.weights.h5").unlink(),
    "cut-head": lambda p: cut(p / "task.weights.h5", 0.6),
    "cut-task": lambda p: cut(p / "task.json", 0.5),
    "unknown-task": lambda p: (p / "task.json").write_text("{}"),
    "no-vocabulary": lambda p: shutil.rmtree(p / "assets"),
    "cut-vocabulary": lambda p: cut(
        p / "assets" / "tokenizer" / "vocabulary.spm", 0.6
    ),
}
# What a config says differently that is found under this name.
WRONG_CONFIGS = {
    "text-size": {"hidden_size": "16"},
    "fraction-size": {"hidden_size": 16.5},
    "no-size": {"hidden_size": None},
    "negative-size": {"hidden_size": -16},
    "odd-heads": {"num_attention_heads": 3},
    "unknown-activation": {"hidden_act": "swishy"},
    "number-activation": {"hidden_act": 3},
    "text-dropout": {"hidden_dropout_prob": "0.1"},
    "nan-range": {"initializer_range": float("nan")},
    "small-vocabulary": {"vocab_size": 20},
    "short": {"max_position_embeddings": 8},
    "one-segment": {"type_vocab_size": 1},
}


@pytest.fixture(scope="module")
def world(made: Path) -> Iterator[Path]:
    # Not in pytest's own folders, which let no other user in.
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), made)
        yield Path(folder)


def fill(folder: Path, made: Path) -> None:
    """Puts what is good beside what is not."""
    shutil.copytree(made, folder, dirs_exist_ok=True)
    os.chmod(folder, 0o755)
    for name, content in {
        "empty.txt": b"",
        "blank.txt": b"\n \n\t\n",
        "binary.txt": bytes(range(256)),
        "latin1.txt": b"A line.\nEin f\xfcnf.\n",
        "utf16.txt": "A line.\n".encode("utf-16"),
        "cut.txt.gz": gzip.compress(b"A line.\n" * 9)[:-4],
        "bad.jsonl": b'{"text": "A line."}\n{"text": \n',
        "one-line.txt": b"A line.\n",
        "vocab.txt": b"[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n",
        "marks.txt": "\u0301\n\u200b\n".encode(),
        "alone.txt": b"A sentence alone.\n\n" * 300,
        "empty.model": b"",
        "text.model": b"A line.\n",
        "plain.model": plain_vocabulary(),
        "empty.json": b"",
        "binary.json": bytes(range(256)),
        "deep.json": b"[" * 100_000,
        "file": b"mine",
        "model.bin": b"mine",
        "full/thesis.txt": b"mine",
        "versions/1/thesis.txt": b"mine",
        "begun/run.json": b"{}",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "hollow").mkdir()
    shutil.copy(folder / "vocabulary" / "spiece.model", folder / "cut.model")
    cut(folder / "cut.model", 0.6)
    tiny = json.loads((folder / "tiny.json").read_text())
    for name, change in WRONG_CONFIGS.items():
        (folder / f"{name}.json").write_text(json.dumps({**tiny, **change}))
    (folder / "sizeless.json").write_text('{"vocab_size": 200}')
    for name, damage in BROKEN_PRESETS.items():
        shutil.copytree(folder / "run" / "preset", folder / name)
        damage(folder / name)
    shutil.copytree(folder / "run" / "preset", folder / "backbone")
    (folder / "backbone" / "task.json").unlink()
    for name in ("cut-shard", "no-shard", "damaged-shard", "cut-manifest"):
        shutil.copytree(folder / "shards", folder / name)
    shard = "examples-00000-of-00001.tfrecord"
    cut(folder / "cut-shard" / shard, 0.6)
    (folder / "no-shard" / shard).unlink()
    cut(folder / "cut-manifest" / "manifest.json", 0.6)
    content = bytearray((folder / "damaged-shard" / shard).read_bytes())
    content[100] ^= 0xFF
    (folder / "damaged-shard" / shard).write_bytes(content)


def plain_vocabulary() -> bytes:
    """A SentencePiece model that knows nothing of ALBERT."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(str.__doc__.splitlines() * 9),
        model_writer=model,
        vocab_size=60,
        minloglevel=3,
    )
    return model.getvalue()


def state(folder: Path) -> dict[Path, tuple[int, int]]:
    entries = {path: path.lstat() for path in sorted(folder.rglob("*"))}
    return {
        path: (s.st_size, s.st_mtime_ns)
        for path, s in entries.items()
        if not stat.S_ISDIR(s.st_mode)
    } | {path: (0, 0) for path, s in entries.items() if stat.S_ISDIR(s.st_mode)}


@pytest.fixture
def refuse(call, world, monkeypatch):
    """Runs a command that must end with a sentence and change nothing.

    In the sentence that is expected, `...` stands for anything.
    """

    def refuse(words: str, sentence: str, stdin: bytes = b"") -> None:
        monkeypatch.chdir(world)
        before = state(world)
        ended = call(*shlex.split(words), stdin=stdin)
        assert "Traceback" not in ended.stderr
        last = ended.stderr.splitlines()[-1]
        pattern = ".*".join(map(re.escape, sentence.split("...")))
        assert re.fullmatch(f"Error: {pattern}", last), last
        assert ended.code == 2
        assert ended.stdout == ""
        assert state(world) == before

    return refuse


IS_EMPTY = (
    "A corpus file must hold text, one sentence a line. "
    "Received: {}, which is empty."
)
IS_BINARY = (
    "A corpus must be text in UTF-8. Received: {}, with a NUL byte in line 1, "
    "as binary files and UTF-16 have."
)
CORPORA = {
    "absent.txt": "A corpus must consist of text files. "
    "Received: absent.txt, which does not exist.",
    "hollow": "A corpus must consist of text files. "
    "Received: hollow, a folder in which there is none.",
    "empty.txt": IS_EMPTY.format("empty.txt"),
    "blank.txt": IS_EMPTY.format("blank.txt"),
    "binary.txt": IS_BINARY.format("binary.txt"),
    "utf16.txt": IS_BINARY.format("utf16.txt"),
    "latin1.txt": "A corpus must be encoded in UTF-8. "
    "Received: latin1.txt, with the byte 0xfc in line 2.",
    "cut.txt.gz": "A compressed file of a corpus must be whole. Received: "
    "cut.txt.gz, which is damaged or cut off after line 9 (...).",
    "bad.jsonl": "A line of JSON must be an object with a string in its field "
    "'text'. Received: bad.jsonl, with what is no JSON in line 2.",
    "hollow/*": "A corpus must consist of text files. "
    "Received: hollow/*, which matches none.",
    "-": IS_EMPTY.format("standard input"),
}


@pytest.mark.parametrize("corpus", CORPORA)
@pytest.mark.parametrize(
    "command",
    [
        f"{VOCAB} {{}}",
        f"{PREPARE} {TOKENIZER} {{}}",
        f"{QUICKSTART} --corpus {{}}",
    ],
    ids=lambda command: command.split()[0],
)
def test_corpus(refuse, command, corpus):
    refuse(command.format(corpus), CORPORA[corpus])


TOO_SHORT = (
    "A corpus needs at least two sentences, each on a line of its own, to make "
    "sentence order pairs. Received: {} sentences in {} documents."
)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            f"{VOCAB} one-line.txt",
            "`vocab_size` must not exceed what the corpus gives, which is ... "
            "pieces. Received: vocab_size=200 for 2 words.",
        ),
        (
            f"{VOCAB} marks.txt",
            "The corpus must hold text to train a vocabulary. Received: "
            "0 texts and 1 files without a word.",
        ),
        (f"{PREPARE} {TOKENIZER} one-line.txt", TOO_SHORT.format(1, 1)),
        (f"{PREPARE} {TOKENIZER} marks.txt", TOO_SHORT.format(0, 0)),
        (
            f"{QUICKSTART} --corpus one-line.txt",
            "The corpus must have at least 200 sentences (lines), to train on "
            "some and hold some out. Received: 1 sentences.",
        ),
        (
            f"{QUICKSTART} --corpus alone.txt",
            "The corpus must have documents of two sentences (lines) and more, "
            "to learn their order. Received: a blank line after each sentence.",
        ),
        (f"{VOCAB} corpus.txt absent.txt", CORPORA["absent.txt"]),
        (f"{VOCAB} corpus.txt --held-out absent.txt", CORPORA["absent.txt"]),
        (f"{VOCAB} corpus.txt --held-out latin1.txt", CORPORA["latin1.txt"]),
        (
            f"{PREPARE} {TOKENIZER} corpus.txt latin1.txt",
            CORPORA["latin1.txt"],
        ),
        (
            f"{PREPARE} {TOKENIZER} - corpus.txt -",
            "Standard input (`-`) must be named once in a corpus. "
            "Received: it twice.",
        ),
    ],
)
def test_too_little_text(refuse, words, sentence):
    refuse(words, sentence)


UNREADABLE = (
    "A tokenizer must be given a SentencePiece model. "
    "Received: {}, which SentencePiece cannot read."
)
VOCABULARIES = {
    "absent.model": "A tokenizer must be given a SentencePiece model. "
    "Received: absent.model, which is no file.",
    "full": "A tokenizer must be given a SentencePiece model. "
    "Received: full, which is no file.",
    "empty.model": "A tokenizer must be given a SentencePiece model. "
    "Received: empty.model, which is empty.",
    "text.model": UNREADABLE.format("text.model"),
    "cut.model": UNREADABLE.format("cut.model"),
    "vocabulary/spiece.vocab": UNREADABLE.format("vocabulary/spiece.vocab"),
    "plain.model": "An ALBERT vocabulary must hold the pieces <pad>, [CLS], "
    "[SEP] and [MASK]. Received: plain.model, without <pad>, [CLS], [SEP], "
    "[MASK].",
}


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
@pytest.mark.parametrize(
    "command",
    [
        f"{PREPARE} corpus.txt",
        PRETRAIN.replace(TOKENIZER, "--config tiny.json --data shards"),
    ],
    ids=lambda command: command.split()[0],
)
def test_vocabulary(refuse, command, vocabulary):
    refuse(f"{command} --tokenizer {vocabulary}", VOCABULARIES[vocabulary])


IS_NO_INTEGER = (
    "In `{}.json`: `hidden_size` must be an integer. Received: hidden_size={}."
)


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ("absent.json", "No such file or directory: 'absent.json'."),
        ("albert", "`name` must be one of ... Received: name='albert'."),
        (
            "empty.json",
            "`empty.json` must be a JSON file in UTF-8. Received: ...",
        ),
        (
            "binary.json",
            "`binary.json` must be a JSON file in UTF-8. Received: ...",
        ),
        (
            "deep.json",
            "`deep.json` must be a JSON file in UTF-8. Received: ...",
        ),
        (
            "sizeless.json",
            "`sizeless.json` must name every size of the model. "
            "Missing: hidden_size, ...",
        ),
        ("text-size.json", IS_NO_INTEGER.format("text-size", "'16' (str)")),
        (
            "fraction-size.json",
            IS_NO_INTEGER.format("fraction-size", "16.5 (float)"),
        ),
        ("no-size.json", IS_NO_INTEGER.format("no-size", "None (NoneType)")),
        (
            "negative-size.json",
            "In `negative-size.json`: `hidden_size` must be positive. "
            "Received: hidden_size=-16.",
        ),
        (
            "odd-heads.json",
            "In `odd-heads.json`: `num_attention_heads` must divide "
            "`hidden_size`. Received: hidden_size=16, num_attention_heads=3.",
        ),
        (
            "unknown-activation.json",
            "In `unknown-activation.json`: `hidden_act` must be one of ... "
            "Received: hidden_act='swishy'.",
        ),
        (
            "number-activation.json",
            "In `number-activation.json`: `hidden_act` must be one of ... "
            "Received: hidden_act=3.",
        ),
        (
            "text-dropout.json",
            "In `text-dropout.json`: `hidden_dropout_prob` must be a number. "
            "Received: hidden_dropout_prob='0.1' (str).",
        ),
        (
            "nan-range.json",
            "In `nan-range.json`: `initializer_range` must be positive. "
            "Received: initializer_range=nan.",
        ),
        (
            "small-vocabulary.json",
            "`vocab_size` must not be smaller than the tokenizer's vocabulary. "
            "Received: vocab_size=20 and a vocabulary of 200.",
        ),
        (
            "short.json",
            "`max_position_embeddings` must not be smaller than the sequences "
            "are long. Received: max_position_embeddings=8 and sequences of 32 "
            "tokens; prepare the examples with --max-seq-length 8, or lengthen "
            "the model with `ak.models.lengthen_positions`.",
        ),
        (
            "one-segment.json",
            "`type_vocab_size` must be 2 at least, for the two segments of an "
            "example. Received: type_vocab_size=1.",
        ),
    ],
)
def test_config(refuse, config, sentence):
    refuse(f"{PRETRAIN} --data shards --config {config}", sentence)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            f"{TOKENIZER} --config tiny.json --preset run",
            "Either --preset, or --config and --tokenizer must be given. "
            "Received: --config and --preset and --tokenizer.",
        ),
        (
            "--config tiny.json",
            "Either --preset, or --config and --tokenizer must be given. "
            "Received: --config.",
        ),
        (
            "--preset absent",
            "A checkpoint must be a folder, ... Received: 'absent', where "
            "there is nothing. Models in '.': ...",
        ),
        (
            "--preset backbone --tokenizer vocab.txt",
            "`tokenizer` must be the model's own. Received: another vocabulary "
            "than that of 'backbone'; leave out --tokenizer, and prepare the "
            "examples with the model's.",
        ),
        (
            "--preset run --cased",
            "--cased and --keep-accents need --tokenizer; without it, the text "
            "is normalized as the tokenizer of --preset says. Received: "
            "--cased.",
        ),
        (
            "--preset run --sop-loss-weight -1",
            "`sop_loss_weight` must be a number of at least 0. Received: "
            "sop_loss_weight=-1.0.",
        ),
    ],
)
def test_what_a_run_starts_from(refuse, words, sentence):
    refuse(
        f"pretrain --data shards --steps 2 --batch-size 2 --out new {words}",
        sentence,
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--max-length 8", "`max_sequence_length` must be more than the ..."),
        ("--add-tokens empty.txt", "`tokens` must name a token. ..."),
        ("--add-tokens binary.txt", "A corpus must be text in UTF-8. ..."),
        (
            "--add-tokens one-line.txt",
            "A token must be text without white space. Received: 'A line.'.",
        ),
        ("--add-tokens absent", "...absent..."),
    ],
)
def test_growing(refuse, words, sentence):
    refuse(f"convert run new --to keras {words}", sentence)


NO_MANIFEST = (
    "A folder of pretraining examples must have a manifest.json. "
    "Received: '{}', which has none."
)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("absent", NO_MANIFEST.format("absent")),
        ("full", NO_MANIFEST.format("full")),
        ("file", NO_MANIFEST.format("file")),
        (
            "cut-manifest",
            "'cut-manifest/manifest.json' must be a manifest of pretraining "
            "examples, format ... Received: something else.",
        ),
        (
            "no-shard",
            "The shard 'no-shard/...' must exist, says its manifest. "
            "Received: no such file.",
        ),
        (
            "cut-shard",
            "The shard 'cut-shard/...' must have ... bytes, says its manifest. "
            "Received: ... bytes.",
        ),
    ],
)
def test_examples(refuse, data, sentence):
    refuse(f"{PRETRAIN} --config tiny.json --data {data}", sentence)


IS_NO_PRESET = (
    "A preset must be a folder written by `save_to_preset`, or a handle such "
    "as hf://user/model. Received: '{}'. Models in '.': backbone, ..."
)
NOT_LOADED = "Preset `{}` cannot be loaded as AlbertPretrainer: "
PRESETS = {
    "absent": IS_NO_PRESET.format("absent"),
    "file": IS_NO_PRESET.format("file"),
    "full": "Preset `full` must hold a config.json. Received: thesis.txt.",
    "begun": "The run 'begun' must have a preset or a checkpoint to be used as "
    "a model. Received: a run without either; resume it with --resume.",
    "begun/step_00000001.npz": "A checkpoint must be a file. Received: "
    "'begun/step_00000001.npz', which was not found. Models in 'begun': none.",
    "no-config": "Preset `no-config` must hold a config.json. Received: ...",
    "list-config": "`list-config/config.json` must hold one JSON object. "
    "Received: list.",
    "cut-config": "`cut-config/config.json` must be a JSON file in UTF-8. "
    "Received: ...",
    "other-config": NOT_LOADED.format("other-config")
    + "Unrecognized format for config.json ...",
    "no-weights": "Preset `no-weights` must hold its weights, "
    "model.weights.h5. Received: ...",
    "empty-weights": "`empty-weights/model.weights.h5` must be an HDF5 file of "
    "weights. Received one that cannot be opened: ...",
    "cut-weights": "`cut-weights/model.weights.h5` must be an HDF5 file of "
    "weights. Received one that cannot be opened: ...",
    "other-weights": NOT_LOADED.format("other-weights")
    + "its weights must be those that its configuration calls for. "
    "Missing: layers/albert_embedding/token_embedding...",
    "no-head": "Preset `no-head` must hold its weights, task.weights.h5. "
    "Received: ...",
    "cut-head": "`cut-head/task.weights.h5` must be an HDF5 file of weights. "
    "Received one that cannot be opened: ...",
    "cut-task": "`cut-task/task.json` must be a JSON file in UTF-8. "
    "Received: ...",
    "unknown-task": "The task of preset `unknown-task` must be a class "
    "registered with Keras. Received: None.",
    "no-vocabulary": "`assets/tokenizer/vocabulary.spm` doesn't exist in "
    "preset directory `no-vocabulary`.",
    "cut-vocabulary": NOT_LOADED.format("cut-vocabulary")
    + UNREADABLE.format("cut-vocabulary/assets/tokenizer/vocabulary.spm"),
}


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(
    "command",
    [
        "fill-mask {} 'A [MASK].'",
        "bias {} --out new",
        "export savedmodel {} new",
        "export tflite {} new.tflite",
    ],
    ids=lambda command: command.partition(" {}")[0],
)
@pytest.mark.filterwarnings("ignore:Skipping")  # of Keras, before it gives up
def test_preset(refuse, command, preset):
    sentence = PRESETS[preset]
    is_absent = preset in ("absent", "begun/step_00000001.npz")
    if command.startswith("fill-mask") and is_absent:
        # It may be a model of any form.
        sentence = (
            "A model must be a preset, a SavedModel or a .tflite file, ... "
            f"Received: '{preset}', where there is nothing. Models in ..."
        )
    refuse(command.format(preset), sentence)


def test_a_backbone_guesses_nothing(refuse):
    refuse(
        "fill-mask backbone 'A [MASK].'",
        "Preset `backbone` must hold a masked-LM head, unless "
        "init_missing_heads=True asks for a random one. Received: a backbone.",
    )


@pytest.mark.parametrize(
    ("words", "stdin", "sentence"),
    [
        (
            "'No mask.'",
            b"",
            "A text must hold at least one [MASK]. Received: 'No mask.'.",
        ),
        (
            "",
            b"A [MASK].\n\n",
            "A text must hold at least one [MASK]. Received: '' "
            "(standard input:2).",
        ),
        (
            "",
            b"A [MASK].\nEin f\xfcnf [MASK].\n",
            "A corpus must be encoded in UTF-8. Received: standard input, with "
            "the byte 0xfc in line 2.",
        ),
        (
            "'A [MASK].' --target albertkeras",
            b"",
            "Each of `targets` must be one piece of the vocabulary. "
            "Received: 'albertkeras', which is [...].",
        ),
    ],
)
def test_texts(refuse, words, stdin, sentence):
    refuse(f"fill-mask run/preset {words}", sentence, stdin)


WRITERS = {
    "vocab": "vocab corpus.txt --size 200 --out {}",
    "prepare": f"prepare corpus.txt {TOKENIZER} --max-seq-length 32 "
    "--dupe-factor 1 --processes 1 --out {}",
    "pretrain": f"pretrain {TOKENIZER} --config tiny.json --data shards "
    "--steps 2 --batch-size 2 --out {}",
    "export savedmodel": "export savedmodel run/preset {}",
    "export tflite": "export tflite run/preset {}",
    "quickstart": "quickstart --corpus corpus.txt --steps 2 --out {}",
    "bias": "bias run/preset --out {}",
    "inspect": "inspect run/preset text --out {}",
}
TO_OVERWRITE = "unless it is to be overwritten (`overwrite=True`, --overwrite)."


@pytest.mark.parametrize(
    ("command", "out", "sentence"),
    [
        (
            "vocab",
            "vocabulary",
            f"`out_dir` must not hold a vocabulary, {TO_OVERWRITE} "
            "Received: vocabulary, with spiece.vocab, ...",
        ),
        ("vocab", "file", "`out_dir` must be a folder. Received: file, ..."),
        (
            "prepare",
            "shards",
            f"The output folder must not exist, {TO_OVERWRITE} "
            "Received: 'shards', which holds pretraining examples.",
        ),
        (
            "prepare",
            "full --overwrite",
            "The output must be a new or empty folder, or one of pretraining "
            "examples. Received: 'full', which holds something else.",
        ),
        (
            "prepare",
            "file --overwrite",
            "The output must be a folder of pretraining examples. "
            "Received: 'file', which is a file.",
        ),
        (
            "pretrain",
            "run",
            "'run' holds a run already. Resume it (`resume=True`, --resume), "
            "overwrite it (`overwrite=True`, --overwrite) or choose another "
            "folder.",
        ),
        (
            "pretrain",
            "run --resume --seed 7",
            "A run is resumed as it began. Received: seed=7, expected: "
            "seed=12345.",
        ),
        (
            "pretrain",
            "begun --resume",
            "'begun/run.json' must be the JSON file that the run began with. "
            "Received: one without the keys inputs and plan.",
        ),
        (
            "pretrain",
            "full --overwrite",
            "The run folder must be new, empty, or hold a run. "
            "Received: 'full', which holds other files.",
        ),
        (
            "pretrain",
            "file --overwrite",
            "The run folder must be a folder. Received: 'file', which is a "
            "file.",
        ),
        (
            "export savedmodel",
            "served",
            f"`served/1` must not exist already, {TO_OVERWRITE} "
            "Received: a folder.",
        ),
        (
            "export savedmodel",
            "versions --overwrite",
            "`versions/1` must be new, or a SavedModel to overwrite. "
            "Received: something else.",
        ),
        (
            "export tflite",
            "model.tflite",
            f"`model.tflite` must not exist already, {TO_OVERWRITE} "
            "Received: a file.",
        ),
        (
            "export tflite",
            "model.bin --overwrite",
            "`path` must end in .tflite. Received: path=model.bin.",
        ),
        (
            "bias",
            "shards",
            f"`shards` must not exist already, {TO_OVERWRITE} "
            "Received: a folder.",
        ),
        (
            "bias",
            "full --overwrite",
            "`full` must be new, or a report to overwrite. Received: a folder "
            "with thesis.txt.",
        ),
        (
            "inspect",
            "versions --overwrite",
            "`versions` must be new, or a report to overwrite. Received: a "
            "folder with 1.",
        ),
        (
            "inspect",
            "file --overwrite",
            "`file` must be new, or a report to overwrite. Received: a file.",
        ),
        (
            "quickstart",
            "full --overwrite",
            "`out` must be new, empty or hold a quickstart. "
            "Received: 'full', which holds other files.",
        ),
        (
            "quickstart",
            "file --overwrite",
            "`file` must be a folder to write `file`. Received: a file.",
        ),
    ],
)
def test_output_that_is_there(refuse, command, out, sentence):
    refuse(WRITERS[command].format(out), sentence)


@pytest.mark.parametrize("command", WRITERS)
def test_output_below_a_file(refuse, command):
    out = "file/deep/new.tflite"
    written = f"{out}/1" if command == "export savedmodel" else out
    refuse(
        WRITERS[command].format(out),
        f"`file` must be a folder to write `{written}`. Received: a file.",
    )


@contextlib.contextmanager
def bound_by_permissions() -> Iterator[None]:
    """Holds root to the permission bits of files, as everybody else is.

    Another user would not do: it may not read where this Python lies.
    """
    may_override = 1 << 1  # CAP_DAC_OVERRIDE of capabilities(7)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.capget(header, sets) == 0
    effective = sets[0]
    sets[0] = effective & ~may_override
    assert libc.capset(header, sets) == 0
    try:
        yield
    finally:
        sets[0] = effective
        assert libc.capset(header, sets) == 0


@pytest.fixture
def locked_folder() -> Iterator[Path]:
    """A folder without permission to write, for root as well."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o555)
        with bound_by_permissions():
            yield Path(folder)


def test_output_folder_in_a_folder_without_permission(
    call, locked_folder, tmp_path
):
    """As a mounted disk in a container is, for a user who isn't root."""
    out = locked_folder / "new"
    os.chmod(locked_folder, 0o755)
    out.mkdir()
    os.chmod(locked_folder, 0o555)
    text = tmp_path / "corpus.txt"
    text.write_text("".join(f"some words of line {i}\n" for i in range(300)))
    ended = call(*f"vocab {text} --size 50 --out {out}".split())
    assert ended.code == 0, ended.stderr
    assert (out / "spiece.model").is_file()
    assert list(locked_folder.iterdir()) == [out]


@pytest.mark.parametrize("command", WRITERS)
def test_output_without_permission(refuse, locked_folder, command):
    out = locked_folder / "new.tflite"
    refuse(WRITERS[command].format(out), f"Permission denied: '{out}...'.")


@pytest.mark.parametrize(
    ("command", "room", "written"),
    [
        ("vocab", 2000, "new.tflite"),
        ("prepare", 2000, "new.tflite"),
        ("pretrain", 200, "new.tflite/run.json"),
        ("export savedmodel", 2000, "new.tflite/1"),
        ("export tflite", 200, ""),  # the converter's own file
        ("bias", 2000, "new.tflite"),
        ("inspect", 2000, "new.tflite"),
        ("quickstart", 10, "new.tflite/quickstart.json"),
        ("quickstart", 2000, "new.tflite/corpus"),
    ],
)
def test_full_disk(refuse, small_disk, command, room, written):
    words = WRITERS[command].format("new.tflite")
    with small_disk(room):
        refuse(words, f"File too large: '...{written}'.")


@pytest.mark.parametrize(
    ("command", "room", "out"),
    [
        ("vocab", 2000, "vocabulary"),
        ("prepare", 2000, "shards"),
        ("export savedmodel", 2000, "served"),
        ("export tflite", 200, "model.tflite"),
    ],
)
def test_full_disk_keeps_what_is_there(refuse, small_disk, command, room, out):
    words = WRITERS[command].format(f"{out} --overwrite")
    with small_disk(room):
        refuse(words, "File too large: '...'.")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (f"{VOCAB} corpus.txt --seed -1", "`seed` must be ..."),
        (f"{VOCAB} corpus.txt --held-out-share 1", "`held_out_share` must ..."),
        (f"{QUICKSTART} --seed -1", "`seed` must be ..."),
        (f"{QUICKSTART} --minutes nan", "`minutes` must be positive. ..."),
        (f"{QUICKSTART} --steps 0", "`num_train_steps` must be positive. ..."),
        (
            f"{PRETRAIN} --config tiny.json --data shards --seed -1",
            "`seed` must be ... Received: seed=-1.",
        ),
        (
            f"{PRETRAIN} --config tiny.json --data shards --learning-rate inf",
            "`learning_rate` must be positive. Received: learning_rate=inf.",
        ),
        (
            "export tflite run/preset new.tflite --quantization int3",
            "Invalid value for '--quantization': ... 'int3' is not one of ...",
        ),
        ("doctor now", "Got unexpected extra argument..."),
    ],
)
def test_options(refuse, words, sentence):
    refuse(words, sentence)


def test_a_damaged_record_is_found_while_training(call, world, monkeypatch):
    """The run has begun by then, and stays, as one that can be looked at."""
    monkeypatch.chdir(world)
    words = f"{PRETRAIN} --config tiny.json --data damaged-shard"
    ended = call(*words.split())
    shutil.rmtree("new")
    assert ended.code == 2
    last = ended.stderr.splitlines()[-1]
    assert last.startswith(
        "Error: The shard 'damaged-shard/examples-00000-of-00001.tfrecord' "
        "must be as it was written, "
    )
    assert "Received: a damaged record, number " in last
