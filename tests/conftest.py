import contextlib
import fcntl
import gc
import os
import pickle
import random
import resource
import shutil
import signal
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

# Before any test imports TensorFlow: its errors are enough to read.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# A shell starts what it puts into the background with Ctrl-C ignored, and the
# programs that tests stop by it would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with files of slow tests, and end with those without models.

    Processes that share the files would else wait for one that has a long
    file left.
    """
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    light = {"text", "pretraining", "tests"}
    items.sort(
        key=lambda item: (
            item.path not in slow,
            item.path.parent.name in light,
        )
    )


def pytest_collection_finish() -> None:
    """Spare the garbage collector the modules, which are never garbage."""
    gc.collect()
    gc.freeze()


def seed(name: str) -> None:
    """Keras draws its own seeds from Python's generator."""
    random.seed(name)
    np.random.seed(zlib.crc32(name.encode()))


@pytest.hookimpl(tryfirst=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> None:
    """Models have the same weights whichever tests ran before."""
    seed(f"{fixturedef.argname} {request.param_index}")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    seed(item.nodeid)


@pytest.fixture(autouse=True)
def settings_of_the_process() -> Iterator[None]:
    """Puts back what a test set for the whole process."""
    yield
    if "albert_keras.notes" in sys.modules:
        sys.modules["albert_keras.notes"]._said.clear()
    if "keras" in sys.modules:
        import keras

        keras.config.set_dtype_policy("float32")
        keras.config.set_floatx("float32")
        # Variables without values, which the next model would bring to be.
        keras.src.backend.common.global_state.set_global_attribute(
            "uninitialized_variables", []
        )
        # KerasHub takes any registered subclass of the class it is asked for.
        registered = keras.saving.get_custom_objects()
        for name, thing in list(dict.items(registered)):
            if "<locals>" in getattr(thing, "__qualname__", ""):
                del registered[name]


@contextlib.contextmanager
def small_disk(size: int) -> Iterator[None]:
    """Lets no file grow beyond some bytes, as a full disk would.

    Only around what is tried: pytest's own report may be a larger file.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture(name="small_disk")
def small_disk_fixture() -> Callable[[int], contextlib.AbstractContextManager]:
    return small_disk


@pytest.fixture(scope="session")
def made_once(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str, Callable[[Path], Any]], Any]:
    """Make what takes long once for all processes that share the suite.

    The first process that needs it makes it in a folder, and the others wait.
    Tests leave that folder as it is.
    """
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent

    def made(name: str, make: Callable[[Path], Any]) -> Any:
        folder = base / f"shared-{name}"
        answer = base / f"shared-{name}.pickle"
        with (base / f"shared-{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not answer.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                answer.write_bytes(pickle.dumps(make(folder)))
            return pickle.loads(answer.read_bytes())

    return made


@pytest.fixture(scope="session")
def tracked() -> list[Path]:
    """The files of the checkout that git tracks."""
    if shutil.which("git") is None:
        pytest.skip("needs git on the PATH")
    if not (ROOT / ".git").exists():
        pytest.skip(f"needs a git checkout in {ROOT}")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip(f"needs git to read {ROOT}: {listed.stderr.strip()}")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Real text and vocabularies that lie beside the checkout, not in it."""

    def find(name: str) -> Path:
        if not (SHARED_DATA / name).exists():
            pytest.skip(f"needs {name} in {SHARED_DATA}")
        return SHARED_DATA / name

    return find


@pytest.fixture(scope="session")
def tiny_vocabulary(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., Path]:
    """Trains a SentencePiece model with ALBERT's symbols on a few words."""

    def train(*words: str) -> Path:
        import sentencepiece

        prefix = tmp_path_factory.mktemp("vocabulary") / "spiece"
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter([" ".join(words)] * 20 + [*words] * 20),
            model_prefix=str(prefix),
            vocab_size=40,
            hard_vocab_limit=False,
            pad_id=0,
            unk_id=1,
            bos_id=-1,
            eos_id=-1,
            control_symbols="[CLS],[SEP],[MASK]",
        )
        return prefix.with_suffix(".model")

    return train


@pytest.fixture(scope="session")
def corpus(made_once: Callable[..., Any]) -> Path:
    """Real text that every machine has: docstrings of some packages."""
    return made_once("corpus", write_corpus)


def write_corpus(folder: Path) -> Path:
    import asyncio
    import json
    import logging
    import unittest

    from albert_keras.pretraining.docstrings import docstring_documents

    path = folder / "corpus.txt"
    roots = [
        Path(str(module.__file__)).parent
        for module in (asyncio, json, logging, unittest)
    ]
    documents = docstring_documents(roots, processes=1, show_progress=False)
    path.write_text(
        "".join("\n".join(lines) + "\n\n" for _, lines in documents),
        encoding="utf-8",
    )
    return path


@pytest.fixture(scope="session")
def finished(
    corpus: Path,
    made_once: Callable[..., Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, Any, dict[str, Any]]:
    """A quickstart of a few steps: its folder, options and report."""
    from albert_keras.quickstart.run import QuickstartOptions, quickstart

    options = QuickstartOptions(corpus=(str(corpus),), num_train_steps=4)

    def make(folder: Path) -> tuple[Path, dict[str, Any]]:
        return folder / "made", quickstart(folder / "made", options)

    original, report = made_once("quickstart", make)
    # A copy, since tests delete parts of it.
    folder = tmp_path_factory.mktemp("quickstart") / "albert-quickstart"
    shutil.copytree(original, folder)
    return folder, options, report


@pytest.fixture(scope="session")
def small_tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A vocabulary of 300 pieces, trained on real text."""
    from export_models import make_tokenizer

    return make_tokenizer(tmp_path_factory.mktemp("vocabulary"))


@pytest.fixture(scope="session")
def small_models(
    small_tokenizer: Any, made_once: Callable[..., Any]
) -> dict[str, Any]:
    """A small model of each class, with random weights.

    Processes share what is made of the models, so they share the weights.
    """
    from export_models import make_models

    models = make_models(small_tokenizer)

    def weights(folder: Path) -> dict[str, Any]:
        return {name: model.get_weights() for name, model in models.items()}

    for name, values in made_once("small-models", weights).items():
        models[name].set_weights(values)
    return models


@pytest.fixture(scope="session")
def model_form(
    small_models: dict[str, Any],
    small_tokenizer: Any,
    made_once: Callable[..., Any],
) -> Callable[[str, str], Path]:
    """Where one of them is as "preset", "saved_model" or "tflite"."""
    from model_forms import ModelForms

    return ModelForms(made_once, small_models, small_tokenizer)
