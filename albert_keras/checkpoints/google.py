"""google's checkpoints of TensorFlow 1, and TF-Hub modules made of them.

Both are a checkpoint under the names that google-research/albert's code gives
its variables; a module has it in `variables/` and the files of the tokenizer
and of the configuration in `assets/`. In a program that used a module the
names begin with `module/`.
"""

import re
from pathlib import Path

from albert_keras.checkpoints.checkpoint import (
    Checkpoint,
    Location,
    classifier_dropout,
)
from albert_keras.checkpoints.names import architecture_of, output_head
from albert_keras.checkpoints.tensorflow_file import read_tensorflow
from albert_keras.checkpoints.vocabulary import find_vocabulary
from albert_keras.config import AlbertConfig

CONFIG_NAME = "albert_config.json"
_MODULE = "module/"
# Training adds these: moments (of LAMB, too), rates and counters.
_EXTRA = re.compile(
    r"(/(adam|lamb|Adam|LAMB)(_[mv]|_1)?$)|(^|/)global_step$|_power$"
    r"|^_CHECKPOINTABLE_OBJECT_GRAPH$|^save_counter"
)
_AMBIGUOUS = re.compile(r"^(classifier|tokens|choices)/(?=output_)")

_XLARGE_NOTE = (
    "The configuration says {heads} attention heads, and that is what the "
    "model gets. For xlarge the files of one release disagree: google's "
    "albert_config.json says 32, the pages of TF-Hub and Hugging Face say 16 "
    "(google-research/albert #180); num_heads={others} chooses otherwise."
)


def xlarge_note(heads: int) -> str:
    """What to tell of a checkpoint of xlarge with so many heads."""
    return _XLARGE_NOTE.format(heads=heads, others=32 if heads == 16 else 16)


def google_name(name: str) -> str:
    """What google's code calls what `names` calls `name`."""
    return _AMBIGUOUS.sub("", name)


def open_google(
    prefix: Path,
    *,
    folder: Path,
    form: str,
    config: AlbertConfig | None = None,
    heads_are_known: bool = False,
) -> Checkpoint:
    """Opens a checkpoint under google's names.

    Args:
        prefix: Path of the checkpoint, without the endings of its files.
        folder: Where the configuration and the tokenizer's files are.
        form: What it is, for people.
        config: In place of `albert_config.json`.
        heads_are_known: Whether somebody chose the number of heads, and need
            not be told that there is a choice.

    Raises:
        FileNotFoundError: The configuration or data are missing.
        ValueError: A file is damaged.
    """
    config_path = folder / CONFIG_NAME
    if config is None:
        config_path = _find_config(folder)
        config = AlbertConfig.from_json(config_path)
    tensors = read_tensorflow(prefix)
    start = ""
    if any(name.startswith(_MODULE + "bert/") for name in tensors):
        start = _MODULE

    def locate(name: str) -> Location:
        return Location((start + google_name(name), google_name(name)))

    notes = []
    if config.hidden_size == 2048 and not heads_are_known:
        notes.append(xlarge_note(config.num_attention_heads))
    return Checkpoint(
        path=prefix,
        form=form,
        config=config,
        tensors=tensors,
        locate=locate,
        is_backbone=lambda name: name.startswith(f"{start}bert/"),
        is_known_extra=lambda name: _EXTRA.search(name) is not None,
        vocabulary=find_vocabulary(folder, config.extra, source=config_path),
        classifier_dropout=classifier_dropout(config.extra, config_path),
        output_head=output_head(architecture_of(config.extra)),
        notes=tuple(notes),
        settings=config.extra,
        settings_path=config_path,
    )


def _find_config(folder: Path) -> Path:
    for path in (folder / CONFIG_NAME, folder / "assets" / CONFIG_NAME):
        if path.is_file():
            return path
    others = sorted(folder.glob("*config*.json"))
    if len(others) == 1:  # as in the archives of the Chinese models
        return others[0]
    raise FileNotFoundError(
        f"`{folder}` must hold {CONFIG_NAME}, unless `config` says what it "
        f"would. Received: {', '.join(f.name for f in others) or 'none'}."
    )
