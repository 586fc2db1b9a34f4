"""`ak.checkpoints.save`: a model in the form that others load."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from albert_keras.checkpoints.google import CONFIG_NAME, google_name
from albert_keras.checkpoints.huggingface_names import torch_location
from albert_keras.checkpoints.huggingface_tokenizer import (
    SETTINGS_FILE,
    tokenizer_settings,
    write_tokenizer_json,
)
from albert_keras.checkpoints.labels import ACTIVATION, head_settings
from albert_keras.checkpoints.model_parts import heads_of_model, parts_of
from albert_keras.checkpoints.names import (
    CLASSIFIER,
    CONDITIONAL_SPANS,
    MASKED_LM,
    MULTIPLE_CHOICE,
    OUTPUT_HEADS,
    POOLER,
    SENTENCE_ORDER,
    SPANS,
    TOKEN_CLASSIFIER,
    Head,
)
from albert_keras.checkpoints.notes import say
from albert_keras.checkpoints.safetensors_file import write_safetensors
from albert_keras.checkpoints.temporary_presets import as_own_model
from albert_keras.checkpoints.tensorflow_file import write_tensorflow
from albert_keras.checkpoints.vocabulary import (
    SENTENCEPIECE_NAMES,
    WORD_PIECE_NAMES,
    is_sentencepiece,
    text_settings,
)
from albert_keras.layers.layer_norm import LAYER_NORM_EPSILON
from albert_keras.models.albert_backbone import AlbertBackbone
from albert_keras.whole_files import owned, written_whole

FORMATS = ("keras", "huggingface", "tensorflow")
CHECKPOINT_NAME = "model.ckpt-best"

# Which of Hugging Face's classes has a model's heads.
_ARCHITECTURES: dict[tuple[Head, ...], str] = {
    (POOLER,): "AlbertModel",
    (POOLER, MASKED_LM, SENTENCE_ORDER): "AlbertForPreTraining",
    (MASKED_LM,): "AlbertForMaskedLM",
    (SPANS,): "AlbertForQuestionAnswering",
    **{
        (POOLER, head): name
        for name, head in OUTPUT_HEADS.items()
        if head in (CLASSIFIER, MULTIPLE_CHOICE)
    },
    (TOKEN_CLASSIFIER,): "AlbertForTokenClassification",
}


def save(
    model: Any,
    directory: str | os.PathLike[str],
    format: str = "keras",
    *,
    tokenizer: Any = None,
    overwrite: bool = False,
) -> Path:
    """Writes a model, its configuration and its tokenizer's files.

    Args:
        model: A backbone or a task of this package; or a keras_hub
            `AlbertBackbone`, `AlbertMaskedLM` or `AlbertTextClassifier`,
            which is converted.
        directory: Folder to write.
        format: `"keras"`, a KerasHub preset; `"huggingface"`, `config.json`,
            `model.safetensors` and the tokenizer's files, which transformers
            loads without a warning; `"tensorflow"`, a checkpoint under
            google's names that the scripts of google-research/albert take as
            `--init_checkpoint`. `load` reads names of classes, problem type,
            dropout, sequence length and the tokenizer's options from each;
            google's scripts ignore them in `albert_config.json`.
        tokenizer: For a backbone, which has no preprocessor: the
            `ak.AlbertTokenizer` or `ak.AlbertWordPieceTokenizer` to write
            with it.
        overwrite: Replace a folder that is there.

    Returns:
        The folder.

    Raises:
        FileExistsError: There is something at `directory`.
        ValueError: `tokenizer` is given for a task, or doesn't fit the
            model. Or the format has no place for something of the model: the
            second head for question answering and two different epsilons in
            `"huggingface"`, an epsilon or activation of its own in
            `"tensorflow"`.

    Example:

    ```python
    ak.checkpoints.save(model, "for-transformers", format="huggingface")
    ```
    """
    if format not in FORMATS:
        raise ValueError(
            f"`format` must be one of {', '.join(FORMATS)}. "
            f"Received: format={format!r}."
        )
    model = as_own_model(model)
    heads_of_model(model)  # refuses a model that is none of ours
    text = _text_of(model, tokenizer)
    write: Callable[[Any, _Text | None, Path], None] = {
        "keras": _write_keras,
        "huggingface": _write_huggingface,
        "tensorflow": _write_tensorflow,
    }[format]
    folder = Path(directory)
    if folder.exists() and not overwrite:
        raise FileExistsError(
            f"`{folder}` must not exist already, unless it is to be "
            "overwritten (`overwrite=True`, --overwrite). Received: a "
            f"{'folder' if folder.is_dir() else 'file'}."
        )
    aside = folder.with_name(f".{folder.name}.replaced")
    if format != "keras":
        _say_what_peers_ignore(model, text)
    with owned(folder), written_whole(folder) as partial:
        write(model, text, partial)
        if folder.exists():  # no folder can be renamed over another
            shutil.rmtree(aside, ignore_errors=True)
            os.replace(folder, aside)
    if aside.is_dir():
        shutil.rmtree(aside, ignore_errors=True)
    else:
        aside.unlink(missing_ok=True)
    return folder


def _backbone_of(model: Any) -> AlbertBackbone:
    return model if isinstance(model, AlbertBackbone) else model.backbone


def _arrays(model: Any) -> Iterator[tuple[str, np.ndarray]]:
    """Google's names and values, one variable after the other."""
    for part in parts_of(model):
        yield from part.to_google().items()


