"""Checkpoints of a run: everything the next step depends on."""

import json
import math
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np

from albert_keras.checkpoints.run_models import (
    STEP_CHECKPOINT,
    variables_by_name,
)
from albert_keras.training.strategies import TrainingStrategy
from albert_keras.training.workers import array_from_chief, from_chief
from albert_keras.whole_files import written_whole


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

    It does not depend on the strategy: each variable stands in it once, and of
    the dropout generators' states that of the first replica, from which the
    others follow.

    `best.npz` is the one of the highest score; as long as it is also one of the
    latest, both names stand for one file.

    Args:
        directory: the folder; made at the first save.
        keep: int. How many of the latest checkpoints are kept. Defaults to 5,
            as `keep_checkpoint_max` of the original.
        strategy: of the run; the chief alone writes and reads.
    """

    def __init__(
        self,
        directory: Path,
        keep: int = 5,
        strategy: TrainingStrategy | None = None,
    ) -> None:
        self.directory = directory
        self.keep = keep
        self.strategy = strategy or TrainingStrategy("one")
        self.best = directory / "best.npz"
        self._best_score = -math.inf

    def steps(self) -> list[int]:
        """The steps at which there is a checkpoint, ascending."""
        if not self.directory.is_dir():
            return []
        names = (
            STEP_CHECKPOINT.fullmatch(path.name)
            for path in self.directory.iterdir()
        )
        return sorted(int(name[1]) for name in names if name)

    def path(self, step: int) -> Path:
        """Where the checkpoint of a step lies."""
        return self.directory / f"step_{step:08d}.npz"

    def is_best(self, score: float | None) -> bool:
        """Whether a checkpoint of this score is better than all before.

        Args:
            score: float; the higher, the better. None if there is none.
        """
        return score is not None and score > self._best_score

    def save(
        self,
        model: keras.Model,
        step: int,
        notes: dict[str, Any],
        score: float | None = None,
    ) -> None:
        """Saves a checkpoint and removes those that are too many.

        Args:
            model: compiled and trained for at least one step.
            step: int. Finished steps.
            notes: what else is to be restored, as JSON can hold it.
            score: float or None. How good the model is.

        Raises:
            FloatingPointError: if a weight is infinite or not a number; the
                earlier checkpoints are then kept.
            OSError: if it cannot be written; the earlier ones are then kept.
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
        if not self.strategy.is_chief:
            return
        description = {"step": step, "notes": notes, "score": score}
        arrays["description"] = np.frombuffer(
            json.dumps(description).encode(), dtype="uint8"
        )
        self.directory.mkdir(parents=True, exist_ok=True)
        with (
            written_whole(self.path(step)) as partial,
            partial.open("wb") as file,
        ):
            np.savez(file, **arrays)
        if score is not None and self.is_best(score):
            with written_whole(self.best) as partial:
                _link_or_copy(self.path(step), partial)
            self._best_score = score
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
        variables = _variables_by_name(model)
        damaged: list[Path] = []
        arrays: dict[str, np.ndarray] = {}
        description: dict[str, Any] | None = None
        if self.strategy.is_chief:
            for step in reversed(self.steps()):
                read = _read(self.path(step))
                if read is not None:
                    arrays, description = read
                    self._check_fit(variables, arrays, self.path(step))
                    break
                damaged.append(self.path(step))  # an older one will do
            self._find_best(description)
        description = from_chief(self.strategy, description)
        self._best_score = from_chief(self.strategy, self._best_score)
        if description is None:
            return None
        for name, variable in variables.items():
            array = arrays.get(name)
            if array is None:  # the chief has it
                array = np.zeros_like(variable.numpy())
            variable.assign(array_from_chief(self.strategy, array))
        return RestoredState(
            description["step"], description["notes"], tuple(damaged)
        )

    def _find_best(self, restored: dict[str, Any] | None) -> None:
        """Reads the score to beat; drops a best that is yet to come.

        What was saved after the step that is gone on from will be made again.
        """
        if not self.best.exists():
            return
        read = _read(self.best)
        if (
            read is None
            or restored is None
            or read[1]["step"] > restored["step"]
        ):
            self.best.unlink()
        else:
            self._best_score = read[1]["score"]

    def last_good(self) -> str:
        """A clause that names the latest checkpoint."""
        steps = self.steps()
        if not steps:
            return "there is no checkpoint before it."
        return f"the last checkpoint is that of step {steps[-1]}."

    @staticmethod
    def _check_fit(
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


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]] | None:
    """The arrays and the description of a checkpoint, None if damaged."""
    try:
        # numpy leaves a damaged file open unless it is opened here.
        with (
            path.open("rb") as file,
            np.load(file, allow_pickle=False) as archive,
        ):
            arrays = dict(archive)
        return arrays, json.loads(arrays.pop("description").tobytes())
    except (KeyError, ValueError, EOFError, zipfile.BadZipFile):
        return None


def _link_or_copy(path: Path, other: Path) -> None:
    try:
        os.link(path, other)
    except OSError:  # a file system without links
        shutil.copyfile(path, other)


def _variables_by_name(model: keras.Model) -> dict[str, keras.Variable]:
    """Return the variables of model and optimizer, each under a unique name."""
    named = variables_by_name(model)
    for index, variable in enumerate(model.optimizer.variables):
        named[f"optimizer/{index:04d}"] = variable
    return named
