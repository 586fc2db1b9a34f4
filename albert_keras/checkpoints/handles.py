"""Handles: what has to be fetched before it can be opened.

Both libraries show progress, keep what they fetched in a cache of their own,
and use that when there is no network.
"""

import os
from pathlib import Path
from typing import Any

from albert_keras.checkpoints.released import RELEASED, released_handle

_HF, _KAGGLE = "hf://", "kaggle://"
_CACHED = "models--"  # what huggingface_hub calls a model's folder
# The first of them that a repository has is the only one that is fetched.
_WEIGHTS = (
    "model.weights.h5",
    "model.safetensors.index.json",
    "model.safetensors",
    "pytorch_model.bin.index.json",
    "pytorch_model.bin",
    "tf_model.h5",
    "with-prefix-tf_model.h5",
)
_BESIDE = (
    "config.json",
    "tokenizer_config.json",
    "spiece.model",
    "vocab.txt",
    "task.json",
    "task.weights.h5",
    "tokenizer.json",
    "preprocessor.json",
    "metadata.json",
    "model_card.json",
    "assets/*",
    "modules.json",
    "sentence_bert_config.json",
    "*_Pooling/config.json",
)


def fetched(path: str | os.PathLike[str]) -> Path:
    """The local path of what a handle, a name or a path stands for.

    Args:
        path: As `albert_keras.checkpoints.load`.

    Raises:
        ConnectionError: It cannot be fetched, and is in no cache.
        FileNotFoundError: There is no such model.
        ValueError: The handle has another form.
    """
    text = os.fspath(path)
    if not Path(text).exists():
        text = released_handle(text) or text
    if text.startswith(_HF):
        return _from_huggingface(text)
    if text.startswith(_KAGGLE):
        return _from_kaggle(text)
    if "://" in text:
        raise ValueError(
            f"A handle must begin with {_HF} or {_KAGGLE}, or be one of "
            f"{', '.join(RELEASED)}. Received: {text!r}."
        )
    return Path(text)


def origin_of(folder: Path) -> str | None:
    """Return the handle, with its revision, that a folder was fetched from.

    Args:
        folder: What `fetched` returned.

    Returns:
        As in `"hf://user/model@COMMIT"`; None for any other folder.
    """
    repository = folder.parent.parent.name
    if folder.parent.name != "snapshots" or not repository.startswith(_CACHED):
        return None
    name = repository.removeprefix(_CACHED).replace("--", "/")
    return f"{_HF}{name}@{folder.name}"


def _from_huggingface(handle: str) -> Path:
    import huggingface_hub
    from huggingface_hub import errors

    repository, at, named = handle.removeprefix(_HF).partition("@")
    revision = named or None
    if at and not named:
        raise ValueError(
            "A revision must be a commit, a tag or a branch: "
            f"hf://user/model@REVISION. Received: {handle!r}."
        )
    try:
        files = _files(repository, revision)
        weights = next((name for name in _WEIGHTS if name in files), None)
        if weights is None:
            raise FileNotFoundError(
                f"`{handle}` must hold the weights of an ALBERT. Received: "
                f"{', '.join(files)[:200] or 'no files'}."
            )
        wanted = [weights, *_BESIDE]
        if weights.endswith(".index.json"):
            wanted.append(f"{weights.partition('.')[0]}-*-of-*")
        folder = huggingface_hub.snapshot_download(
            repository, revision=revision, allow_patterns=wanted
        )
    except errors.RevisionNotFoundError:
        raise FileNotFoundError(
            f"`{handle}` must name a commit, a tag or a branch of the model. "
            f"Received: {revision!r}, which is none."
        ) from None
    except errors.HFValidationError:
        raise ValueError(
            "A handle of Hugging Face must have the form hf://user/model or "
            f"hf://user/model@REVISION. Received: {handle!r}."
        ) from None
    except (errors.RepositoryNotFoundError, errors.GatedRepoError):
        raise FileNotFoundError(
            f"`{handle}` must be a model that Hugging Face shows to everybody "
            "or to the account that is logged in. Received: none."
        ) from None
    except FileNotFoundError:
        raise
    except Exception as error:  # of whatever layer of the network
        cached = _cached(repository, revision)
        if cached is not None:
            return cached
        raise _unreachable(handle, error) from error
    return Path(folder)


def _files(repository: str, revision: str | None) -> list[str]:
    from huggingface_hub import HfApi

    # Unlike `list_repo_files`, this does not try again for half a minute.
    found = HfApi().model_info(repository, revision=revision, timeout=10)
    return [file.rfilename for file in found.siblings or ()]


def _cached(repository: str, revision: str | None) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    for name in _WEIGHTS:
        found = try_to_load_from_cache(repository, name, revision=revision)
        if isinstance(found, str):
            return Path(found).parent
    return None


def _from_kaggle(handle: str) -> Path:
    name = handle.removeprefix(_KAGGLE)
    if name.count("/") not in (3, 4):
        raise ValueError(
            "A handle of Kaggle must have the form "
            "kaggle://user/model/framework/variation or .../version. "
            f"Received: {handle!r}."
        )
    import kagglehub

    download: Any = kagglehub.model_download
    try:
        return Path(download(name))
    except Exception as error:  # of whatever layer of the network
        if "404" in str(error):
            raise FileNotFoundError(
                f"`{handle}` must be a model on Kaggle. Received: none."
            ) from None
        raise _unreachable(handle, error) from error


def _unreachable(handle: str, error: Exception) -> ConnectionError:
    reason = str(error).strip().partition("\n")[0] or type(error).__name__
    return ConnectionError(
        f"`{handle}` cannot be fetched and is not in the cache: {reason[:200]}"
    )