def _say_what_peers_ignore(model: Any, text: "_Text | None") -> None:
    """Say what other programs won't read from the files, though `load` does."""
    activation = head_settings(model).get(ACTIVATION)
    if activation is not None:
        say(
            f"The head's activation ({activation}) is stored for albert-keras "
            "alone; other programs read a model that returns logits."
        )
    if text is not None and not text.tokenizer.special_symbols:
        say(
            "special_symbols=False is stored for albert-keras and transformers "
            "(split_special_tokens); other programs find [MASK], [CLS] and "
            "[SEP] in raw text."
        )


# === Keras ===


def _write_keras(model: Any, text: "_Text | None", folder: Path) -> None:
    model.save_to_preset(str(folder))
    if isinstance(model, AlbertBackbone) and text is not None:
        text.tokenizer.save_to_preset(str(folder))


# === Hugging Face ===


def _write_huggingface(model: Any, text: "_Text | None", folder: Path) -> None:
    heads = heads_of_model(model)
    if heads == (CONDITIONAL_SPANS,):
        raise ValueError(
            "A model must have a head that one of Hugging Face's classes has. "
            'Received: AlbertQuestionAnswering with head="v2".'
        )
    settings = _huggingface_settings(model, text)
    folder.mkdir()
    arrays = _with_projection(_backbone_of(model), _arrays(model))
    if POOLER not in heads:
        say(
            f"Hugging Face's {settings['architectures'][0]} has no pooler, so "
            "the model's is left out; no output depends on it."
        )
        arrays = (
            (name, array)
            for name, array in arrays
            if not name.startswith("bert/pooler/")
        )
    write_safetensors(
        folder / "model.safetensors", _torch(model, arrays), {"format": "pt"}
    )
    _write_json(folder / "config.json", settings)
    if text is not None:
        _write_vocabulary(text.tokenizer, folder)
        write_tokenizer_json(text.tokenizer, folder / "tokenizer.json")
        _write_json(folder / SETTINGS_FILE, tokenizer_settings(*text))


def _torch(
    model: Any, arrays: Iterator[tuple[str, np.ndarray]]
) -> Iterator[tuple[str, np.ndarray]]:
    is_backbone = isinstance(model, AlbertBackbone)
    for name, array in arrays:
        location = torch_location(name)
        if location is None:
            raise AssertionError(name)
        theirs = location.names[0]
        if is_backbone:
            theirs = theirs.removeprefix("albert.")
        yield theirs, location.layout.store(array, heads=1)


def _with_projection(
    backbone: AlbertBackbone, arrays: Iterator[tuple[str, np.ndarray]]
) -> Iterator[tuple[str, np.ndarray]]:
    """Adds the projection that google leaves out where E equals H."""
    yield from arrays
    size = backbone.hidden_dim
    if backbone.embeddings.projection is None:
        scope = "bert/encoder/embedding_hidden_mapping_in"
        yield f"{scope}/kernel", np.eye(size, dtype="float32")
        yield f"{scope}/bias", np.zeros(size, "float32")


