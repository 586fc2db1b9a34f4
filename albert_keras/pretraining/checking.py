"""Whether a folder of pretraining examples is as it was written."""

import hashlib
from os import PathLike
from pathlib import Path

from albert_keras.pretraining.manifest import Manifest, Shard
from albert_keras.pretraining.progress import progress_bar
from albert_keras.pretraining.tfrecord import first_damaged_record


def check_examples(
    folder: str | PathLike[str],
    *,
    tokenizer_sha256: str | None = None,
    show_progress: bool = True,
) -> Manifest:
    """Reads every byte of a folder that `prepare` wrote.

    Args:
        folder: The folder.
        tokenizer_sha256: SHA-256 of the vocabulary that the examples must
            have been made with.
        show_progress: Whether to show a progress bar on standard error.

    Returns:
        The manifest, which the shards fit.

    Raises:
        FileNotFoundError: If the folder has no manifest, or lacks a shard.
        ValueError: If something is not as it was written. The message names
            the shard and its first damaged record, counted from 0.

    Example:

    ```python
    print(check_examples("shards").examples, "examples, all as written")
    ```
    """
    folder = Path(folder)
    manifest = Manifest.read(folder)
    if tokenizer_sha256 not in (None, manifest.tokenizer_sha256):
        raise ValueError(
            f"The examples in '{folder}' must be made with the tokenizer "
            f"given, SHA-256 {tokenizer_sha256[:12]}…. Received: examples made "
            f"with {manifest.tokenizer_sha256[:12]}…."
        )
    with progress_bar(show_progress) as progress:
        for shard in progress.track(
            manifest.shards, description="Checking shards"
        ):
            check_shard(folder / shard.file, shard)
    counted = sum(shard.examples for shard in manifest.shards)
    if counted != manifest.examples:
        raise ValueError(
            f"The manifest of '{folder}' must count the examples of its "
            f"shards, {counted}. Received: {manifest.examples}."
        )
    return manifest


def check_shard(path: Path, shard: Shard) -> None:
    """Reads every byte of a shard.

    Args:
        path: Its file.
        shard: What the manifest says of it.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not as it was written.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"The shard '{path}' must exist, says its manifest. "
            "Received: no such file."
        )
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() == shard.sha256:
        return
    damaged = first_damaged_record(content)
    received = (
        f"other records, in {len(content)} bytes"
        if damaged is None
        else f"a damaged record, number {damaged} of {shard.examples}"
    )
    raise ValueError(
        f"The shard '{path}' must be as it was written, {shard.bytes} bytes "
        f"with SHA-256 {shard.sha256[:12]}…. Received: {received}."
    )
