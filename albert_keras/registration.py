"""Makes Keras find this package's classes in saved files.

A `.keras` file names its classes, and Keras knows those whose modules were
imported. Importing all of them with the package would load TensorFlow; so
Keras' table of classes imports them when it is first read.
"""

import importlib.util
import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

# They define, or import, each class that a file may name.
_MODULES = (
    "albert_keras.layers",
    "albert_keras.models.albert_masked_lm",
    "albert_keras.models.albert_multiple_choice",
    "albert_keras.models.albert_pretrainer",
    "albert_keras.models.albert_question_answering",
    "albert_keras.models.albert_text_classifier",
    "albert_keras.models.albert_token_classifier",
    "albert_keras.models.albert_word_piece_tokenizer",
    "albert_keras.training.optimizers",
    "albert_keras.training.schedules",
)
_lock = threading.RLock()


def register_with_keras() -> None:
    """Let Keras find the classes, at once or as soon as it is imported."""
    if "keras" in sys.modules:
        _replace_table()
    else:
        sys.meta_path.insert(0, _ImportOfKeras())


class _ImportOfKeras(MetaPathFinder):
    """Waits for the import of Keras, and then leaves."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        if fullname != "keras":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_register(module: ModuleType) -> None:
                execute(module)
                _replace_table()

            spec.loader.exec_module = execute_and_register  # type: ignore[method-assign]
        return spec


def _replace_table() -> None:
    # Private: the public functions read this table and cannot replace it.
    from keras.src.saving import object_registration

    table = object_registration.GLOBAL_CUSTOM_OBJECTS
    if not isinstance(table, _Table | _Complete):
        object_registration.GLOBAL_CUSTOM_OBJECTS = _Table(table)


class _Complete(dict[str, Any]):
    """The table after its first reading, as fast as any dictionary."""


class _Table(dict[str, Any]):
    """Keras' table of registered classes; reading it imports ours."""

    complete = False

    def _completed(self) -> "_Table":
        with _lock:
            if not self.complete:
                self.complete = True  # the modules may read the table, too
                for module in _MODULES:
                    import_module(module)
                self.__class__ = _Complete  # type: ignore[assignment]
        return self

    def __contains__(self, name: object) -> bool:
        return dict.__contains__(self._completed(), name)

    def __getitem__(self, name: str) -> Any:
        return dict.__getitem__(self._completed(), name)

    def __iter__(self) -> Any:
        return dict.__iter__(self._completed())

    def get(self, name: str, default: Any = None) -> Any:
        return dict.get(self._completed(), name, default)

    def keys(self) -> Any:
        return dict.keys(self._completed())

    def values(self) -> Any:
        return dict.values(self._completed())

    def items(self) -> Any:
        return dict.items(self._completed())
