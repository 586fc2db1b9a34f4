"""What the training loops of both backends share."""

import functools
from typing import Any

import keras

from albert_keras.training.interrupts import StopSignals


class TrainingLoop:
    """Methods that take the place of a model's own in `fit` and `evaluate`.

    They are set on the one model, so that any Keras model can be trained by
    the loop, and its class and what is saved of it know nothing of it. They
    go when the model is compiled with another optimizer.

    Args:
        model: compiled.
        gradient_accumulation_steps: int. Micro-batches of a step.

    Attributes:
        finished_steps: int. Batches that were trained on, also those whose
            update was left out because it overflowed in float16. A run that
            is resumed sets it.
        signals: `StopSignals` to agree about with the other workers, or None.
    """

    REPLACED: tuple[str, ...] = ()

    def __init__(
        self, model: keras.Model, gradient_accumulation_steps: int = 1
    ) -> None:
        self.model = model
        self.optimizer = model.optimizer
        self.num_micro_batches = gradient_accumulation_steps
        self.finished_steps = 0
        self.signals: StopSignals | None = None

    def install(self) -> None:
        """Sets the methods on the model."""
        _uninstall(self.model)
        vars(self.model)["_training_loop"] = self
        for name in self.REPLACED:
            vars(self.model)[name] = functools.partial(self._call_ours, name)

    def _call_ours(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if self.model.optimizer is self.optimizer:
            return getattr(self, name)(*args, **kwargs)
        _uninstall(self.model)  # compiled anew
        return getattr(self.model, name)(*args, **kwargs)


def loop_of(model: keras.Model) -> TrainingLoop | None:
    """The loop that `compile_for` gave a model, or None."""
    loop = vars(model).get("_training_loop")
    return loop if loop and loop.optimizer is model.optimizer else None


def finished_steps(model: keras.Model) -> int:
    """The steps of a model's training so far.

    Args:
        model: compiled, by `compile_for` or otherwise.
    """
    loop = loop_of(model)
    if loop is not None:
        return loop.finished_steps
    return int(model.optimizer.iterations.numpy())


def _uninstall(model: keras.Model) -> None:
    loop = vars(model).pop("_training_loop", None)
    for name in loop.REPLACED if loop else ():
        vars(model).pop(name, None)
