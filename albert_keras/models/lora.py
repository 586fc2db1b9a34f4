"""LoRA adapters: files of everything that was trained."""

from importlib import import_module
from pathlib import Path
from typing import Any

import h5py
import keras

from albert_keras.whole_files import written_whole

# By name, as it is on a floor above.
_HDF5_FILE = "albert_keras.checkpoints.hdf5_file"
_SUFFIX = ".lora.h5"
_CLASS = "class_name"
_MATRICES = ("lora_kernel_a", "lora_kernel_b")


class HasAdapter:
    """Mixed into the models: an adapter holds all trainable weights.

    KerasHub's holds the low-rank matrices alone. The head, and the biases
    that `enable_lora` leaves trainable, are lost.
    """

    def save_lora_weights(self, filepath):
        """Save what was trained: the LoRA matrices, the head, biases.

        An adapter of a task has to be saved by the task: its backbone doesn't
        know the head.

        Args:
            filepath: The file to write, which must end in `.lora.h5`. It
                holds the trainable weights in float32.

        Raises:
            ValueError: LoRA isn't enabled, or the file is named otherwise.
        """
        path = _checked(filepath)
        variables = {
            variable.path: variable
            for variable in self.trainable_variables  # type: ignore[attr-defined]
        }
        if not any(_is_matrix(name) for name in variables):
            raise ValueError(
                f"{type(self).__name__} must have LoRA layers before an "
                "adapter is saved; call `enable_lora(rank)` of the backbone "
                "and train. Received: a model without trainable LoRA layers."
            )
        with written_whole(path) as partial, h5py.File(partial, "w") as file:
            file.attrs[_CLASS] = type(self).__name__
            for name, variable in variables.items():
                value = keras.ops.cast(variable.value, "float32")
                file[name] = keras.ops.convert_to_numpy(value)

    def load_lora_weights(self, filepath):
        """Load an adapter into the model that it was trained from.

        LoRA is enabled if it isn't yet, with the rank and the layers of the
        adapter.

        Args:
            filepath: File that `save_lora_weights` of the same class wrote.

        Raises:
            FileNotFoundError: The file is missing.
            ValueError: The file is damaged, or is an adapter of a model of
                another class, rank or size. The model is unchanged then.
        """
        path = _checked(filepath)
        model: Any = self
        if not path.is_file():
            raise FileNotFoundError(
                "An adapter must be a file that `save_lora_weights` wrote. "
                f"Received: {str(filepath)!r}, which was not found."
            )
        stored = import_module(_HDF5_FILE).read_hdf5(path)
        backbone = getattr(model, "backbone", model)
        if backbone is model and "lora/vars/rank" in stored:
            # KerasHub's method wrote it, in an earlier release.
            super().load_lora_weights(filepath)  # type: ignore[misc]
            return
        _check_class(path, model)
        _check_fit(path, model, stored)
        held = {variable.path: variable for variable in model.variables}
        first = next(name for name in stored if name.endswith(_MATRICES[0]))
        if first not in held:
            layers = {
                name.split("/")[-2] for name in stored if _is_matrix(name)
            }
            backbone.enable_lora(stored[first].shape[1], sorted(layers))
            held = {variable.path: variable for variable in model.variables}
        for name, tensor in stored.items():
            held[name].assign(tensor.read())


def _checked(filepath: Any) -> Path:
    if not str(filepath).endswith(_SUFFIX):
        raise ValueError(
            f"An adapter's file must end in `{_SUFFIX}`. "
            f"Received: filepath={str(filepath)!r}."
        )
    return Path(filepath)


def _is_matrix(name: str) -> bool:
    return name.endswith(_MATRICES)


def _check_class(path: Path, model: Any) -> None:
    with h5py.File(path) as file:
        saved = file.attrs.get(_CLASS)
    if saved in [each.__name__ for each in type(model).__mro__]:
        return
    if saved is None:
        advice = (
            "Received a file of KerasHub's method, which lacks the head; "
            "save it again by `save_lora_weights` of the trained model."
        )
    elif "Backbone" in str(saved):
        advice = f"Received one of {saved}; load it into `model.backbone`."
    else:
        advice = f"Received one of {saved}."
    raise ValueError(
        f"`{path}` must be an adapter of {type(model).__name__}. {advice}"
    )


def _check_fit(path: Path, model: Any, stored: dict[str, Any]) -> None:
    """Refuses an adapter of a model that has other weights."""
    shapes = {
        variable.path: tuple(variable.shape) for variable in model.variables
    }
    matrices = [name for name in stored if name.endswith(_MATRICES[0])]
    if not matrices:
        raise ValueError(
            f"`{path}` must hold LoRA matrices. Received: "
            f"{', '.join(stored)[:60] or 'nothing'}."
        )
    rank = stored[matrices[0]].shape[-1]
    for name in matrices:  # as they are once LoRA is enabled
        layer = name.rpartition("/")[0]
        rows, columns = shapes.get(f"{layer}/kernel", (0, 0))
        shapes.setdefault(f"{layer}/{_MATRICES[0]}", (rows, rank))
        shapes.setdefault(f"{layer}/{_MATRICES[1]}", (rank, columns))
    for name, tensor in stored.items():
        wanted = shapes.get(name)
        if wanted != tensor.shape:
            raise ValueError(
                f"`{path}` must be an adapter of a model with the sizes and "
                f"the LoRA rank of this one. Received: {name} of shape "
                f"{tensor.shape}, where the model has {wanted or 'nothing'}."
            )