def _huggingface_settings(model: Any, text: "_Text | None") -> dict[str, Any]:
    backbone = _backbone_of(model)
    body = backbone.layer_norm_epsilon
    head = getattr(model, "head_layer_norm_epsilon", body)
    if head != body:
        raise ValueError(
            "Hugging Face's configuration has one epsilon for body and head, "
            f"and so must the model. Received: {body} and {head}; a model "
            f"loaded with head_layer_norm_epsilon={body} has one."
        )
    settings = backbone.albert_config().to_dict()
    settings.pop("embedding_projection", None)  # which they always have
    theirs = {"gelu_erf": "gelu", "gelu": "gelu_new"}
    activation = settings["hidden_act"]
    if backbone.origin is not None:
        name, _, revision = backbone.origin.partition("@")
        settings |= {
            "_name_or_path": name.removeprefix("hf://"),
            "_commit_hash": revision,
        }
    tokenizer = text and text.tokenizer
    settings |= {
        "architectures": [_ARCHITECTURES[heads_of_model(model)]],
        "model_type": "albert",
        "hidden_act": theirs.get(activation, activation),
        "layer_norm_eps": body,
        **head_settings(model),
        "pad_token_id": 0 if tokenizer is None else tokenizer.pad_token_id,
        "bos_token_id": 2 if tokenizer is None else tokenizer.cls_token_id,
        "eos_token_id": 3 if tokenizer is None else tokenizer.sep_token_id,
        "torch_dtype": "float32",
    }
    return settings


# === google ===


def _write_tensorflow(model: Any, text: "_Text | None", folder: Path) -> None:
    backbone = _backbone_of(model)
    head = getattr(model, "head_layer_norm_epsilon", LAYER_NORM_EPSILON)
    for epsilon in (backbone.layer_norm_epsilon, head):
        if epsilon != LAYER_NORM_EPSILON:
            raise ValueError(
                "A model must have the epsilon that google's code has, "
                f"{LAYER_NORM_EPSILON}. Received: {epsilon}; one loaded with "
                "layer_norm_epsilon and head_layer_norm_epsilon has it."
            )
    config = backbone.albert_config().to_dict()
    if config["hidden_act"] in ("gelu_erf", "silu", "swish"):
        raise ValueError(
            "A model must have an activation that google's code has. "
            f'Received: activation="{config["hidden_act"]}"; one loaded with '
            'activation="gelu" has the tanh approximation.'
        )
    if config.pop("embedding_projection", False):
        raise ValueError(
            "A model must have no projection of embeddings where E equals H, "
            "as google's code has none. Received: embedding_projection=True."
        )
    if config["hidden_act"] == "gelu_new":
        config["hidden_act"] = "gelu"
    folder.mkdir()
    write_tensorflow(
        folder / CHECKPOINT_NAME,
        {google_name(name): array for name, array in _arrays(model)},
    )
    # google's code ignores what it has no word for, and `load` reads it.
    config |= head_settings(model)
    architecture = _ARCHITECTURES.get(heads_of_model(model))
    if architecture is not None:  # some heads have the same variables
        config["architectures"] = [architecture]
    if backbone.origin is not None:
        config["origin"] = backbone.origin
    if text is not None:
        _write_vocabulary(text.tokenizer, folder)
        config |= {
            **text_settings(text.tokenizer),
            "model_max_length": text.sequence_length,
        }
    _write_json(folder / CONFIG_NAME, config)


# === Both ===


class _Text(NamedTuple):
    """How text becomes ids for a model."""

    tokenizer: Any
    sequence_length: int


def _text_of(model: Any, given: Any) -> _Text | None:
    if given is not None:
        if not isinstance(model, AlbertBackbone):
            raise ValueError(
                "`tokenizer` is for a backbone. Received: a tokenizer for "
                f"{type(model).__name__}; set `model.preprocessor`."
            )
        if given.vocabulary_size() > model.vocabulary_size:
            raise ValueError(
                f"`tokenizer` must have at most the {model.vocabulary_size} "
                f"pieces of the model. Received: {given.vocabulary_size()}."
            )
        return _Text(given, model.max_sequence_length)
    preprocessor = getattr(model, "preprocessor", None)
    if preprocessor is None:
        return None
    return _Text(preprocessor.tokenizer, preprocessor.sequence_length)


def _write_vocabulary(tokenizer: Any, folder: Path) -> None:
    if is_sentencepiece(tokenizer):
        proto = tokenizer.python_tokenizer.proto
        (folder / SENTENCEPIECE_NAMES[0]).write_bytes(proto)
    else:
        tokenizer.save_assets(str(folder), WORD_PIECE_NAMES[0])


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", "utf-8")
