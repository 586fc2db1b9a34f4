import contextlib
import dataclasses
import inspect
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from command_call import Ended, call

from albert_keras import AlbertConfig


@pytest.fixture(scope="session", name="call")
def call_fixture() -> Callable[..., Ended]:
    return call


@pytest.fixture(scope="session")
def made(made_once) -> Path:
    """A folder in which every command but quickstart did its work once.

    Real text, a vocabulary, shards, a run, its preset and both exports.
    """
    return made_once("commands", run_commands)


def run_commands(folder: Path) -> Path:
    text = inspect.getsource(textwrap) + inspect.getsource(contextlib)
    (folder / "corpus.txt").write_text(text, "utf-8")
    tiny = AlbertConfig.named("albert_tiny_test")
    dataclasses.replace(tiny, vocab_size=200).to_json(folder / "tiny.json")
    preset = "run/preset"
    for words in (
        "vocab corpus.txt --size 200 --out vocabulary",
        "prepare corpus.txt --tokenizer vocabulary/spiece.model --out shards "
        "--max-seq-length 32 --dupe-factor 1 --processes 1",
        "pretrain --config tiny.json --tokenizer vocabulary/spiece.model "
        "--data shards --steps 2 --batch-size 2 --out run",
        f"export savedmodel {preset} served",
        f"export tflite {preset} model.tflite",
    ):
        with contextlib.chdir(folder):
            ended = call(*words.split())
        assert ended.code == 0, ended.stderr
    return folder
