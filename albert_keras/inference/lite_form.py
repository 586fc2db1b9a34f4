""".tflite files that `ak.export.tflite` wrote, as `LoadedModel`s.

They are run by LiteRT, and take neither TensorFlow nor Keras.
"""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from albert_keras.inference.description import Description
from albert_keras.inference.lite_runner import LiteRunner
from albert_keras.inference.loaded_model import (
    Arrays,
    LoadedModel,
    python_tokenizer,
)

_DESCRIPTION, _LABELS = "albert.json", "labels.txt"
_SENTENCE_PIECE, _WORD_PIECE = "spiece.model", "vocab.txt"


def load_lite(path: Path, tokenizer: Any = None) -> LoadedModel:
    """Loads a .tflite file.

    Args:
        path: The file.
        tokenizer: In place of its own.

    Raises:
        FileNotFoundError: There is no such file.
        ModuleNotFoundError: LiteRT is not installed.
        ValueError: It was not written by `ak.export.tflite`, is damaged, or
            was written without a vocabulary.
    """
    runner = LiteRunner(path)
    files = _packed_files(path)
    if _DESCRIPTION not in files:
        raise ValueError(
            f"`{path}` must say what it is, in a packed {_DESCRIPTION}, as a "
            "file that albert-keras wrote. Received: one that does not."
        )
    about = Description.read(files[_DESCRIPTION].decode(), str(path))
    if tokenizer is None:
        tokenizer = about.tokenizer(
            files.get(_SENTENCE_PIECE), files.get(_WORD_PIECE)
        )
    labels = about.labels
    if labels is None and _LABELS in files:
        labels = tuple(files[_LABELS].decode().splitlines())
    return LoadedModel(
        about.model_class,
        str(path),
        python_tokenizer(tokenizer),
        min(about.max_tokens, runner.sequence_length or about.max_tokens),
        labels,
        frozenset(runner.input_sizes),
        _Rows(runner),
    )


def _packed_files(path: Path) -> dict[str, bytes]:
    """Files in the archive behind the model; none where there is no archive."""
    content = io.BytesIO(path.read_bytes())
    if not zipfile.is_zipfile(content):
        return {}
    try:
        with zipfile.ZipFile(content) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise ValueError(
            f"`{path}` must have a whole archive behind its model. Received: "
            f"one that is damaged ({error})."
        ) from None


class _Rows:
    """Rows of any number of masks and choices, where a file has room for some.

    Args:
        runner: Of the file.
    """

    def __init__(self, runner: LiteRunner) -> None:
        self._runner = runner

    def __call__(self, inputs: Arrays) -> dict[str, np.ndarray]:
        sizes = self._runner.input_sizes
        if "mask_positions" in sizes:
            return self._by_masks(inputs, sizes["mask_positions"][0])
        if len(sizes["token_ids"]) == 2:
            return self._by_choices(inputs, sizes["token_ids"][0])
        return self._runner(inputs)

    def _by_masks(
        self, inputs: Arrays, most: int | None
    ) -> dict[str, np.ndarray]:
        """Runs rows once for each `most` of their masks."""
        positions = inputs["mask_positions"]
        count = positions.shape[1]
        parts = [
            self._runner(
                {**inputs, "mask_positions": positions[:, begin : begin + step]}
            )
            for step in (most or count,)
            for begin in range(0, count, step)
        ]
        logits = np.concatenate([part["mlm_logits"] for part in parts], axis=1)
        return {**parts[0], "mlm_logits": logits[:, :count]}

    def _by_choices(
        self, inputs: Arrays, count: int | None
    ) -> dict[str, np.ndarray]:
        """Puts rows of one choice into rows of `count`."""
        if count is None:
            return self._runner(inputs)
        rows = len(inputs["token_ids"])
        together = {}
        for name, ids in inputs.items():
            # A row of nothing would have no token to look at: the last again.
            fill = np.repeat(ids[-1:], -rows % count, axis=0)
            filled = np.concatenate([ids, fill])
            together[name] = filled.reshape(-1, count, ids.shape[-1])
        logits = self._runner(together)["logits"]
        return {"logits": logits.reshape(-1, 1)[:rows]}
