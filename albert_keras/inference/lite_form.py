""".tflite files that `ak.export.tflite` wrote, as `LoadedModel`s.

They are run by LiteRT, and take neither TensorFlow nor Keras.
"""

from pathlib import Path
from typing import Any

import numpy as np

from albert_keras.artefact_names import MODEL_FILE
from albert_keras.inference.description import Description
from albert_keras.inference.loaded_model import (
    Arrays,
    LoadedModel,
    python_tokenizer,
)
from albert_keras.lite.contents import LiteContents
from albert_keras.lite.runner import LiteRunner


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
    contents = LiteContents(path)
    about = Description.read(contents.files[MODEL_FILE].decode(), str(path))
    if tokenizer is None:
        tokenizer = contents.tokenizer()
    return LoadedModel(
        about.model_class,
        str(path),
        python_tokenizer(tokenizer),
        min(about.max_tokens, runner.sequence_length or about.max_tokens),
        about.labels,
        frozenset(runner.input_sizes),
        _Rows(runner),
        contents.description.get("pooling"),
        about.problem_type,
        about.token_outputs,
    )


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
