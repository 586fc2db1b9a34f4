"""Uploads a preset, its own card included."""

import os
from pathlib import Path

import keras_hub

from albert_keras.models.card.writing import CARD_FILE

_HANDLE = "hf://"


def upload_preset(uri: str, preset: str | os.PathLike[str]) -> None:
    """As `keras_hub.upload_preset`, but the preset's README.md arrives.

    KerasHub puts a card of its own in the place of the preset's, where the
    repository on the hub has none yet, and removes it from the folder
    afterwards. Here the preset's README.md is uploaded first.

    Args:
        uri: `hf://user/model`, or a `kaggle://…` handle, to which the folder
            goes as it is.
        preset: Folder that `save_to_preset` wrote.

    Raises:
        FileNotFoundError: There is no such folder, or it is no preset.
        ValueError: `uri` is no such handle.

    Example:

    ```python
    model.save_to_preset("preset")
    ak.upload_preset("hf://user/model", "preset")
    ```
    """
    folder = Path(preset)
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(
            "`preset` must be a folder written by `save_to_preset`. "
            f"Received: {str(folder)!r}."
        )
    if not uri.startswith((_HANDLE, "kaggle://")):
        raise ValueError(
            "`uri` must be a handle such as hf://user/model or kaggle://user/"
            f"model/keras/variation. Received: {uri!r}."
        )
    if uri.startswith(_HANDLE) and (folder / CARD_FILE).is_file():
        _upload_card(uri.removeprefix(_HANDLE), folder / CARD_FILE)
    keras_hub.upload_preset(uri, os.fspath(folder))


def _upload_card(handle: str, card: Path) -> None:
    import huggingface_hub
    from huggingface_hub.errors import HFValidationError

    try:
        repository = huggingface_hub.create_repo(repo_id=handle, exist_ok=True)
    except HFValidationError:
        raise ValueError(
            "`uri` must be a handle such as hf://user/model. Received: "
            f"'{_HANDLE}{handle}'."
        ) from None
    huggingface_hub.upload_file(
        path_or_fileobj=card,
        path_in_repo=CARD_FILE,
        repo_id=repository.repo_id,
    )
