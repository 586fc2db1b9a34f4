"""Checkpoints of a run: everything the next step depends on."""

import json
import re
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from albert_keras.whole_files import written_whole

_NAME = re.compile(r"step_(\d{8})\.npz")


class RestoredState(NamedTuple):
    """Where a run stood.

    Attributes:
        step: finished steps, which is also the position in the data.
        notes: what was handed to `RunCheckpoints.save`.
        damaged: later checkpoints that could not be read.
    """

    step: int
    notes: dict[str, Any]
    damaged: tuple[Path, ...]


class RunCheckpoints:
    """The checkpoints of one run, each a single `.npz` without pickles.

    A checkpoint holds every variable of the model, the states of the dropout
    generators among them (which `.weights.h5` leaves out), every variable of
    the optimizer, the number of finished steps, and notes in JSON. It takes its
    name only when it is complete, so one that was half written is never read.

    Args:
        directory: the folder; made at the first save.
        keep: int. How many of the latest checkpoints are kept. Defaults to 5,
            as `keep_checkpoint_max` of the original.
    """

    def __init__(self, directory: Path, keep: int = 5) -> None:
        self.directory = directory
        self.keep = keep

    def steps(self) -> list[int]:
        """The steps at which there is a checkpoint, ascending."""
        if not self.directory.is_dir():
            return []
        names = (
            _NAME.fullmatch(path.name) for path in self.directory.iterdir()
        )
        return sorted(int(name[1]) for name in names if name)

    def path(self, step: int) -> Path:
        """Where the checkpoint of a step lies."""
        return self.directory / f"step_{step:08d}.npz"

    def save(
        self, model: keras.Model, step: int, notes: dict[str, Any]
    ) -> None:
        """Saves a checkpoint and removes those that are too many.

        Args:
            model: compiled and trained for at least one step.
            step: int. Finished steps.
            notes: what else is to be restored, as JSON can hold it.

        Raises:
            FloatingPointError: if a weight is infinite or not a number; the
                earlier checkpoints are then kept.
        """
        arrays = {
            name: variable.numpy()
            for name, variable in _variables_by_name(model).items()
        }
        for variable in model.trainable_variables:
            if not np.isfinite(variable.numpy()).all():
                raise FloatingPointError(
                    f"`{variable.path}` is no longer finite after step {step}; "
                    f"{self.last_good()} Lower the learning rate or lengthen "
                    "the warm-up."
                )
        description = {"step": step, "notes": notes}
        arrays["description"] = np.frombuffer(
            json.dumps(description).encode(), dtype="uint8"
        )
        self.directory.mkdir(parents=True, exist_ok=True)
        with (
            written_whole(self.path(step)) as partial,
            partial.open("wb") as file,
        ):
            np.savez(file, **arrays)
        for superseded in self.steps()[: -self.keep]:
            self.path(superseded).unlink()

    def restore(self, model: keras.Model) -> RestoredState | None:
        """Restores the latest checkpoint that can be read.

        Args:
            model: compiled, of the config and the optimizer that were saved.

        Returns:
            The step and the notes, or None where there is no checkpoint.

        Raises:
            ValueError: if the checkpoint does not fit the model.
        """
        model.optimizer.build(model.trainable_variables)
        damaged = []
        for step in reversed(self.steps()):
            path = self.path(step)
            try:
                # numpy leaves a damaged file open unless it is opened here.
                with (
                    path.open("rb") as file,
                    np.load(file, allow_pickle=False) as archive,
                ):
                    arrays = dict(archive)
                description = json.loads(arrays.pop("description").tobytes())
            except (KeyError, ValueError, EOFError, zipfile.BadZipFile):
                damaged.append(path)  # by the disk; an older one will do
                continue
            self._assign(_variables_by_name(model), arrays, path)
            return RestoredState(
                description["step"], description["notes"], tuple(damaged)
            )
        return None

    def last_good(self) -> str:
        """A clause that names the latest checkpoint."""
        steps = self.steps()
        if not steps:
            return "there is no checkpoint before it."
        return f"the last checkpoint is that of step {steps[-1]}."

    @staticmethod
    def _assign(
        variables: dict[str, keras.Variable],
        arrays: dict[str, np.ndarray],
        path: Path,
    ) -> None:
        expected = {name: tuple(v.shape) for name, v in variables.items()}
        saved = {name: array.shape for name, array in arrays.items()}
        for name in sorted(expected.keys() | saved.keys()):
            if expected.get(name) != saved.get(name):
                raise ValueError(
                    f"'{path}' must fit the model that is trained. Received: "
                    f"{name} of shape {saved.get(name)}, expected "
                    f"{expected.get(name)}."
                )
        for name, variable in variables.items():
            variable.assign(arrays[name])


def _variables_by_name(model: keras.Model) -> dict[str, keras.Variable]:
    """The variables of model and optimizer, each under a name of its own.

    Keras numbers the paths of seed generators by how many layers the process
    made before, so of those only the place in the model counts.
    """
    named = {}
    for index, variable in enumerate(model.variables):
        is_generator = variable.name == "seed_generator_state"
        label = variable.name if is_generator else variable.path
        named[f"model/{index:04d}/{label}"] = variable
    for index, variable in enumerate(model.optimizer.variables):
        named[f"optimizer/{index:04d}"] = variable
    return named
