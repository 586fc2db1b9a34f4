import contextlib
import inspect
import shutil
import textwrap
from collections.abc import Callable
from pathlib import Path

import keras
import pytest
from export_models import make_models, make_tokenizer

import albert_keras as ak

FORMS = ["preset", "saved_model", "tflite"]
TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory):
    return make_tokenizer(tmp_path_factory.mktemp("vocabulary"))


@pytest.fixture(scope="session")
def models(tokenizer) -> dict[str, keras.Model]:
    """A small one of each class, with random weights."""
    return make_models(tokenizer)


@pytest.fixture(scope="session")
def form(models, tokenizer, tmp_path_factory) -> Callable[[str, str], Path]:
    """Where a model of that name is in that form; written when first asked."""
    folder = tmp_path_factory.mktemp("forms")

    def written(name: str, form: str) -> Path:
        model = models[name]
        path = folder / f"{name}.{form}"
        if path.exists():
            return path
        if form == "preset":
            model.save_to_preset(str(path))
            if name == "backbone":
                tokenizer.save_to_preset(str(path))
            return path
        labels = TAGS if name == "tagger" else None
        if form == "saved_model":
            ak.export.saved_model(
                model, path, tokenizer=tokenizer, labels=labels
            )
        else:
            ak.export.tflite(
                model,
                path,
                tokenizer=tokenizer,
                labels=labels,
                sequence_length=length_of(model),
                max_masks=2 if name in ("masked_lm", "pretrainer") else None,
            )
        return path

    return written


def length_of(model: keras.Model) -> int:
    """Tokens of a row: of a .tflite as many as of the other forms."""
    preprocessor = getattr(model, "preprocessor", None)
    if preprocessor is None or "mask_positions" in model.input:
        return 32
    return preprocessor.sequence_length


@pytest.fixture(scope="session")
def lines() -> list[str]:
    """Text that every machine has, none of it of the vocabulary's corpus."""
    source = inspect.getsource(textwrap) + inspect.getsource(contextlib)
    source += inspect.getsource(shutil)
    stripped = (line.strip() for line in source.splitlines())
    return list(dict.fromkeys(line for line in stripped if line))
