"""Running a .tflite file on rows of ids."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from albert_keras.artefact_names import MODEL_FILE, SERVE_IDS
from albert_keras.lite.associated_files import read_files
from albert_keras.requirements import require


class LiteRunner:
    """The signature `serve_ids` of a file that `ak.export.tflite` wrote.

    Needs the extra `lite`. It computes one row after another, as the file
    does.

    Args:
        path: The .tflite file.
        num_threads: Threads of an operation; all cores by default.

    Attributes:
        input_sizes: By name the sizes of an input, `{"token_ids": (128,)}`;
            None for one that may be resized.
        output_names: Sorted.

    Raises:
        FileNotFoundError: There is no such file.
        ModuleNotFoundError: LiteRT is not installed.
        ValueError: It is no TensorFlow Lite file, is damaged, or lacks the
            signature.

    Example:

    ```python
    run = LiteRunner("albert.tflite", num_threads=1)
    run({name: rows for name in run.input_sizes})["logits"]
    ```
    """

    def __init__(
        self, path: str | os.PathLike, num_threads: int | None = None
    ) -> None:
        require("lite", "Running a .tflite file")
        from ai_edge_litert.interpreter import Interpreter

        self.path = Path(path)
        if num_threads is not None and num_threads < 1:
            raise ValueError(
                "`num_threads` must be positive. Received: "
                f"num_threads={num_threads}."
            )
        content = self.path.read_bytes()
        try:
            self._interpreter = Interpreter(
                model_content=content, num_threads=num_threads or os.cpu_count()
            )
            # What is damaged further in shows when memory is laid out.
            self._interpreter.allocate_tensors()
            # Behind the model lies an archive, of which the end may be missing.
            read_files(content, MODEL_FILE)
        except (ValueError, RuntimeError) as error:
            raise ValueError(
                f"`{self.path}` must be a whole TensorFlow Lite file. "
                f"Received: {len(content):,} bytes of which is said: "
                f"{' '.join(str(error).split())}"
            ) from None
        if SERVE_IDS not in self._interpreter.get_signature_list():
            raise ValueError(
                f"`{self.path}` must have the signature `{SERVE_IDS}`, as a "
                "file that `ak.export.tflite` wrote. Received: "
                f"{', '.join(self._interpreter.get_signature_list()) or 'none'}"
                "."
            )
        self._run = self._interpreter.get_signature_runner(SERVE_IDS)
        self.input_sizes: dict[str, tuple[int | None, ...]] = {
            name: tuple(
                None if size < 0 else int(size)
                for size in detail["shape_signature"][1:]
            )
            for name, detail in self._run.get_input_details().items()
        }
        self.output_names = sorted(self._run.get_output_details())

    @property
    def sequence_length(self) -> int | None:
        """Tokens of a row; None if they may be resized."""
        return self.input_sizes["token_ids"][-1]

    def __call__(self, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """What the model puts out for rows of ids.

        Args:
            inputs: By the names of `input_sizes`, integers `[rows, length]`,
                of a multiple choice `[rows, choices, length]`. What is shorter
                than the file's own length is filled up with 0.

        Returns:
            The outputs by name, each `[rows, ...]`.

        Raises:
            TypeError: An input does not hold integers.
            ValueError: An input is missing, unknown, too long or of another
                shape, or holds an id that the model does not have.
        """
        arrays = self._checked(inputs)
        found: dict[str, list[np.ndarray]] = {n: [] for n in self.output_names}
        for row in range(len(arrays["token_ids"])):
            one = {name: ids[row : row + 1] for name, ids in arrays.items()}
            try:
                outputs = self._run(**one)
            except RuntimeError:  # an index beyond the end of a table
                largest = ", ".join(
                    f"{name} up to {ids.max()}" for name, ids in one.items()
                )
                raise ValueError(
                    "The ids of a row must be those of the model's "
                    f"vocabulary, segments and positions. Received: {largest}, "
                    f"and {one['token_ids'].shape[-1]} tokens."
                ) from None
            for name, output in outputs.items():
                found[name].append(output)
        return {name: np.concatenate(rows) for name, rows in found.items()}

    def _checked(self, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
        if set(inputs) != set(self.input_sizes):
            raise ValueError(
                f"`inputs` must be {', '.join(sorted(self.input_sizes))}. "
                f"Received: {', '.join(sorted(inputs)) or 'none'}."
            )
        arrays = {name: self._filled(name, inputs[name]) for name in inputs}
        rows = {name: ids.shape[:1] for name, ids in arrays.items()}
        tokens = {
            name: np.shape(values)
            for name, values in inputs.items()
            if name != "mask_positions"
        }
        for what, shapes in (("rows", rows), ("tokens", tokens)):
            if len(set(shapes.values())) != 1:
                raise ValueError(
                    f"`inputs` must all have as many {what}. Received: shapes "
                    f"{shapes}."
                )
        return arrays

    def _filled(self, name: str, values: Any) -> np.ndarray:
        """An input as int32, filled up with zeros to the file's sizes."""
        ids = np.asarray(values)
        sizes = self.input_sizes[name]
        if ids.dtype.kind not in "iub":
            raise TypeError(
                f"`{name}` must hold integers. Received: {ids.dtype}."
            )
        if ids.ndim != 1 + len(sizes):
            raise ValueError(
                f"`{name}` must have {1 + len(sizes)} axes, of which the first "
                f"is rows. Received: shape {ids.shape}."
            )
        *choices, longest = sizes
        if choices and choices[0] not in (None, ids.shape[1]):
            raise ValueError(
                f"`{name}` must have {choices[0]} choices, as `{self.path}`. "
                f"Received: {ids.shape[1]}."
            )
        if longest is not None and ids.shape[-1] > longest:
            raise ValueError(
                f"`{name}` must not be longer than the {longest} of "
                f"`{self.path}`. Received: {ids.shape[-1]}."
            )
        if not ids.size:
            raise ValueError(
                f"`{name}` must not be empty. Received: shape {ids.shape}."
            )
        if ids.min() < 0 or ids.max() > np.iinfo("int32").max:
            raise ValueError(
                f"`{name}` must hold no negative and only 32-bit integers. "
                f"Received: {ids.min()} to {ids.max()}."
            )
        fill = (longest or ids.shape[-1]) - ids.shape[-1]
        widths = [(0, 0)] * (ids.ndim - 1) + [(0, fill)]
        return np.pad(ids.astype("int32"), widths)
